"""Ends bookings whose term is over, and those of closed agents."""

from uuid import UUID

from erp.domain import bookings
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

AT_ONCE = 500


def expire_overdue() -> None:
    ended = AT_ONCE
    while ended == AT_ONCE:
        with transaction():
            ended = bookings.expire_overdue(now=clock.now(), limit=AT_ONCE)


def release_of_agent(subjects: list[str]) -> None:
    """Subjects are agent ids that were closed."""
    for subject in subjects:
        with transaction():
            bookings.release_of_agent(UUID(subject), by=Actor.system("bookings"), now=clock.now())
