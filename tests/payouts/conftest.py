"""Agents with commissions to be paid, two people of finance, and the bank."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from erp.domain import payouts
from erp.domain.payouts import Edge
from erp.jobs import payouts as jobs
from erp.kernel import clock
from erp.kernel.db import db, row
from erp.kernel.transaction import transaction
from tests.support.trade import FEDOR, FILIPP, Bank, agent, bank, earn, session_bank, terms  # noqa: F401  # fixtures

IVAN = "+79161000001"
"""A phone whose owner the bank calls as our agent is called."""


@pytest.fixture
def ivan(terms: None) -> UUID:  # noqa: F811
    """Иванов Иван Иванович, to whom 500 RUB of two commissions (300 and 200) are available."""
    id = agent(IVAN)
    earn(id, 300_000, 200_000)
    return id


@pytest.fixture
def edge(bank: Bank) -> Edge:  # noqa: F811
    bank.name(IVAN, "Иван Иванович И.")
    return jobs.edge()


@pytest.fixture
def approved(ivan: UUID) -> UUID:
    """The id of Ivan's payout of 500 RUB, approved."""
    return approve(prepare()).id


def prepare(agent_ids: Iterable[UUID] | None = None) -> str:
    with transaction():
        return payouts.prepare_run("RUB", agent_ids=agent_ids, by=FEDOR, now=clock.now())


def approve(run: str) -> sa.Row[Any]:
    """The first payout of the run."""
    with transaction():
        payouts.approve_run(run, by=FILIPP, now=clock.now())
    return of_run(run)[0]


def of_run(run: str) -> list[sa.Row[Any]]:
    found = list(payouts.search(run=run).page().rows)
    db.session.rollback()
    return found


def now_is(payout_id: UUID) -> sa.Row[Any]:
    """The payout as it stands now."""
    reference = row("select reference from payout where id = :id", id=payout_id)
    assert reference is not None
    found = payouts.find(reference.reference)
    db.session.rollback()
    return found


def attempts(payout_id: UUID) -> list[sa.Row[Any]]:
    found = list(payouts.attempts_of(now_is(payout_id).reference))
    db.session.rollback()
    return found


def sent(bank: Bank, payout_id: UUID) -> list[str]:  # noqa: F811
    """The keys under which the bank has sent money for a payout."""
    return [
        operation["order_id"]
        for attempt in attempts(payout_id)
        for operation in bank.operations(attempt.key)["payouts"]
        if operation["paid_at"]
    ]
