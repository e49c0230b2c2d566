"""What customers pay is in the owner's books in the same transaction: revenue, VAT, the bank's fee, and all that goes back."""

import datetime as dt

import pytest

from erp.domain import ledger, payments
from erp.domain.payments import books, chargebacks, settlements
from erp.domain.payments.invariants import bank_references_agree, books_follow_payments
from erp.domain.payments.rules import ordinary_vat_bps
from erp.kernel import clock
from erp.kernel.db import db, rows
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.transaction import transaction
from tests.payments.conftest import AMOUNT
from tests.payments.test_follow import current, opened
from tests.payments.test_refunds import ask, give_back, paid  # noqa: F401  # the fixture
from tests.support.trade import FEDOR, customer

VAT = 27_049
"""22/122 of 1,500.00, half-up."""
FEE = 3_750
"""2.5 % of 1,500.00."""


def held(*accounts):
    """What the owner's accounts hold, credits less debits."""
    found = {account: ledger.owner_balance(account, "RUB") for account in accounts or ledger.OWNER_KINDS}
    db.session.rollback()
    return {account: amount for account, amount in found.items() if amount}


def entries(kind):
    found = rows(
        """select d.kind, c.kind, e.amount, e.reference from entry e join account d on d.id = e.debit_account_id
           join account c on c.id = e.credit_account_id where e.kind = :kind order by e.transaction_id, e.line""",
        kind=kind,
    )
    db.session.rollback()
    return [tuple(found_row) for found_row in found]


def charge_back(payment, amount, number="R-1", verb=payments.record_chargeback):
    with transaction():
        now = clock.now()
        return verb(
            payment.reference, amount=amount, registry_number=number, happened_at=now, by=FEDOR, now=now
        )


def settle(amount, number="S-1"):
    with transaction():
        now = clock.now()
        return payments.record_settlement(amount, statement_number=number, settled_at=now, by=FEDOR, now=now)


def sound():
    found = [*books_follow_payments().bad, *bank_references_agree().bad]
    db.session.rollback()
    return found == []


@pytest.mark.parametrize(
    ("amount", "bps", "vat"),
    [(12_200, 2_200, 2_200), (AMOUNT, 2_200, VAT), (1, 2_200, 0), (999, 0, 0), (11, 1_000, 1)],
)
def test_the_vat_within_an_amount(amount, bps, vat):
    assert books.vat_within(amount, bps) == vat


@pytest.mark.parametrize("amount", [1, 7, 99_999, AMOUNT])
@pytest.mark.parametrize("parts", [(3, 3, 1), (1,) * 7, (5, 2)])
def test_all_parts_together_take_back_all_of_the_vat(amount, parts):
    returned = taken = 0
    for part in parts:
        before, returned = returned, returned + amount * part // sum(parts)
        taken += books.vat_returned(amount, 2_200, returned) - books.vat_returned(amount, 2_200, before)
    taken += books.vat_returned(amount, 2_200, amount) - books.vat_returned(amount, 2_200, returned)
    assert taken == books.vat_within(amount, 2_200)


def test_the_ordinary_rate_of_vat_is_that_of_the_day_in_moscow():
    last_of_2025 = dt.datetime(2025, 12, 31, 20, 59, tzinfo=dt.UTC)
    assert (ordinary_vat_bps(last_of_2025), ordinary_vat_bps(last_of_2025 + dt.timedelta(minutes=1))) == (
        2_000,
        2_200,
    )


def test_an_order_keeps_the_rate_it_was_placed_with(terms):
    buyer = customer()
    with transaction():
        given = {"amount": AMOUNT, "currency": "RUB", "description": "x", "by": FEDOR, "now": clock.now()}
        first = payments.place_order(buyer, external_id="reduced", vat_bps=500, **given)
        assert payments.place_order(buyer, external_id="reduced", vat_bps=500, **given) == first
        assert payments.place_order(buyer, external_id="reduced", **given) == first
    with pytest.raises(payments.OrderDiffers), transaction():
        payments.place_order(buyer, external_id="reduced", vat_bps=1_000, **given)
    with pytest.raises(Invalid) as refusal, transaction():
        payments.place_order(buyer, external_id="other", vat_bps=5_001, **given)
    assert list(refusal.value.fields) == ["vat_bps"]


def test_a_payment_is_revenue_vat_and_fee(paid):  # noqa: F811
    fact = f"{paid.provider_payment_id}:confirmed"
    assert entries("payment_received") == [
        ("clearing", "revenue", AMOUNT - VAT, fact),
        ("clearing", "vat", VAT, fact),
    ]
    assert entries("bank_fee") == [("fee", "clearing", FEE, fact)]
    assert held() == {"clearing": FEE - AMOUNT, "revenue": AMOUNT - VAT, "vat": VAT, "fee": -FEE}
    assert sound()


def test_following_it_again_books_nothing_twice(paid, edge):  # noqa: F811
    before = held()
    payments.follow_payment(paid.id, edge)
    assert held() == before


