"""A programme with a history, and back-tests of it run by the job itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from erp.domain import backtests, programmes
from erp.jobs import backtests as job
from erp.kernel.db import db, scalar
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import agent, programme


@pytest.fixture
def superapp(context: None) -> UUID:
    """5 % of every payment; 7 % from 2 connections in 90 days, 10 % from 4."""
    return programme((0, 500), (2, 700), (4, 1000))


@pytest.fixture
def alice(superapp: UUID) -> UUID:
    return agent()


@pytest.fixture
def bob(superapp: UUID) -> UUID:
    return agent()


Draft = Callable[..., int]


@pytest.fixture
def draft(superapp: UUID) -> Draft:
    """Drafts terms of the programme with these tiers; the version."""

    def make(*tiers: tuple[int, int], **limits: object) -> int:
        named = [programmes.TierRow(f"Tier {threshold}", threshold, rate) for threshold, rate in tiers]
        with transaction():
            id = programmes.draft(
                superapp,
                programmes.TermsDraft(named, **limits),  # type: ignore[arg-type]
                by=SOMEBODY,
                now=NOW,
            )
        version: int = scalar("select version from terms where id = :id", id=id)
        db.session.rollback()
        return version

    return make


Ask = Callable[..., str]


@pytest.fixture
def asked(superapp: UUID) -> Ask:
    """Asks for a back-test of the programme; its reference."""

    def ask(*versions: int, **given: object) -> str:
        with transaction():
            return backtests.ask(superapp, versions, by=SOMEBODY, now=NOW, **given)  # type: ignore[arg-type]

    return ask


@pytest.fixture
def replayed(asked: Ask) -> Ask:
    """The same, replayed to its end."""

    def ask(*versions: int, **given: object) -> str:
        reference = asked(*versions, **given)
        run(reference)
        return reference

    return ask


def run(reference: str) -> None:
    """Do its job until there is nothing left to do."""
    id = backtests.find(reference).id
    while backtests.find(reference).state in ("waiting", "running"):
        db.session.rollback()
        job.run([str(id)])
    db.session.rollback()


def results(reference: str, position: int) -> dict[UUID, tuple[int, int]]:
    """What each agent earned, and would have earned: by agent."""
    test = backtests.find(reference)
    found: Sequence[object] = backtests.agents(test.id, position).first(1000)
    db.session.rollback()
    return {row.agent_id: (row.old_cost, row.new_cost) for row in found}  # type: ignore[attr-defined]
