"""A closed month stays as it was closed: for the verbs, for raw SQL of either role, and in a race."""

import datetime as dt
import os
import threading
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest

from erp.domain import ledger
from erp.domain.ledger import Line, invariants, periods
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.db import rows
from erp.kernel.errors import SamePerson
from erp.kernel.transaction import transaction

FEDOR, GALINA = Actor("staff", str(uuid4())), Actor("staff", str(uuid4()))
MAY = dt.date(2026, 5, 1)
JUNE = dt.date(2026, 6, 1)


def begin_at(moment: dt.datetime) -> None:
    with transaction():
        clock.start(moment, by=FEDOR)


def wait_until(moment: dt.datetime) -> None:
    with transaction():
        clock.move(moment, by=FEDOR)


@pytest.fixture
def agent(context: None) -> UUID:
    """An agent who earned 150.00 on 20 May, by the owner's calendar."""
    begin_at(dt.datetime(2026, 5, 20, 9, tzinfo=dt.UTC))
    agent_id = uuid4()
    earn(agent_id, 15_000)
    return agent_id


def earn(agent_id: UUID, amount: int, fact: str = "fact") -> None:
    with transaction():
        at = dt.datetime(2026, 5, 20, tzinfo=dt.UTC)
        ledger.post([Line("accrual", fact, agent_id, "expense", "pending", amount, "RUB", at)], by=FEDOR)


def close(month: dt.date) -> None:
    with transaction():
        closing_id = ledger.propose_closing(month, note="all seen", by=FEDOR, now=clock.now())
    with transaction():
        ledger.approve_closing(closing_id, by=GALINA, now=clock.now())


@pytest.fixture
def closed(agent: UUID) -> UUID:
    """May is closed; it is the first hour of June in Moscow."""
    wait_until(periods.bounds(MAY)[1] + dt.timedelta(seconds=1))
    close(MAY)
    return agent


@pytest.fixture(params=["DATABASE_URL", "DATABASE_OWNER_URL"], ids=["as the application", "as the owner"])
def role(request: pytest.FixtureRequest, database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ[request.param]) as connection:
        yield connection
        connection.rollback()


def test_a_month_ends_by_the_owners_calendar() -> None:
    assert periods.bounds(MAY) == (
        dt.datetime(2026, 4, 30, 21, tzinfo=dt.UTC),
        dt.datetime(2026, 5, 31, 21, tzinfo=dt.UTC),
    )
    assert periods.month_of(dt.datetime(2026, 5, 31, 21, tzinfo=dt.UTC)) == JUNE
    assert periods.bounds(dt.date(2026, 12, 1))[1] == dt.datetime(2026, 12, 31, 21, tzinfo=dt.UTC)


def test_nothing_booked_nothing_to_close(context: None) -> None:
    with pytest.raises(periods.NothingToClose), transaction():
        ledger.propose_closing(MAY, by=FEDOR, now=clock.now())


def test_a_month_that_runs_is_not_closed(agent: UUID) -> None:
    with pytest.raises(periods.PeriodNotOver), transaction():
        ledger.propose_closing(MAY, by=FEDOR, now=clock.now())


def test_months_are_closed_one_after_another(agent: UUID) -> None:
    wait_until(dt.datetime(2026, 8, 1, tzinfo=dt.UTC))
    with pytest.raises(periods.PeriodNotNext, match="2026-05"), transaction():
        ledger.propose_closing(JUNE, by=FEDOR, now=clock.now())
    close(MAY)
    close(JUNE)
    assert [period.month for period in ledger.closed_periods()] == [JUNE, MAY]


def test_closing_takes_two_people(agent: UUID) -> None:
    wait_until(periods.bounds(MAY)[1])
    with transaction():
        closing_id = ledger.propose_closing(MAY, by=FEDOR, now=clock.now())
    with pytest.raises(periods.ClosingStands), transaction():
        ledger.propose_closing(MAY, by=GALINA, now=clock.now())
    with pytest.raises(SamePerson), transaction():
        ledger.approve_closing(closing_id, by=FEDOR, now=clock.now())
    assert ledger.closed_periods() == []


