"""Orders to misbehave: which operation goes wrong, how, and how many times."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any

ANSWER_FAULTS = frozenset({"timeout_before", "timeout_after", "error", "http_500", "delay"})
"""What may happen to an answer: the connection drops before or after the work is done, and so on."""
NOTIFY_FAULTS = frozenset(
    {"timeout_before", "timeout_after", "duplicate", "reorder", "bad_token", "wrong_amount", "delay"}
)
"""What may happen to a notification on its way out."""


class BadOrder(Exception):
    """The order to misbehave makes no sense; the message says why."""


@dataclass
class Fault:
    """`subject` narrows it to one order id (bank) or one phone (SMS); `times` is what is left of it."""

    operation: str
    fault: str
    times: int = 1
    subject: str | None = None
    seconds: float = 0
    error_code: str = "999"


class Faults:
    """Thread-safe list of outstanding faults. Deliberately forgotten at a restart."""

    def __init__(self, operations: dict[str, frozenset[str]], subject: str):
        self._operations = operations
        self._subject = subject
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, body: dict[str, Any]) -> Fault:
        operation, kind = str(body.get("operation")), str(body.get("fault"))
        if operation not in self._operations:
            raise BadOrder(f"operation must be one of {', '.join(sorted(self._operations))}")
        if kind not in self._operations[operation]:
            raise BadOrder(f"{operation} can be ordered to: {', '.join(sorted(self._operations[operation]))}")
        fault = Fault(
            operation,
            kind,
            times=int(body.get("times", 1)),
            subject=body.get(self._subject),
            seconds=float(body.get("seconds", 0)),
            error_code=str(body.get("ErrorCode", "999")),
        )
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, operation: str, subject: str | None) -> Fault | None:
        """The oldest fault ordered for this operation and subject, used up by one."""
        with self._lock:
            for fault in self._faults:
                if fault.operation == operation and fault.subject in (None, subject):
                    fault.times -= 1
                    self._faults = [left for left in self._faults if left.times > 0]
                    return fault
        return None

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def listing(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]
