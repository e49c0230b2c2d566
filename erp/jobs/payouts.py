"""Payouts: taken to the bank and asked about, out of anybody's way."""

from functools import cache
from uuid import UUID

from erp import config
from erp.domain import payouts
from erp.gateways.tbank import Payouts
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction


@cache
def edge() -> payouts.Edge:
    """The bank, our transactions and our clock, for every step of this process."""
    return payouts.Edge(Payouts.from_settings(config.get()), transaction, clock.now, Actor.system("payouts"))


def execute(subjects: list[str]) -> None:
    for payout_id in subjects:
        payouts.execute(UUID(payout_id), edge())


def follow(subjects: list[str]) -> None:
    for payout_id in subjects:
        payouts.follow(UUID(payout_id), edge())


def poll_open() -> None:
    now = clock.now()
    with transaction():
        payouts.poll_open(now=now)
