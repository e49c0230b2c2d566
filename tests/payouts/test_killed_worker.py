"""The worker is killed after the bank has paid and before we have written it down: the agent is paid once."""

import os
import signal
import subprocess
import sys
import time

import pytest

from erp.kernel import outbox
from erp.kernel.db import db
from tests.payouts.conftest import attempts, now_is, sent
from tests.simulators.running import REPOSITORY
from tests.support.trade import balance
from tests.support.waiting import wait_until


@pytest.fixture
def start_worker(bank):
    """Starts pools of one worker, in process groups of their own, as `ref up` does."""
    started = []

    def start():
        pool = subprocess.Popen(
            [sys.executable, "-m", "erp.run"],
            cwd=REPOSITORY,
            env={**os.environ, "REF_TBANK_URL": bank.url, "REF_WORKERS": "1"},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(pool)
        return pool

    yield start
    for pool in started:
        kill(pool)


def kill(pool):
    """SIGKILL to the pool and its worker at the same moment."""
    if pool.poll() is None:
        os.killpg(pool.pid, signal.SIGKILL)
        pool.wait()


@pytest.mark.parametrize("operation", ["sbp.Init", "sbp.Payment"])
def test_a_worker_killed_while_the_bank_answers_pays_once(
    ivan, approved, edge, bank, start_worker, superuser, operation
):
    bank.arm(operation)
    pool = start_worker()
    wait_until(lambda: sweep(superuser) or bank.waiting())
    assert now_is(approved).state == ("checking" if operation == "sbp.Init" else "paying")
    kill(pool)
    wait_until(lambda: not bank.waiting())
    start_worker()
    wait_until(lambda: sweep(superuser) or now_is(approved).state == "paid")
    assert len(sent(bank, approved)) == 1
    assert [attempt.state for attempt in attempts(approved)] == ["paid"]
    assert balance(ivan) == {}


def sweep(superuser):
    """What the scheduler does every two seconds; here a dead worker's news need not count as lost first."""
    time.sleep(0.5)
    superuser.execute(
        """update outbox set relayed_at = null, due_at = least(due_at, clock_timestamp())
           where id in (select id from outbox for update skip locked)"""
    )
    outbox.sweep()
    db.session.rollback()
