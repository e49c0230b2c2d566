"""News leaves after commit, survives Redis, and is done."""

from collections.abc import Callable

import psycopg
import pytest
import redis as redis_client
from flask import Flask
from rq import Queue

from erp.kernel import clock, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, rows, scalar
from erp.kernel.transaction import TransactionOpen, is_open, release, transaction

DONE: list[list[str]] = []
JOB = "tests.kernel.test_outbox.note"
POISONED = "tests.kernel.test_outbox.refuse_poison"


def note(subjects: list[str]) -> None:
    DONE.append(subjects)


def refuse_poison(subjects: list[str]) -> None:
    if "poison" in subjects:
        raise ValueError("a phone number that must not be shown: +79990001122")
    DONE.append(subjects)


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    DONE.clear()


def queued(redis: redis_client.Redis) -> list[tuple[str, list[int]]]:
    outbox.handed_over()
    return [job.args for job in Queue(outbox.QUEUE, connection=redis).jobs]


def write_news_and_fail() -> None:
    with transaction():
        outbox.enqueue(JOB, 1)
        raise ZeroDivisionError


def test_a_rolled_back_transaction_tells_nobody(context: None, redis: redis_client.Redis) -> None:
    with pytest.raises(ZeroDivisionError):
        write_news_and_fail()
    with transaction():
        outbox.enqueue(JOB, 2)
    assert len(queued(redis)) == 1
    assert [subject for (subject,) in rows("select subject from outbox")] == ["2"]


def test_many_subjects_travel_in_batches(context: None, redis: redis_client.Redis) -> None:
    with transaction():
        outbox.enqueue_many(JOB, range(250))
    assert [len(ids) for _, ids in queued(redis)] == [100, 100, 50]


def test_kept_news_is_handed_to_nobody_and_gone_with_the_work(
    context: None, redis: redis_client.Redis
) -> None:
    with outbox.kept() as gathered:
        with transaction():
            outbox.enqueue_many(JOB, [1, 2])
            outbox.enqueue(JOB, 3, delay=60)
        with pytest.raises(ZeroDivisionError):
            write_news_and_fail()
        with transaction():
            outbox.done(gathered[:2])
    assert [(one.job, one.subject) for one in gathered] == [(JOB, "1"), (JOB, "2"), (JOB, "3")]
    assert queued(redis) == []
    assert [subject for (subject,) in rows("select subject from outbox")] == ["3"]


def test_a_job_that_succeeded_leaves_no_row(context: None, work: Callable[[], None]) -> None:
    with transaction():
        outbox.enqueue_many(JOB, ["a", "b"])
    work()
    assert DONE == [["a", "b"]]
    assert scalar("select count(*) from outbox") == 0


def test_the_sweep_takes_as_many_as_it_is_told_however_the_database_goes_about_it(
    app: Flask, context: None, database: str, superuser: psycopg.Connection, redis: redis_client.Redis
) -> None:
    with transaction():
        outbox.enqueue_many(JOB, range(5))
    queued(redis)
    superuser.execute("update outbox set relayed_at = null")
    for way in ("hashagg", "hashjoin", "indexscan", "bitmapscan", "material", "mergejoin", "sort"):
        superuser.execute(f"alter database {database} set enable_{way} = off")
    db.engine.dispose()
    assert [outbox.sweep(limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_what_redis_lost_is_handed_over_again(
    context: None, redis: redis_client.Redis, superuser: psycopg.Connection, work: Callable[[], None]
) -> None:
    with transaction():
        outbox.enqueue(JOB, "lost")
    redis.flushdb()
    assert outbox.sweep() == 0, "a row that was just handed over is not lost yet"
    superuser.execute("update outbox set relayed_at = relayed_at - interval '1 minute'")
    assert outbox.sweep() == 1
    work()
    assert DONE == [["lost"]]


def test_a_row_that_somebody_performs_is_not_handed_over_again(
    context: None, superuser: psycopg.Connection
) -> None:
    with transaction():
        outbox.enqueue(JOB, "held")
    superuser.execute("update outbox set relayed_at = relayed_at - interval '1 minute'")
    ids = [id for (id,) in rows("select id from outbox")]
    with superuser.transaction():
        superuser.execute("select 1 from outbox for update")
        assert outbox.sweep() == 0
        assert outbox.perform(JOB, ids) == 0
    assert DONE == []


def test_a_poisoned_subject_fails_alone_and_is_shown_without_its_values(
    context: None, superuser: psycopg.Connection, work: Callable[[], None]
) -> None:
    with transaction():
        outbox.enqueue_many(POISONED, ["good", "poison", "fine"])
    work()
    assert DONE == []
    superuser.execute("update outbox set due_at = clock_timestamp()")
    outbox.sweep()
    work()
    assert sorted(DONE) == [["fine"], ["good"]]
    (left,) = rows("select subject, attempts, last_error, due_at > clock_timestamp() as later from outbox")
    assert (left.subject, left.attempts, left.later) == ("poison", 2, True)
    assert "+7999" not in left.last_error
    assert "ValueError" in left.last_error


def test_after_many_failures_a_row_waits_for_a_person(
    context: None, superuser: psycopg.Connection, work: Callable[[], None]
) -> None:
    with transaction():
        outbox.enqueue(POISONED, "poison")
    superuser.execute("update outbox set attempts = %s", [outbox.MOST_ATTEMPTS - 1])
    work()
    (row,) = outbox.search(state="given_up").page().rows
    assert outbox.sweep() == 0
    with transaction():
        outbox.retry(row.id, by=Actor.system("tests"), now=clock.now())
    assert outbox.sweep() == 1


def test_a_delayed_row_waits_for_its_time(context: None, redis: redis_client.Redis) -> None:
    with transaction():
        outbox.enqueue(JOB, "later", delay=60)
    assert queued(redis) == []
    assert outbox.sweep() == 0


def test_transactions_do_not_nest_and_reading_ends_by_release(context: None) -> None:
    with transaction(), pytest.raises(TransactionOpen), transaction():
        pass
    scalar("select 1")
    assert not is_open(), "a read that stands alone holds nothing"
    execute("select 1")
    assert is_open()
    release()
    assert not is_open()
    with transaction():
        execute("select 1")
        with pytest.raises(TransactionOpen):
            release()
