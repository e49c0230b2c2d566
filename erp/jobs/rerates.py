"""Counts what agents would win or lose by a re-rate, some agents at a time, so that other work has its turn."""

from uuid import UUID

from erp.domain import rerates
from erp.kernel import clock
from erp.kernel.transaction import transaction

TURNS = 10


def count(subjects: list[str]) -> None:
    """Subjects are ids of re-rates. What a killed worker has not committed, the next one does."""
    for id in map(UUID, subjects):
        if _take_turns(id):
            with transaction():
                rerates.count(id)


def _take_turns(id: UUID) -> bool:
    """Count some agents; whether there may be more."""
    for _ in range(TURNS):
        with transaction():
            if not rerates.count_next(id, now=clock.now()):
                return False
    return True
