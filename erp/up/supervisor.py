"""Children of one instance: started, watched, restarted a few times and never silently, stopped in order."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from erp.embedded import EmbeddedError
from erp.up.environment import Prepared

Announce = Callable[[str], None]

MOST_RESTARTS = 5
WITHIN = 60.0  # seconds
STOPS_WITHIN = 15.0
LARGEST_LOG = 20 * 2**20
TAIL_LINES = 15


class ChildFailed(EmbeddedError):
    """A process of the instance will not stay up; the message holds the end of its log."""


@dataclass
class Child:
    name: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes]
    restarts: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_RESTARTS))
    killed_by_us: bool = False

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"  {line}" for line in lines)


class Supervisor:
    """Every child leads its own process group, so a Ctrl-C reaches us alone and a kill reaches its helpers too."""

    def __init__(self, prepared: Prepared, announce: Announce) -> None:
        self._prepared = prepared
        self._announce = announce
        self._children: dict[str, Child] = {}
        self._lock = threading.RLock()

    @property
    def pids(self) -> dict[str, int]:
        with self._lock:
            return {name: child.process.pid for name, child in self._children.items()}

    def start(self, name: str, command: Sequence[str]) -> None:
        log = self._prepared.logs / f"{name}.log"
        _keep_short(log)
        with self._lock:
            self._children[name] = Child(name, command, log, self._spawn(command, log))

    def find_dead(self) -> ChildFailed | None:
        """The first child or server that is down, in words."""
        with self._lock:
            for child in self._children.values():
                if child.process.poll() is not None:
                    return ChildFailed(f"{child.name} did not start; {child.log} ends:\n{child.tail()}")
            return self._find_dead_server()

    def mend(self) -> None:
        """Say what died and start it again. Raises `ChildFailed` when one dies too often."""
        with self._lock:
            if failure := self._find_dead_server():
                raise failure
            for child in self._children.values():
                if child.process.poll() is not None:
                    self._restart(child)

    def kill(self, name: str) -> None:
        """SIGKILL to the child and its helpers, as a test of what survives; `mend` starts it again."""
        with self._lock:
            child = self._children[name]
            child.killed_by_us = True
            _signal_group(child.process.pid, signal.SIGKILL)
            child.process.wait()

    def stop(self) -> None:
        """The last started stops first; whoever does not stop in time is killed."""
        with self._lock:
            for child in reversed(self._children.values()):
                self._stop(child)
            self._children.clear()

    def _find_dead_server(self) -> ChildFailed | None:
        for name in self._prepared.servers.died() if self._prepared.servers else ():
            return ChildFailed(f"{name} stopped by itself; see {self._prepared.logs / name}.log")
        return None

    def _restart(self, child: Child) -> None:
        code = child.process.returncode
        if child.killed_by_us:
            self._announce(f"{child.name} was killed on request; starting it again")
        else:
            now = time.monotonic()
            if len(child.restarts) == MOST_RESTARTS and now - child.restarts[0] < WITHIN:
                raise ChildFailed(
                    f"{child.name} keeps dying ({_ending(code)}); {child.log} ends:\n{child.tail()}"
                )
            child.restarts.append(now)
            self._announce(
                f"{child.name} {_ending(code)}; starting it again. {child.log} ends:\n{child.tail()}"
            )
        self._forget(child)
        child.killed_by_us = False
        child.process = self._spawn(child.command, child.log)

    def _spawn(self, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as out:
            process = subprocess.Popen(
                command,
                env=self._prepared.variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._prepared.guard.add(process.pid)
        return process

    def _stop(self, child: Child) -> None:
        if child.process.poll() is None:
            child.process.terminate()
            try:
                child.process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                self._announce(f"{child.name} did not stop within {STOPS_WITHIN:.0f} s and is killed")
        self._forget(child)

    def _forget(self, child: Child) -> None:
        """Helpers that outlived their leader go too; then nobody watches this number any more."""
        _signal_group(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self._prepared.guard.drop(child.process.pid)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _keep_short(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
