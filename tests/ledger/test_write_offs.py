"""A debt is given up by two people, for no more than is owed, and only once."""

import datetime as dt
import threading
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from erp.domain import ledger
from erp.domain.ledger import Line, invariants, write_offs
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.db import db, rows
from erp.kernel.errors import Invalid, SamePerson
from erp.kernel.transaction import transaction

FEDOR, GALINA = Actor("staff", str(uuid4())), Actor("staff", str(uuid4()))
AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def debtor(context: None) -> UUID:
    """An agent who owes 120.00: what was paid out was taken back since."""
    agent_id = uuid4()
    with transaction():
        ledger.post([Line("reversal", "one", agent_id, "available", "expense", 12_000, "RUB", AT)], by=FEDOR)
    return agent_id


def ask(
    agent_id: UUID, amount: int = 12_000, *, reason: str = "uncollectable", note: str = "Asked thrice"
) -> str:
    with transaction():
        return ledger.ask_write_off(
            agent_id, amount=amount, currency="RUB", reason=reason, note=note, by=FEDOR, now=clock.now()
        )


def approve(reference: str, by: Actor = GALINA) -> None:
    with transaction():
        ledger.approve_write_off(reference, by=by, now=clock.now())


def test_a_debt_is_written_off(debtor: UUID) -> None:
    reference = ask(debtor, 5_000)
    assert ledger.debt_of(debtor, "RUB") == 12_000
    approve(reference)
    assert ledger.debt_of(debtor, "RUB") == 7_000
    assert ledger.owner_balance("bad_debt", "RUB") == -5_000
    found = ledger.find_write_off(reference)
    assert (found.state, found.decided_by) == ("approved", str(GALINA))
    assert invariants.balances_are_sums().bad == []
    assert [action for (action,) in rows("select action from audit_entry order by id")] == [
        "write_off.asked",
        "write_off.approved",
    ]


def test_who_asked_does_not_approve(debtor: UUID) -> None:
    reference = ask(debtor)
    with pytest.raises(SamePerson):
        approve(reference, FEDOR)
    assert ledger.debt_of(debtor, "RUB") == 12_000


def test_the_database_knows_two_people_too(debtor: UUID, superuser: psycopg.Connection) -> None:
    ask(debtor)
    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        superuser.execute(
            "update write_off set state = 'approved', decided_by = asked_by, decided_at = now(), transaction_id = 1"
        )
    assert refusal.value.diag.constraint_name == "write_off_two_people_check"


def test_a_refusal_says_why_and_leaves_the_debt(debtor: UUID) -> None:
    reference = ask(debtor)
    with pytest.raises(Invalid), transaction():
        ledger.refuse_write_off(reference, note=" ", by=GALINA, now=clock.now())
    with transaction():
        ledger.refuse_write_off(reference, note="He pays in May", by=GALINA, now=clock.now())
    assert ledger.debt_of(debtor, "RUB") == 12_000
    with pytest.raises(write_offs.WriteOffDecided):
        approve(reference)
    ask(debtor)


def test_one_at_a_time(debtor: UUID) -> None:
    ask(debtor)
    with pytest.raises(write_offs.WriteOffOpen):
        ask(debtor)


def test_nothing_owed_nothing_to_write_off(context: None) -> None:
    with pytest.raises(write_offs.NoDebt):
        ask(uuid4())


def test_what_is_asked_must_make_sense(debtor: UUID) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(debtor, 12_001, reason="because", note="")
    assert set(refusal.value.fields) == {"amount", "reason", "note"}


def test_a_debt_that_was_repaid_meanwhile_is_not_written_off(debtor: UUID) -> None:
    reference = ask(debtor)
    with transaction():
        lines = [
            Line("accrual", "two", debtor, "expense", "pending", 9_000, "RUB", AT),
            Line("maturity", "two", debtor, "pending", "available", 9_000, "RUB", AT),
        ]
        ledger.post(lines, by=FEDOR)
    with pytest.raises(write_offs.DebtHasShrunk, match="30"):
        approve(reference)
    assert ledger.balances([debtor], "RUB")[debtor]["available"] == -3_000


def test_approved_by_two_at_once_it_is_booked_once(app: Flask, debtor: UUID) -> None:
    reference = ask(debtor)
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def press() -> None:
        with app.app_context():
            together.wait()
            try:
                approve(reference)
                outcomes.append("approved")
            except write_offs.WriteOffDecided:
                outcomes.append("decided")
            db.session.remove()

    presses = [threading.Thread(target=press) for _ in range(2)]
    for one in presses:
        one.start()
    for one in presses:
        one.join(30)
    assert sorted(outcomes) == ["approved", "decided"]
    assert ledger.owner_balance("bad_debt", "RUB") == -12_000


@pytest.mark.parametrize(
    "damage",
    [
        "update write_off set amount = amount - 1",
        "update write_off set transaction_id = transaction_id + 1",
        "delete from write_off",
        "update entry set reference = 'WOF-NONE' where kind = 'write_off'",
    ],
)
def test_damage_is_named(debtor: UUID, superuser: psycopg.Connection, damage: str) -> None:
    approve(ask(debtor))
    superuser.execute("set session_replication_role = replica")
    superuser.execute(damage)
    assert any("written off" in found for found in invariants.balances_are_sums().bad)
