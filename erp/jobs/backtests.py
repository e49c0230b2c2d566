"""Replays back-tests, some batches at a time, so that other work has its turn in between."""

from uuid import UUID

from erp.domain import backtests
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

BY = Actor.system("backtests")
BATCHES_A_TURN = 10


def run(subjects: list[str]) -> None:
    """Subjects are ids of back-tests. What a killed worker has not committed, the next one does."""
    for id in map(UUID, subjects):
        with transaction():
            backtests.start(id, by=BY, now=clock.now())
        if _take_turn(id):
            with transaction():
                backtests.go_on(id)


def _take_turn(id: UUID) -> bool:
    """Replay some batches; whether there may be more."""
    for _ in range(BATCHES_A_TURN):
        with transaction():
            if not backtests.replay_next(id, by=BY, now=clock.now()):
                return False
    return True