def test_a_withdrawn_proposal_closes_nothing(agent: UUID) -> None:
    wait_until(periods.bounds(MAY)[1])
    with transaction():
        closing_id = ledger.propose_closing(MAY, by=FEDOR, now=clock.now())
        ledger.withdraw_closing(closing_id, by=FEDOR, now=clock.now())
    with pytest.raises(periods.ClosingEnded), transaction():
        ledger.approve_closing(closing_id, by=GALINA, now=clock.now())
    with transaction():
        ledger.propose_closing(MAY, by=GALINA, now=clock.now())
    assert [bool(one.withdrawn_at) for one in ledger.closings_of(MAY)] == [False, True]


def test_a_month_is_kept_with_its_trial_balance(closed: UUID) -> None:
    assert [tuple(line) for line in ledger.closing_balances(MAY)] == [
        ("expense", "RUB", 0, 15_000, 0, -15_000),
        ("pending", "RUB", 0, 0, 15_000, 15_000),
    ]
    earn(closed, 5_000, "another")
    wait_until(periods.bounds(JUNE)[1])
    close(JUNE)
    assert [tuple(line) for line in ledger.closing_balances(JUNE)] == [
        ("expense", "RUB", -15_000, 5_000, 0, -20_000),
        ("pending", "RUB", 15_000, 0, 5_000, 20_000),
    ]
    assert invariants.balances_are_sums().bad == []


def test_what_comes_late_is_booked_into_the_open_month_and_keeps_its_own_date(closed: UUID) -> None:
    earn(closed, 700, "late")
    (late,) = rows("select occurred_at, booked_at from entry where reference = 'late'")
    assert periods.month_of(late.occurred_at) == MAY
    assert periods.month_of(late.booked_at) == JUNE


BACKDATED = """
    with added as (insert into entry select 9000, 1, kind, reference, agent_id, debit_account_id, credit_account_id,
        amount, currency, occurred_at, (select ends_at - interval '1 second' from period), actor, null, null,
        (select seq + 1 from account where id = credit_account_id),
        (select balance from account where id = credit_account_id) + amount from entry where kind = 'accrual' limit 1
        returning credit_account_id, amount)
    update account a set seq = seq + 1, balance = balance + added.amount from added where a.id = credit_account_id"""
REFUSED: dict[str, tuple[str, str]] = {
    "an entry into a closed month": (BACKDATED, "entry_period"),
    "a closed month changed": ("update period set month = month", "append-only"),
    "a closed month opened again": ("delete from period", "append-only"),
    "all closed months opened again": ("truncate period cascade", "append-only"),
    "a closing balance changed": ("update period_balance set closing = closing", "append-only"),
    "a closing balance removed": ("delete from period_balance", "append-only"),
    "closing balances truncated": ("truncate period_balance", "append-only"),
    "a month closed that is not over": (
        """insert into period select month + interval '1 month', ends_at, ends_at + interval '30 days', closing_id,
           closed_at from period""",
        "period_over",
    ),
    "a month closed that does not follow": (
        """insert into period select month - interval '1 month', starts_at - interval '30 days', starts_at, closing_id,
           closed_at from period""",
        "period_follows",
    ),
    "one who approves their own proposal": (
        "update period_closing set approved_by = proposed_by",
        "period_closing_two_people_check",
    ),
}


@pytest.mark.parametrize("attack", REFUSED)
def test_raw_sql_does_not_bend_it(closed: UUID, role: psycopg.Connection, attack: str) -> None:
    sql, why = REFUSED[attack]
    with pytest.raises(psycopg.Error) as refusal:
        role.execute(sql)
    if role.info.user == "ref_app" and (why in ("append-only", "entry_period")):
        assert isinstance(refusal.value, psycopg.errors.InsufficientPrivilege)
    elif why == "append-only":
        assert isinstance(refusal.value, psycopg.errors.RestrictViolation)
    else:
        assert refusal.value.diag.constraint_name == why


def test_raw_sql_does_not_close_what_nobody_approved(agent: UUID, role: psycopg.Connection) -> None:
    begins, ends = periods.bounds(MAY)
    wait_until(ends)
    with transaction():
        closing_id = ledger.propose_closing(MAY, by=FEDOR, now=clock.now())
    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        role.execute("insert into period values (%s, %s, %s, %s, ref_now())", (MAY, begins, ends, closing_id))
    assert refusal.value.diag.constraint_name == "period_approved"


def test_the_application_posts_into_no_closed_month_through_its_function(closed: UUID) -> None:
    """The front door sets the booked time itself, so that nobody can name another."""
    earn(closed, 1, "now")
    (booked_at,) = rows("select booked_at from entry where reference = 'now'")[0]
    assert booked_at >= ledger.open_since()


