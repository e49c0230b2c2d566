"""The verbs of back-tests, as `ref bench replay` measures them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from uuid import UUID

from flask import Flask

from benchmarks.history import NOW
from benchmarks.replay import Ours
from erp.app import create_app
from erp.domain import backtests
from erp.domain.backtests import actions, replay
from erp.domain.commissions.history import Steps
from erp.jobs.backtests import LANES
from erp.kernel.actor import Actor
from erp.kernel.db import db, rows, scalar
from erp.kernel.transaction import transaction

BY = Actor.system("benchmark")
DRAFT = 2
"""The version that the ground holds as a draft."""
USED = Steps(customer_cap=False, other_volume=False, time=False, condition=False)


@contextmanager
def replaying() -> Iterator[Ours]:
    """Back-tests on the configured database."""
    app = create_app()
    with app.app_context():
        yield Ours(
            _ask,
            partial(_replay, app),
            _written,
            _remove,
            ";\n".join((*replay.READ, replay.replay_version(USED))),
        )


def _ask() -> Sequence[UUID]:
    programmes = [id for (id,) in rows("select id from programme order by id")]
    db.session.rollback()
    with transaction():
        asked = [backtests.ask(id, [DRAFT], by=BY, now=NOW) for id in programmes]
    return [_found(reference) for reference in asked]


def _found(reference: str) -> UUID:
    id: UUID = backtests.find(reference).id
    db.session.rollback()
    return id


def _replay(app: Flask, id: UUID) -> Iterator[tuple[int, dict[str, float]]]:
    """What the job does, in as many lanes, with a watch on each part: a second of one lane of two is half a second."""
    watch = Watch()
    with transaction():
        backtests.start(id, by=BY, now=NOW)
    watch.took("cutting")
    yield 0, watch.taken()
    done: SimpleQueue[dict[str, float]] = SimpleQueue()
    with ThreadPoolExecutor(LANES) as lanes:
        running = [lanes.submit(_lane, app, id, done) for _ in range(LANES)]
        while wait(running, timeout=0.2).done != set(running) or not done.empty():
            while not done.empty():
                yield _agents_done(), {part: took / LANES for part, took in done.get().items()}
        for lane in running:
            lane.result()


def _lane(app: Flask, id: UUID, done: SimpleQueue[dict[str, float]]) -> None:
    with app.app_context():
        watch, more = Watch(), True
        while more:
            with transaction():
                more = _replay_next(id, watch)
            watch.took("committing")
            done.put(watch.taken())


def _agents_done() -> int:
    agents: int = scalar("select coalesce(sum(agents), 0) from back_test_batch where done_at is not null")
    db.session.rollback()
    return agents


def _replay_next(id: UUID, watch: Watch) -> bool:
    test, batch = actions.running(id), actions.claim(id)
    if test is None or batch is None:
        return backtests.replay_next(id, by=BY, now=NOW)
    given = {**test._asdict(), **batch._asdict()}
    watch.took("committing")
    actions.read(given)
    watch.took("reading")
    actions.replay_under(0, given)
    watch.took("own_terms_and_proof")
    actions.replay_under(1, given)
    watch.took("version")
    actions.mark_done(id, batch.number, now=NOW)
    return True


class Watch:
    """Seconds by part, since they were taken last."""

    def __init__(self) -> None:
        self.at, self.parts = time.perf_counter(), dict[str, float]()

    def took(self, part: str) -> None:
        now = time.perf_counter()
        self.parts[part] = self.parts.get(part, 0) + now - self.at
        self.at = now

    def taken(self) -> dict[str, float]:
        parts, self.parts, self.at = self.parts, {}, time.perf_counter()
        return parts


def _written(id: UUID) -> int:
    written: int = scalar(
        "select count(*) from back_test_result where back_test_id = :id and position = 1", id=id
    )
    db.session.rollback()
    return written


def _remove(id: UUID) -> None:
    reference: str = scalar("select reference from back_test where id = :id", id=id)
    db.session.rollback()
    with transaction():
        backtests.remove(reference, by=BY, now=NOW)
