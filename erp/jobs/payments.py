"""Payments: opened, followed and refunded at the bank, out of anybody's way."""

from contextlib import suppress
from functools import cache
from uuid import UUID

from erp import config
from erp.domain import payments
from erp.gateways.tbank import Acquiring
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction


@cache
def edge() -> payments.Edge:
    """The bank, our transactions and our clock, for every step of this process."""
    return payments.Edge(
        Acquiring.from_settings(config.get()), transaction, clock.now, Actor.system("payments")
    )


def init_payment(subjects: list[str]) -> None:
    for order_reference in subjects:
        with suppress(payments.AlreadyPaid, payments.BeingOpened):
            payments.open_payment(order_reference, edge())


def follow(subjects: list[str]) -> None:
    for payment_id in subjects:
        payments.follow_payment(UUID(payment_id), edge())


def send_refund(subjects: list[str]) -> None:
    for refund_id in subjects:
        payments.send_refund(UUID(refund_id), edge())


def poll_open() -> None:
    now = clock.now()
    with transaction():
        payments.poll_open(now=now)
