"""What must hold of payouts, and that damage is named."""

import pytest

from erp.domain.payouts.invariants import bank_references_agree, payouts_are_whole
from erp.kernel.db import db
from tests.payouts.conftest import now_is
from tests.payouts.test_execute import run_to_the_end

DAMAGE = {
    "update payout_line set amount = amount - 1": "lines do not sum",
    "update payout set agent_id = gen_random_uuid()": "another agent",
    "update payout_attempt set state = 'rejected'": "not under exactly one key",
    "update payout set state = 'unknown', paid_at = null": "a key was paid",
    "update payout set state = 'returned'": "the books hold",
    "update payout set amount = amount + 1": "the books hold",
    "update payout_line set amount = amount * 2": "payouts take",
}


@pytest.fixture
def paid(approved, edge):
    return run_to_the_end(approved, edge)


def test_healthy_payouts_are_proven(paid):
    for finding in (payouts_are_whole(), bank_references_agree()):
        assert (finding.examined, list(finding.bad)) == (1, [])


def test_payouts_on_their_way_are_healthy_too(approved, edge):
    assert list(payouts_are_whole().bad) == []
    assert now_is(approved).state == "approved"


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named(paid, superuser, damage):
    db.session.rollback()
    superuser.execute("set session_replication_role = replica")
    superuser.execute(damage)
    found = payouts_are_whole().bad
    assert any(DAMAGE[damage] in line for line in found), found


def test_a_payment_without_the_banks_number_is_named(paid, superuser):
    db.session.rollback()
    superuser.execute("set session_replication_role = replica")
    superuser.execute("update payout_attempt set provider_payment_id = null")
    assert bank_references_agree().bad == [f"{paid.reference}-1: sent, but we have no bank id"]
