"""A worker that is killed in the middle of a batch, and a Redis that forgets everything, cost a back-test nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from erp.domain.backtests import actions
from erp.kernel import outbox
from tests.backtests.conftest import results, run
from tests.backtests.test_running import progress, replay_next, start
from tests.support.earnings import agent, customer_of, days, paid

PATIENCE = 120
"""Seconds within which a process of this test certainly gets on."""


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process on the database and Redis of this test; killed at the end, if not before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "erp.run"], env={**os.environ, "REF_WORKERS": "1"}, start_new_session=True
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < end, "nothing happens"
        time.sleep(0.1)


@pytest.fixture
def agents(superapp, monkeypatch):
    monkeypatch.setattr(actions, "FACTS_AT_ONCE", 1)
    made = [agent() for _ in range(4)]
    for number, one in enumerate(made):
        paid(customer_of(one, days(-30)), 10_000 * (number + 1))
    return made


def test_what_a_killed_worker_had_not_committed_the_next_one_does(
    agents, asked, draft, database, redis, superuser, monkeypatch
):
    version = draft((0, 1_000))
    undisturbed, disturbed = asked(version), asked(version)
    run(undisturbed)
    start(disturbed)
    replay_next(disturbed)
    redis.flushdb()
    monkeypatch.setattr(outbox, "LOST_AFTER", 0)
    with psycopg.connect(superuser.info.dsn, password=superuser.info.password) as holder, worker() as first:
        holder.execute("lock table back_test_result in share mode")
        until(lambda: _swept() and _waits(superuser))
        kill(first)
        holder.rollback()
    assert progress(disturbed) == ("running", 1, 4)
    redis.flushdb()
    until(lambda: not _waits(superuser))
    with worker():
        until(lambda: _swept() and progress(disturbed)[0] == "done")
    assert results(disturbed, 1) == results(undisturbed, 1)
    assert len(results(disturbed, 1)) == 4


def _swept() -> bool:
    """What the schedule does every two seconds: the outbox hands over again what nobody holds."""
    outbox.sweep()
    return True


def _waits(superuser: psycopg.Connection) -> bool:
    """Whether somebody is held up writing results."""
    found = superuser.execute(
        "select 1 from pg_locks where relation = 'back_test_result'::regclass and not granted"
    )
    return found.fetchone() is not None