def test_an_older_snapshot_does_not_book_past_the_closing(agent: UUID, superuser: psycopg.Connection) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute("set transaction isolation level repeatable read")
        owner.execute("select count(*) from period")
        wait_until(periods.bounds(MAY)[1] + dt.timedelta(seconds=1))
        close(MAY)
        with pytest.raises(psycopg.errors.CheckViolation) as refusal:
            owner.execute(
                BACKDATED.replace("(select ends_at - interval '1 second' from period)", "ref_now()")
            )
        assert refusal.value.diag.constraint_name == "entry_isolation"


def test_the_closing_waits_for_a_writer_who_has_begun(agent: UUID) -> None:
    """Booked a moment before the month ended, committed a moment after: the closing waits and counts it."""
    wait_until(periods.bounds(MAY)[1] - dt.timedelta(milliseconds=400))
    other = uuid4()
    with psycopg.connect(os.environ["DATABASE_URL"]) as writer:
        writer.execute(
            """select * from ledger_post(array[row(1, 'accrual', 'in time', %s, 'expense', 'pending', 400, 'RUB',
                 '2026-05-31')::ledger_line], 'system:test')""",
            (other,),
        )
        while clock.now() < periods.bounds(MAY)[1]:
            time.sleep(0.05)
        with transaction():
            closing_id = ledger.propose_closing(MAY, by=FEDOR, now=clock.now())
        closer = threading.Thread(target=_approve, args=(closing_id,))
        closer.start()
        _wait_for_a_lock()
        assert rows("select 1 from period") == []
        writer.commit()
        closer.join(30)
    balances = {line.kind: line.balance for line in ledger.closing_balances(MAY)}
    assert balances == {"expense": -15_400, "pending": 15_400}
    (booked_at,) = rows("select booked_at from entry where reference = 'in time'")[0]
    assert periods.month_of(booked_at) == MAY
    assert invariants.balances_are_sums().bad == []


def _approve(closing_id: UUID) -> None:
    """As another process would: on a connection of its own."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        begins, ends = periods.bounds(MAY)
        connection.execute(
            "update period_closing set approved_by = 'staff:galina', approved_at = ref_now() where id = %s",
            (closing_id,),
        )
        connection.execute(
            """insert into audit_entry (xact, action, subject_type, subject_id, actor_kind, actor_id, at)
               values (pg_current_xact_id()::text::bigint, 'period.closed', 'period_closing', %s, 'staff', 'galina',
                       ref_now())""",
            (str(closing_id),),
        )
        connection.execute(
            "insert into period values (%s, %s, %s, %s, ref_now())", (MAY, begins, ends, closing_id)
        )


def _wait_for_a_lock() -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as looker:
        for _ in range(200):
            if looker.execute("select 1 from pg_locks where not granted").fetchall():
                return
            time.sleep(0.05)
    raise AssertionError("the closing waits for nobody")


def test_a_writer_who_was_kept_waiting_finds_the_month_closed(agent: UUID) -> None:
    """Its moment was before the end; the closing came first; it is refused and not booked into the closed month."""
    wait_until(periods.bounds(MAY)[1] + dt.timedelta(milliseconds=100))
    with transaction():
        closing_id = ledger.propose_closing(MAY, by=FEDOR, now=clock.now())
    refused: list[psycopg.Error] = []

    def write() -> None:
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as writer:
            try:
                writer.execute(
                    BACKDATED.replace("(select ends_at - interval '1 second' from period)", "%s"),
                    (periods.bounds(MAY)[1] - dt.timedelta(milliseconds=1),),
                )
            except psycopg.Error as refusal:
                refused.append(refusal)

    with transaction():
        ledger.approve_closing(closing_id, by=GALINA, now=clock.now())
        late = threading.Thread(target=write)
        late.start()
        _wait_for_a_lock()
    late.join(30)
    assert [refusal.diag.constraint_name for refusal in refused] == ["entry_period"]


def test_damage_to_a_closed_month_is_named(closed: UUID, superuser: psycopg.Connection) -> None:
    superuser.execute("set session_replication_role = replica")
    superuser.execute(
        "update period_balance set closing = closing + 1, credit = credit + 1 where kind = 'expense'"
    )
    assert any(found.startswith("period 2026-05: expense") for found in invariants.balances_are_sums().bad)
