"""The verbs of back-tests, as `ref bench replay` measures them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from benchmarks.history import NOW
from benchmarks.replay import Ours
from erp.app import create_app
from erp.domain import backtests
from erp.domain.backtests import actions, replay
from erp.domain.commissions.history import Steps
from erp.kernel.actor import Actor
from erp.kernel.db import db, rows, scalar
from erp.kernel.transaction import transaction

BY = Actor.system("benchmark")
DRAFT = 2
"""The version that the ground holds as a draft."""


@contextmanager
def replaying() -> Iterator[Ours]:
    """Back-tests on the configured database."""
    with create_app().app_context():
        yield Ours(
            _ask,
            _replay,
            _written,
            _remove,
            replay.replay_version(Steps(customer_cap=False, other_volume=False, time=False, condition=False)),
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


def _replay(id: UUID) -> Iterator[tuple[int, dict[str, float]]]:
    """What one lane of the job does, with a watch on each part."""
    watch = Watch()
    with transaction():
        backtests.start(id, by=BY, now=NOW)
    watch.took("cutting")
    more = True
    while more:
        with transaction():
            more = _replay_next(id, watch)
        watch.took("committing")
        done = scalar("select coalesce(sum(agents), 0) from back_test_batch where done_at is not null")
        yield done, watch.taken()


def _replay_next(id: UUID, watch: Watch) -> bool:
    test, batch = actions.running(id), actions.claim(id)
    if test is None or batch is None:
        return backtests.replay_next(id, by=BY, now=NOW)
    given = {**test._asdict(), **batch._asdict()}
    watch.took("committing")
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
