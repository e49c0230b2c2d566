"""Barriers: hold an answer at a named place, so that a test can kill the client exactly there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from simulators.faults import BadOrder
from simulators.web import client_is_gone

POLL_SECONDS = 0.02


@dataclass
class Barrier:
    """Holds the next `times` calls of an operation, before its work or after it is on the disk."""

    operation: str
    after_commit: bool = True
    order_id: str | None = None
    times: int = 1


@dataclass
class Waiting:
    operation: str
    order_id: str | None
    after_commit: bool


class Barriers:
    def __init__(self, operations: Iterable[str]):
        self._operations = frozenset(operations)
        self._armed: list[Barrier] = []
        self._waiting: list[Waiting] = []
        self._abandoned = 0
        self._generation = 0
        self._lock = threading.Lock()

    def arm(self, body: dict[str, Any]) -> None:
        operation = str(body.get("operation"))
        if operation not in self._operations:
            raise BadOrder(f"operation must be one of {', '.join(sorted(self._operations))}")
        barrier = Barrier(
            operation,
            after_commit=bool(body.get("after_commit", True)),
            order_id=body.get("order_id"),
            times=int(body.get("times", 1)),
        )
        with self._lock:
            self._armed.append(barrier)

    def release(self) -> None:
        """Disarm every barrier and let all who wait go on."""
        with self._lock:
            self._armed.clear()
            self._generation += 1

    def status(self) -> dict[str, Any]:
        with self._lock:
            return {
                "armed": [asdict(barrier) for barrier in self._armed],
                "waiting": [asdict(waiting) for waiting in self._waiting],
                "abandoned": self._abandoned,
            }

    def hold(self, operation: str, order_id: str | None, *, after_commit: bool) -> None:
        """Wait here, if a barrier stands here, until it is released or the client goes away."""
        with self._lock:
            if not self._pass_through_armed(operation, order_id, after_commit):
                return
            waiting = Waiting(operation, order_id, after_commit)
            self._waiting.append(waiting)
            generation = self._generation
        gone = False
        while generation == self._generation and not (gone := client_is_gone()):
            time.sleep(POLL_SECONDS)
        with self._lock:
            self._waiting.remove(waiting)
            self._abandoned += gone

    def _pass_through_armed(self, operation: str, order_id: str | None, after_commit: bool) -> bool:
        for barrier in self._armed:
            here = barrier.operation == operation and barrier.after_commit == after_commit
            if here and barrier.order_id in (None, order_id):
                barrier.times -= 1
                self._armed = [left for left in self._armed if left.times > 0]
                return True
        return False
