"""The bank's books: payments, refunds, payouts and notifications, each change on the disk before an answer."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulators.journal import Journal

FIRST_ID = 700001
ENDED_BY_TIME = frozenset({"NEW", "FORM_SHOWED", "3DS_CHECKING", "CHECKING", "CHECKED", "COMPLETING"})
"""Statuses that the passing of time alone may end."""


@dataclass(frozen=True)
class Payment:
    """A payer's payment. `amount` is what was asked or confirmed, `left` what has not been given back (kopecks)."""

    id: str
    order_id: str
    amount: int
    left: int
    status: str
    due: str
    created: str
    two_stage: bool = False
    description: str = ""
    notification_url: str = ""
    success_url: str = ""
    fail_url: str = ""
    pan: str = ""
    error_code: str = "0"
    history: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Refund:
    """Money given back, by the merchant's Cancel or in the bank's cabinet."""

    id: str
    payment_id: str
    order_id: str
    amount: int
    original_amount: int
    new_amount: int
    status: str
    at: str
    source: str
    external_request_id: str = ""


@dataclass(frozen=True)
class Payout:
    """Money sent to a person by phone number. It left the terminal's account if `paid_at` is set."""

    id: str
    order_id: str
    amount: int
    phone: str
    member_id: str
    status: str
    created: str
    checked_at: str = ""
    paid_at: str = ""
    short_name: str = ""
    status_code: str = "0"
    sbp_id: str = ""
    history: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Notification:
    """News owed to the merchant. `state`: waiting, delivered or given_up; `due` is real time, in seconds."""

    id: str
    payment_id: str
    order_id: str
    url: str
    body: dict[str, Any]
    signed_fields: list[str]
    payout: bool = False
    state: str = "waiting"
    attempts: int = 0
    due: float = 0
    deferred: bool = False
    answers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Recipient:
    """How a phone's owner is called at his bank; `id` is the phone, digits only."""

    id: str
    short_name: str


Row = Payment | Refund | Payout | Notification | Recipient
KINDS: dict[str, type[Row]] = {
    kind.__name__.lower(): kind for kind in (Payment, Refund, Payout, Notification, Recipient)
}


class Books:
    """One lock over everything: `writing()` holds it, and its end puts all changes on the disk at once."""

    def __init__(self, journal: Path):
        self.lock = threading.RLock()
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.payouts: dict[str, Payout] = {}
        self.notifications: dict[str, Notification] = {}
        self.recipients: dict[str, Recipient] = {}
        self.payments_of_order: dict[str, list[str]] = defaultdict(list)
        self.refunds_of_payment: dict[str, list[str]] = defaultdict(list)
        self.payout_of_order: dict[str, str] = {}
        self.waiting_notifications: dict[str, Notification] = {}
        self.unfinished: dict[str, Payment | Payout] = {}
        self._unsaved: list[dict[str, Any]] = []
        self._depth = 0
        self._journal = Journal(journal)
        for entry in self._journal.replay():
            self._place(KINDS[entry["kind"]](**entry["row"]))

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._save()

    def put(self, row: Row) -> None:
        """Add a row or replace the one with its id. Only inside `writing()`."""
        assert self._depth, "the books change inside writing() only"
        self._place(row)
        self._unsaved.append({"kind": type(row).__name__.lower(), "row": asdict(row)})

    def next_operation_id(self) -> str:
        return str(FIRST_ID + len(self.payments) + len(self.payouts))

    def next_notification_id(self) -> str:
        return str(len(self.notifications) + 1)

    def _save(self) -> None:
        if self._unsaved:
            self._journal.append(self._unsaved)
            self._unsaved = []

    def _place(self, row: Row) -> None:
        match row:
            case Payment():
                if row.id not in self.payments:
                    self.payments_of_order[row.order_id].append(row.id)
                self.payments[row.id] = row
                self._watch(row)
            case Refund():
                if row.id not in self.refunds:
                    self.refunds_of_payment[row.payment_id].append(row.id)
                self.refunds[row.id] = row
            case Payout():
                self.payout_of_order[row.order_id] = row.id
                self.payouts[row.id] = row
                self._watch(row)
            case Notification():
                self._place_notification(row)
            case Recipient():
                self.recipients[row.id] = row

    def _watch(self, row: Payment | Payout) -> None:
        if row.status in ENDED_BY_TIME:
            self.unfinished[row.id] = row
        else:
            self.unfinished.pop(row.id, None)

    def _place_notification(self, row: Notification) -> None:
        self.notifications[row.id] = row
        if row.state == "waiting":
            self.waiting_notifications[row.id] = row
        else:
            self.waiting_notifications.pop(row.id, None)
