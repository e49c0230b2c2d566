"""Statements that share a round trip mean what they mean alone."""

import contextlib
import datetime as dt
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import redis as redis_client
import sqlalchemy as sa
from rq import Queue

from erp.kernel import outbox
from erp.kernel.db import db, execute, rows_for_many, scalar, together, violated
from erp.kernel.outbox import OutboxRow
from erp.kernel.transaction import transaction
from tests.support import cluster

JOB = "tests.kernel.test_outbox.note"
WRITE = "insert into outbox (job, subject) values ('none', :subject) returning subject"
WRITE_MANY = "insert into outbox (job, subject) select 'none', unnest(cast(:subjects as text[]))"
FIRST_STATEMENTS: dict[str, Callable[[], Any]] = {
    "one statement": lambda: execute(WRITE, subject="a"),
    "several together": lambda: together((WRITE, {"subject": "a"}), ("select 1", {})),
    "one of many things": lambda: rows_for_many(WRITE_MANY, subjects=["a"]),
    "an object": lambda: db.session.add(OutboxRow(job="none", subject="a")),
}


def fail_after(deed: Callable[[], Any]) -> None:
    with transaction():
        deed()
        db.session.flush()
        raise ZeroDivisionError


@pytest.mark.parametrize("way", FIRST_STATEMENTS)
def test_a_transaction_opens_whatever_its_first_statement_is(context: None, way: str) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_after(FIRST_STATEMENTS[way])
    assert scalar("select count(*) from outbox") == 0
    with transaction():
        FIRST_STATEMENTS[way]()
    assert scalar("select count(*) from outbox where subject = 'a'") == 1


def test_after_a_transaction_without_statements_nothing_can_be_written(context: None) -> None:
    with transaction():
        pass
    with pytest.raises(sa.exc.InternalError, match="read-only"):
        execute(WRITE, subject="a")
    db.session.rollback()
    with pytest.raises(sa.exc.InternalError, match="read-only"):
        together((WRITE, {"subject": "a"}))


def test_what_is_sent_together_is_answered_in_order(context: None) -> None:
    with transaction():
        answers = together((WRITE, {"subject": "a"}), ("select 1 where false", {}), (WRITE, {"subject": "b"}))
    assert answers == [[("a",)], [], [("b",)]]


def test_a_statement_sees_what_was_committed_while_the_one_before_it_waited(
    context: None, database: str, superuser: psycopg.Connection
) -> None:
    with transaction():
        execute(WRITE, subject="a")
    holder = cluster.superuser(database)
    holder.autocommit = False
    holder.execute("select 1 from outbox where subject = 'a' for update")
    holder.execute("insert into outbox (job, subject) values ('none', 'b')")

    def commit_when_somebody_waits() -> None:
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        while superuser.execute(waiting).fetchone() == (0,):
            time.sleep(0.01)
        holder.commit()

    with ThreadPoolExecutor() as others, holder:
        others.submit(commit_when_somebody_waits)
        with transaction():
            _, counted = together(
                ("select 1 from outbox where subject = 'a' for update", {}),
                ("select count(*) from outbox", {}),
            )
    assert counted == [(2,)]


def test_a_refusal_names_its_constraint_and_undoes_everything(context: None) -> None:
    def clash() -> None:
        together(
            (WRITE, {"subject": "a"}), (KEY, {"key": "k"}), (KEY, {"key": "k"}), (WRITE, {"subject": "b"})
        )

    with pytest.raises(sa.exc.IntegrityError) as refusal:
        fail_after(clash)
    assert violated(refusal.value) == "idempotent_request_pkey"
    assert scalar("select count(*) from outbox") == 0
    with transaction():
        together((WRITE, {"subject": "c"}))
    assert scalar("select count(*) from outbox") == 1


KEY = "insert into idempotent_request (caller, key, request_hash) values ('me', :key, '')"


def test_news_does_not_leave_when_the_commit_is_refused(
    context: None, redis: redis_client.Redis, superuser: psycopg.Connection
) -> None:
    superuser.execute(
        """create function refuse() returns trigger language plpgsql as
             $$ begin raise exception 'no' using errcode = 'restrict_violation'; end $$;
           create constraint trigger refuses after insert on outbox deferrable initially deferred
             for each row execute function refuse()"""
    )

    def tell() -> None:
        with transaction():
            outbox.enqueue(JOB, 1)

    with pytest.raises(sa.exc.IntegrityError, match="no"):
        tell()
    outbox.handed_over()
    assert Queue(outbox.QUEUE, connection=redis).jobs == []
    superuser.execute("drop trigger refuses on outbox")
    with transaction():
        outbox.enqueue(JOB, 2)
    assert scalar("select string_agg(subject, ',') from outbox") == "2"


