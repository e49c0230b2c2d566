"""Tables of back-tests: what was asked, the terms it pinned, its batches, and what came out for each agent and month."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so
from sqlalchemy.dialects import postgresql

from erp.kernel.db import db


class BackTest(db.Model):
    """Versions of a programme's terms against its history as it was known at `asked_at`: facts up to
    `last_event_id`, referrals up to `last_referral_id`.

    Counted is what customers did from `since` on, before `before`; an open end is None. `agent_ids` narrows it.
    """

    __tablename__ = "back_test"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    programme_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("programme.id"), index=True)
    note: so.Mapped[str]
    since: so.Mapped[dt.datetime | None]
    before: so.Mapped[dt.datetime | None]
    agent_ids: so.Mapped[list[UUID] | None] = so.mapped_column(postgresql.ARRAY(sa.Uuid()))
    last_event_id: so.Mapped[int]
    last_referral_id: so.Mapped[UUID]
    state: so.Mapped[str] = so.mapped_column(server_default=sa.text("'waiting'"))
    asked_by: so.Mapped[str]
    asked_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    started_at: so.Mapped[dt.datetime | None]
    ended_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.CheckConstraint("state in ('waiting', 'running', 'done', 'cancelled')", name="state"),
        sa.CheckConstraint("(ended_at is not null) = (state in ('done', 'cancelled'))", name="ended_at"),
    )


def _of_back_test() -> so.MappedColumn[UUID]:
    return so.mapped_column(sa.ForeignKey("back_test.id", ondelete="CASCADE"), primary_key=True)


class BackTestVersion(db.Model):
    """A version of the terms as it stood when the back-test was asked for; the draft itself may change meanwhile.

    `was` is its state then, `pinned` how many referrals were made under it.
    """

    __tablename__ = "back_test_version"
    back_test_id: so.Mapped[UUID] = _of_back_test()
    position: so.Mapped[int] = so.mapped_column(primary_key=True)
    terms_id: so.Mapped[UUID]
    version: so.Mapped[int]
    revision: so.Mapped[int]
    was: so.Mapped[str]
    pinned: so.Mapped[int]
    terms: so.Mapped[dict[str, Any]]
    rules: so.Mapped[dict[str, Any]]
    tiers: so.Mapped[dict[str, Any]]
    __table_args__ = (sa.CheckConstraint("position between 1 and 4", name="position"),)


class BackTestBatch(db.Model):
    """Agents from `first_agent_id` to `last_agent_id`, whose `facts` are replayed in one transaction."""

    __tablename__ = "back_test_batch"
    back_test_id: so.Mapped[UUID] = _of_back_test()
    number: so.Mapped[int] = so.mapped_column(primary_key=True)
    first_agent_id: so.Mapped[UUID]
    last_agent_id: so.Mapped[UUID]
    agents: so.Mapped[int]
    facts: so.Mapped[int]
    done_at: so.Mapped[dt.datetime | None]


class BackTestAgent(db.Model):
    """What an agent's customers paid (`received`: less what went back), the bank's `fee` on it by the tariff of the
    terms, and what is `booked` for it; `unequal` lines are booked otherwise than their own terms say.

    Of a shared customer an agent has their share. That there is such a back-test, and that its rows go with it, is seen to
    by triggers, once a statement.
    """

    __tablename__ = "back_test_agent"
    back_test_id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    payments: so.Mapped[int]
    received: so.Mapped[int]
    fee: so.Mapped[int]
    booked: so.Mapped[int]
    unequal: so.Mapped[int]


class BackTestResult(db.Model):
    """What an agent earns under a version; position 0 are the terms that each referral is pinned to.

    `cost` is `accrued` and the negative `taken_back` together, `cost_of_new` the part of it for customers who signed
    up within the span. `tier` is that of the agent's latest line. Triggers stand for the foreign key, as above.
    """

    __tablename__ = "back_test_result"
    back_test_id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    position: so.Mapped[int] = so.mapped_column(primary_key=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    lines: so.Mapped[int]
    accrued: so.Mapped[int]
    taken_back: so.Mapped[int]
    cost: so.Mapped[int]
    cost_of_new: so.Mapped[int]
    tier: so.Mapped[str | None]
    tier_position: so.Mapped[int | None]


class BackTestMonth(db.Model):
    """What one batch of agents costs in a calendar month of the programme's zone, by the moment of the event."""

    __tablename__ = "back_test_month"
    back_test_id: so.Mapped[UUID] = _of_back_test()
    batch: so.Mapped[int] = so.mapped_column(primary_key=True)
    position: so.Mapped[int] = so.mapped_column(primary_key=True)
    month: so.Mapped[dt.date] = so.mapped_column(primary_key=True)
    cost: so.Mapped[int]


class BackTestIncome(db.Model):
    """What one batch's customers paid in a calendar month, less what went back later, and the bank's fee on it."""

    __tablename__ = "back_test_income"
    back_test_id: so.Mapped[UUID] = _of_back_test()
    batch: so.Mapped[int] = so.mapped_column(primary_key=True)
    month: so.Mapped[dt.date] = so.mapped_column(primary_key=True)
    received: so.Mapped[int]
    fee: so.Mapped[int]
