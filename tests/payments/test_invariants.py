"""What must hold of payments, and that damage is named."""

import pytest

from erp.domain.payments.invariants import bank_references_agree
from erp.kernel.db import db
from tests.payments.test_follow import opened
from tests.payments.test_refunds import give_back, paid  # noqa: F401  # the fixture

DAMAGE = [
    ("refunded_total = 49999", "refunded_total = 50000", "refunded total"),
    ("amount = amount + 1", "amount = amount - 1", "another amount"),
    (
        "provider_payment_id = '1' || provider_payment_id",
        "provider_payment_id = substr(provider_payment_id, 2)",
        "no event",
    ),
    (
        "confirmed_at = null, refunded_total = 0",
        "confirmed_at = checked_at, refunded_total = 50000",
        "not received",
    ),
]
"""What to damage, how to mend it, and what is said of it meanwhile."""


@pytest.fixture
def refunded(paid, edge):  # noqa: F811
    give_back(paid, 50_000, edge)
    return paid


def test_healthy_payments_are_proven(refunded):
    finding = bank_references_agree()
    assert (finding.number, finding.examined, list(finding.bad)) == (9, 1, [])


def test_a_payment_nobody_made_yet_is_healthy_too(order, edge):
    opened(order, edge)
    finding = bank_references_agree()
    assert (finding.examined, list(finding.bad)) == (1, [])


def test_damage_is_named_and_its_mending_is_seen(refunded, superuser):
    superuser.execute("set session_replication_role = replica")
    for damage, mending, said in DAMAGE:
        superuser.execute(f"update payment set {damage}")
        found = proven_anew()
        assert any(refunded.reference in line and said in line for line in found), (damage, found)
        superuser.execute(f"update payment set {mending}")
        assert proven_anew() == []


def proven_anew():
    db.session.rollback()
    return list(bank_references_agree().bad)


def test_a_payment_without_the_banks_number_is_named(refunded, superuser):
    superuser.execute("set session_replication_role = replica")
    superuser.execute("update payment set provider_payment_id = null")
    assert any("no bank id" in line for line in proven_anew())


def test_another_terminal_is_named(refunded, superuser):
    db.session.rollback()
    superuser.execute("set session_replication_role = replica")
    superuser.execute(
        """insert into payment (id, reference, order_id, is_current, terminal_key, bank_order_id, amount, currency,
                                status, created_at, fee_bps)
           select gen_random_uuid(), 'PAY-X', order_id, false, 'Another', 'PAY-X', 1, 'RUB', 'refused', now(), 0
           from payment"""
    )
    assert list(bank_references_agree().bad) == ["PAY-X: of terminal Another, not TinkoffBankTest"]
