"""Replays back-tests, some batches at a time, so that other work has its turn in between."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from flask import Flask, current_app

from erp.domain import backtests
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

BY = Actor.system("backtests")
LANES = 2
"""Batches that are replayed at once, each over a connection of its own: agents have nothing to do with each other."""
BATCHES_A_TURN = 5
"""Batches that a lane replays before other work has its turn."""


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
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with ThreadPoolExecutor(LANES) as lanes:
        more = list(lanes.map(lambda _: _replay_some(app, id), range(LANES)))
    return any(more)


def _replay_some(app: Flask, id: UUID) -> bool:
    """One lane: the last one to find no batch left is the one that ends the back-test."""
    with app.app_context():
        for _ in range(BATCHES_A_TURN):
            with transaction():
                if not backtests.replay_next(id, by=BY, now=clock.now()):
                    return False
    return True