def test_a_payment_that_was_not_received_is_not_booked(order, edge):
    opened(order, edge)
    assert held() == {}
    assert sound()


def test_what_goes_back_in_parts_leaves_the_fee_alone(paid, edge):  # noqa: F811
    give_back(paid, 50_000, edge)
    assert held("revenue", "vat") == {"revenue": 100_000 - (VAT - 9_016), "vat": VAT - 9_016}
    assert sound()
    give_back(paid, 100_000, edge)
    assert held() == {"clearing": FEE, "fee": -FEE}
    assert sound()


def test_a_chargeback_mirrors_the_payment_and_its_reversal_restores_it(paid, work):  # noqa: F811
    whole = held()
    charge_back(paid, 60_000)
    assert entries("payment_charged_back") == [
        ("revenue", "clearing", 49_180, f"{paid.provider_payment_id}:chargeback:60000"),
        ("vat", "clearing", 10_820, f"{paid.provider_payment_id}:chargeback:60000"),
    ]
    assert sound()
    charge_back(paid, 60_000, "R-2", payments.reverse_chargeback)
    assert held() == whole
    assert sound()


def test_a_registry_row_counts_once(paid):  # noqa: F811
    charge_back(paid, 60_000)
    with pytest.raises(chargebacks.ChargebackKnown):
        charge_back(paid, 60_000)
    assert [found.amount for found in payments.chargebacks_of(paid.reference)] == [60_000]


def test_no_more_is_charged_back_than_is_left_nor_won_back_than_was_lost(paid, edge):  # noqa: F811
    give_back(paid, 100_000, edge)
    with pytest.raises(Invalid):
        charge_back(paid, 50_001)
    with pytest.raises(Invalid):
        charge_back(paid, 1, verb=payments.reverse_chargeback)
    charge_back(paid, 50_000)
    with pytest.raises(Invalid):
        ask(paid, 1)
    with pytest.raises(Invalid):
        charge_back(paid, 50_001, "R-2", payments.reverse_chargeback)


def test_a_settlement_moves_what_the_acquirer_held(paid):  # noqa: F811
    reference = settle(AMOUNT - FEE)
    assert entries("settlement") == [("bank", "clearing", AMOUNT - FEE, reference)]
    assert held("clearing", "bank") == {"bank": FEE - AMOUNT}
    assert sound()


def test_a_settlement_needs_evidence_that_is_new_and_money_that_is_there(paid):  # noqa: F811
    with pytest.raises(Invalid) as refusal:
        settle(AMOUNT, " ")
    assert set(refusal.value.fields) == {"amount", "statement_number"}
    settle(1_000)
    with pytest.raises(settlements.SettlementKnown):
        settle(1_000)
    with pytest.raises(Invalid):
        settle(AMOUNT - FEE - 999, "S-2")


def test_a_settlement_written_down_by_mistake_is_mirrored(paid):  # noqa: F811
    reference = settle(1_000)
    with transaction():
        payments.void_settlement(reference, reason="Another company's", by=FEDOR, now=clock.now())
    assert held("bank") == {}
    assert sound()
    with pytest.raises(settlements.SettlementVoided), transaction():
        payments.void_settlement(reference, reason="again", by=FEDOR, now=clock.now())
    with pytest.raises(NotFound), transaction():
        payments.void_settlement("STL-NONE", reason="none", by=FEDOR, now=clock.now())
    settle(1_000)  # the number of the statement is free again


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("update entry set amount = amount + 1 where kind = 'bank_fee'", "PAY-"),
        ("update payment set charged_back = charged_back + 1", "PAY-"),
        ("update settlement set amount = amount + 1", "STL-"),
        ("update customer_order set vat_bps = 0", "PAY-"),
        ("delete from entry where kind = 'payment_charged_back'", "PAY-"),
        ("update entry set reference = '1:confirmed' where kind = 'bank_fee'", "entries of 1"),
    ],
)
def test_damage_is_named(paid, superuser, damage, named):  # noqa: F811
    charge_back(paid, 60_000)
    settle(1_000)
    assert sound()
    superuser.execute("set session_replication_role = replica")
    superuser.execute(damage)
    assert any(found.startswith(named) for found in books_follow_payments().bad)


def test_two_orders_of_two_rates_stand_side_by_side(order, edge, bank):
    buyer = customer("customer-2")
    with transaction():
        second = payments.place_order(
            buyer,
            amount=20_000,
            currency="RUB",
            description="Books",
            external_id="order-2",
            vat_bps=1_000,
            by=FEDOR,
            now=clock.now(),
        )
    for one in (order, second):
        payment = opened(one, edge)
        bank.pay(payment.provider_payment_id)
        payments.follow_payment(payment.id, edge)
    assert current(second).status == "CONFIRMED"
    assert held("vat") == {"vat": VAT + 1_818}
    assert sound()
