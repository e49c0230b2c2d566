"""What must hold of payments, and that damage is named."""

import pytest

from erp.domain.payments.invariants import bank_references_agree
from erp.kernel.db import db
from tests.payments.test_follow import opened
from tests.payments.test_refunds import give_back, paid  # noqa: F401  # the fixture

DAMAGE = {
    "update payment set refunded_total = 49999": "refunded total",
    "update payment set amount = amount + 1": "another amount",
    "update payment set provider_payment_id = '1'": "no event",
    "update payment set provider_payment_id = null": "no bank id",
    "update payment set confirmed_at = null, refunded_total = 0": "not received",
}


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


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named(refunded, superuser, damage):
    db.session.rollback()
    superuser.execute("set session_replication_role = replica")
    superuser.execute(damage)
    found = bank_references_agree().bad
    assert any(refunded.reference in line and DAMAGE[damage] in line for line in found), found


def test_another_terminal_is_named(refunded, superuser):
    db.session.rollback()
    superuser.execute("set session_replication_role = replica")
    superuser.execute(
        """insert into payment (id, reference, order_id, is_current, terminal_key, bank_order_id, amount, currency,
                                status, created_at)
           select gen_random_uuid(), 'PAY-X', order_id, false, 'Another', 'PAY-X', 1, 'RUB', 'refused', now()
           from payment"""
    )
    assert list(bank_references_agree().bad) == ["PAY-X: of terminal Another, not TinkoffBankTest"]
