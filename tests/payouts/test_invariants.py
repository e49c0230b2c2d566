"""What must hold of payouts, and that damage is named."""

import pytest

from erp.domain.payouts.invariants import bank_references_agree, payouts_are_whole
from erp.kernel.db import db
from tests.payouts.conftest import now_is
from tests.payouts.test_execute import run_to_the_end

DAMAGE = [
    (
        "update payout_line set amount = amount - 1",
        "update payout_line set amount = amount + 1",
        "lines do not sum",
    ),
    (
        "update payout set agent_id = gen_random_uuid()",
        "update payout set agent_id = (select min(agent_id::text)::uuid from commission)",
        "another agent",
    ),
    (
        "update payout_attempt set state = 'rejected'",
        "update payout_attempt set state = 'paid'",
        "not under exactly one key",
    ),
    (
        "update payout set state = 'unknown', paid_at = null",
        "update payout set state = 'paid', paid_at = state_at",
        "a key was paid",
    ),
    ("update payout set state = 'returned'", "update payout set state = 'paid'", "the books hold"),
    ("update payout set amount = amount + 1", "update payout set amount = amount - 1", "the books hold"),
    (
        "update payout_line set amount = amount * 2",
        "update payout_line set amount = amount / 2",
        "payouts take",
    ),
]
"""What to damage, how to mend it, and what is said of it meanwhile."""


@pytest.fixture
def paid(approved, edge):
    return run_to_the_end(approved, edge)


def test_healthy_payouts_are_proven(paid):
    for finding in (payouts_are_whole(), bank_references_agree()):
        assert (finding.examined, list(finding.bad)) == (1, [])


def test_payouts_on_their_way_are_healthy_too(approved, edge):
    assert list(payouts_are_whole().bad) == []
    assert now_is(approved).state == "approved"


def test_damage_is_named_and_its_mending_is_seen(paid, superuser):
    superuser.execute("set session_replication_role = replica")
    for damage, mending, said in DAMAGE:
        superuser.execute(damage)
        found = proven_anew()
        assert any(said in line for line in found), (damage, found)
        superuser.execute(mending)
        assert proven_anew() == []


def proven_anew():
    db.session.rollback()
    return list(payouts_are_whole().bad)


def test_a_payment_without_the_banks_number_is_named(paid, superuser):
    db.session.rollback()
    superuser.execute("set session_replication_role = replica")
    superuser.execute("update payout_attempt set provider_payment_id = null")
    assert bank_references_agree().bad == [f"{paid.reference}-1: sent, but we have no bank id"]
