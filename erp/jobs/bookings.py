"""Ends bookings whose term is over."""

from erp.domain import bookings
from erp.kernel import clock
from erp.kernel.transaction import transaction

AT_ONCE = 500


def expire_overdue() -> None:
    ended = AT_ONCE
    while ended == AT_ONCE:
        with transaction():
            ended = bookings.expire_overdue(now=clock.now(), limit=AT_ONCE)