def test_a_server_that_went_away_is_a_failure_once(context: None, superuser: psycopg.Connection) -> None:
    def lose_the_server() -> None:
        outbox.enqueue(JOB, 1)
        (pid,) = together(("select pg_backend_pid()", {}))[0][0]
        superuser.execute("select pg_terminate_backend(%s, 5000)", [pid])
        together((WRITE, {"subject": "a"}))

    with pytest.raises(sa.exc.OperationalError):
        fail_after(lose_the_server)
    with transaction():
        together((WRITE, {"subject": "b"}))
    assert scalar("select string_agg(subject, ',') from outbox") == "b"


PREPARED = "select count(*) from pg_prepared_statements where starts_with(name, 'ref_')"


def prepared() -> int:
    """How many statements the session's connection has prepared for round trips."""
    with transaction():
        held = db.session.connection().exec_driver_sql(PREPARED).scalar()
    assert isinstance(held, int)
    return held


def refused() -> None:
    together((WRITE, {"subject": "a"}), ("select 1 / cast(:zero as integer)", {"zero": 0}))


def test_statements_are_prepared_once_and_anew_after_something_was_undone(context: None) -> None:
    def write(times: int) -> None:
        for number in range(times):
            with transaction():
                together((WRITE, {"subject": str(number)}))

    write(8)
    assert prepared() == 2, "BEGIN and the statement"
    db.session.rollback()  # nothing was open, so nothing was undone
    write(3)
    assert prepared() == 2
    for _ in range(12):
        with pytest.raises(sa.exc.DataError):
            fail_after(refused)
        with pytest.raises(ZeroDivisionError):
            fail_after(lambda: together((WRITE, {"subject": "undone"})))
    write(3)
    assert prepared() == 2, "what was prepared before is dropped"
    assert scalar("select count(*) from outbox where subject in ('a', 'undone')") == 0


def test_a_part_that_is_undone_does_not_disturb_what_follows(context: None) -> None:
    with transaction():
        together((WRITE, {"subject": "a"}))
        for _ in range(7):
            with contextlib.suppress(ZeroDivisionError), db.session.begin_nested():
                together((WRITE, {"subject": "undone"}))
                raise ZeroDivisionError
            together((WRITE, {"subject": "b"}))
    assert scalar("select string_agg(distinct subject, ',' order by subject) from outbox") == "a,b"


def test_values_of_all_kinds_travel_both_ways(context: None) -> None:
    moment = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    given: dict[str, Any] = {
        "text": "ё%s:x",
        "number": 2**40,
        "many": ["a", None],
        "at": moment,
        "none": None,
    }
    sql = """select cast(:text as text), cast(:number as bigint), cast(:many as text[]), cast(:at as timestamptz),
                    cast(:none as uuid), cast(:number as bigint) + 1"""
    values = ["ё%s:x", 2**40, ["a", None], moment, None, 2**40 + 1]
    assert together((sql, given)) == [[tuple(values)]]


def test_columns_travel_both_ways_even_those_that_say_nothing(context: None) -> None:
    moment = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    sql = """select * from unnest(cast(:text as text[]), cast(:number as bigint[]), cast(:at as timestamptz[]),
                                  cast(:none as uuid[]))"""
    columns: dict[str, list[Any]] = {
        "text": ["ё%s:x", None],
        "number": [2**40, 1],
        "at": [None, moment],
        "none": [None, None],
    }
    found = [("ё%s:x", 2**40, None, None), (None, 1, moment, None)]
    assert rows_for_many(sql, **columns) == found


def test_who_is_interrupted_while_waiting_leaves_nothing_behind(context: None) -> None:
    def interrupt(*_: object) -> None:
        raise TimeoutError

    def wait() -> None:
        together((WRITE, {"subject": "a"}), ("select pg_sleep(60)", {}))

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    with pytest.raises(TimeoutError):
        fail_after(wait)
    signal.signal(signal.SIGALRM, before)
    with transaction():
        together((WRITE, {"subject": "b"}))
    assert scalar("select string_agg(subject, ',') from outbox") == "b"


def test_a_burst_of_commits_is_handed_over_together(context: None, redis: redis_client.Redis) -> None:
    outbox._called.set()  # the courier is on his way already, and looks at what waits only when he has come
    for number in range(30):
        with transaction():
            outbox.enqueue(JOB, number)
    outbox._set_out()
    assert [len(job.args[1]) for job in Queue(outbox.QUEUE, connection=redis).jobs] == [30]
    with transaction():
        outbox.enqueue(JOB, 31)
    outbox.handed_over()
    assert len(Queue(outbox.QUEUE, connection=redis).jobs) == 2
