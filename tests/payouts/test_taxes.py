"""What is kept back from a payout for the state, and what the owner pays on top, follow it through bank and books."""

import pytest

from erp.domain import ledger, payouts
from erp.domain.payouts import actions, taxes
from erp.domain.payouts.invariants import payouts_are_whole
from erp.domain.payouts.taxes import Rates, Taxes
from erp.kernel import clock
from erp.kernel.db import db, rows
from erp.kernel.transaction import transaction
from tests.payouts.conftest import approve, prepare
from tests.payouts.test_execute import run_to_the_end
from tests.support.trade import FEDOR, balance

NDFL = {"person": Rates(withheld_bps=1_300, contributions_bps=3_000)}


@pytest.mark.parametrize(
    ("amount", "taxed"),
    [
        (50_000, Taxes(6_500, 15_000)),
        (50_300, Taxes(6_500, 15_090)),
        (50_385, Taxes(6_600, 15_116)),
        (1, Taxes(0, 0)),
    ],
)
def test_tax_is_counted_in_whole_roubles(amount, taxed):
    assert taxes.taxes_of("person", amount, NDFL) == taxed


def test_from_those_whom_the_bank_pays_today_nothing_is_kept_back():
    assert set(taxes.RATES) == {"person", "organisation", "customer", "sales_rep"}
    assert {taxes.taxes_of(kind, 50_000) for kind in taxes.RATES} == {Taxes(0, 0)}


@pytest.fixture
def taxed(ivan, monkeypatch):
    """The id of Ivan's payout of 500.00, of which 65.00 are kept back and on which 150.00 are owed, approved."""
    monkeypatch.setattr(actions, "taxes_of", lambda kind, amount: taxes.taxes_of(kind, amount, NDFL))
    return approve(prepare()).id


def owners():
    found = {account: ledger.owner_balance(account, "RUB") for account in ("bank", *BOOKED)}
    db.session.rollback()
    return found


BOOKED = ("tax_withheld", "contributions", "payable")


def test_the_bank_transfers_the_rest(ivan, taxed, edge, bank):
    payout = run_to_the_end(taxed, edge)
    assert payout.state == "paid"
    (sent,) = bank.operations(f"{payout.reference}-1")["payouts"]
    assert sent["amount"] == 43_500
    assert balance(ivan) == {}
    assert owners() == {"bank": 43_500, "tax_withheld": 6_500, "contributions": -15_000, "payable": 15_000}
    assert payouts_are_whole().bad == []


def test_it_is_one_transaction_and_one_for_the_contributions(taxed, edge):
    run_to_the_end(taxed, edge)
    found = rows(
        """select kind, count(*) as lines, sum(amount)::int as amount from entry
           where kind in ('payout_paid', 'contributions') group by transaction_id, kind order by kind"""
    )
    assert [tuple(one) for one in found] == [("contributions", 1, 15_000), ("payout_paid", 2, 50_000)]


def test_one_that_comes_back_is_mirrored_exactly(ivan, taxed, edge):
    payout = run_to_the_end(taxed, edge)
    with transaction():
        payouts.take_back(payout.reference, note="Statement", by=FEDOR, now=clock.now())
    assert balance(ivan) == {"available": 50_000}
    assert owners() == dict.fromkeys(("bank", *BOOKED), 0)
    assert payouts_are_whole().bad == []


def test_books_that_differ_are_named(taxed, edge, superuser):
    payout = run_to_the_end(taxed, edge)
    superuser.execute("set session_replication_role = replica")
    for column in ("tax_withheld", "contributions"):
        superuser.execute(f"update payout set {column} = {column} + 1")
        assert any(payout.reference in found for found in payouts_are_whole().bad)
        superuser.execute(f"update payout set {column} = {column} - 1")
