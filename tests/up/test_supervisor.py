"""The supervisor keeps processes up, says what it does, and gives up aloud."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from erp.embedded import Guard, watchdog
from erp.up.environment import Prepared
from erp.up.supervisor import ChildFailed, Supervisor
from tests.support.waiting import wait_until

SLEEP = ["sleep", "600"]


class Watched:
    """A supervisor with nothing but what a test starts."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        guard = Guard({})
        self.supervisor = Supervisor(Prepared(dict(os.environ), None, guard, {}, folder), self.said.append)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.supervisor.stop()


def test_a_child_that_dies_is_started_again_and_its_log_shown(watched: Watched) -> None:
    watched.supervisor.start("web", [sys.executable, "-c", "print('no room'); raise SystemExit(7)"])
    wait_until(lambda: watched.supervisor.find_dead() is not None)
    watched.supervisor.mend()
    assert "web ended with exit code 7; starting it again" in watched.said[0]
    assert "no room" in watched.said[0]


def test_a_child_that_keeps_dying_is_given_up_aloud(watched: Watched) -> None:
    watched.supervisor.start("web", [sys.executable, "-c", "print('no room'); raise SystemExit(7)"])

    def mend_for_ever() -> None:
        while True:
            watched.supervisor.mend()

    with pytest.raises(ChildFailed, match=r"(?s)web keeps dying \(ended with exit code 7\).*no room"):
        mend_for_ever()


def test_a_kill_on_request_does_not_count_as_a_failure(watched: Watched) -> None:
    watched.supervisor.start("worker", SLEEP)
    for _ in range(8):
        before = watched.supervisor.pids["worker"]
        watched.supervisor.kill("worker")
        watched.supervisor.mend()
        assert watched.supervisor.pids["worker"] != before
    assert watched.said == ["worker was killed on request; starting it again"] * 8


def test_helpers_of_a_killed_child_go_with_it(watched: Watched, tmp_path: Path) -> None:
    watched.supervisor.start("web", ["sh", "-c", f"sleep 600 & echo $! > {tmp_path}/helper; wait"])
    note = tmp_path / "helper"
    wait_until(lambda: note.exists() and note.read_text().strip() != "")
    helper = int(note.read_text())
    os.kill(watched.supervisor.pids["web"], signal.SIGKILL)
    wait_until(lambda: watched.supervisor.find_dead() is not None)
    watched.supervisor.mend()
    wait_until(lambda: not watchdog.alive(helper))


def test_stopping_asks_first_and_ends_the_last_started_first(watched: Watched, tmp_path: Path) -> None:
    order = tmp_path / "order"
    for name in ("first", "second"):
        script = f"trap 'echo {name} >> {order}; exit' TERM; echo up; while :; do sleep 0.05; done"
        watched.supervisor.start(name, ["sh", "-c", script])
        wait_until(lambda name=name: "up" in (tmp_path / f"{name}.log").read_text())
    watched.supervisor.stop()
    assert order.read_text().split() == ["second", "first"]
