"""What every part of the bank works with: books, clock, settings, faults, barriers and the certificate."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.x509 import load_pem_x509_certificate

from simulators.clock import Clock
from simulators.faults import ANSWER_FAULTS, NOTIFY_FAULTS, Faults
from simulators.tbank.barriers import Barriers
from simulators.tbank.books import Books, Notification
from simulators.tbank.protocol import PayoutSeal
from simulators.tbank.settings import BankSettings

ACQUIRING_OPERATIONS = ("Init", "GetState", "Confirm", "Cancel", "CheckOrder")
PAYOUT_OPERATIONS = ("sbp.GetSbpMembers", "sbp.Init", "sbp.Payment", "sbp.GetState")
NOTIFY = "notify"


@dataclass(frozen=True)
class Bank:
    settings: BankSettings
    clock: Clock
    books: Books
    faults: Faults
    barriers: Barriers
    seal: PayoutSeal | None

    def now(self) -> datetime:
        return self.clock.now()


def open_bank(settings: BankSettings) -> Bank:
    """A bank that remembers whatever its journal holds."""
    operations = dict.fromkeys((*ACQUIRING_OPERATIONS, *PAYOUT_OPERATIONS), ANSWER_FAULTS)
    seal = None
    if settings.payout_certificate is not None:
        certificate = load_pem_x509_certificate(settings.payout_certificate.read_bytes())
        seal = PayoutSeal(certificate, hashed_twice=not settings.sign_digest_once)
    return Bank(
        settings=settings,
        clock=Clock(settings.clock_database),
        books=Books(settings.journal),
        faults=Faults({**operations, NOTIFY: NOTIFY_FAULTS}, subject="order_id"),
        barriers=Barriers(operations),
        seal=seal,
    )


def step(history: list[dict[str, str]], status: str, now: datetime) -> list[dict[str, str]]:
    """The history of an operation with one more status."""
    return [*history, {"status": status, "at": now.isoformat()}]


def owe_notification(
    bank: Bank,
    *,
    payment_id: str,
    order_id: str,
    url: str,
    body: dict[str, Any],
    signed_fields: list[str],
    payout: bool = False,
) -> None:
    """Write down news that the merchant must get; without an address there is nobody to tell."""
    if not url:
        return
    news = Notification(
        id=bank.books.next_notification_id(),
        payment_id=payment_id,
        order_id=order_id,
        url=url,
        body=body,
        signed_fields=signed_fields,
        payout=payout,
        due=time.time(),
    )
    bank.books.put(news)
