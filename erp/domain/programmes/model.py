"""Tables of what is distributed and on which terms."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db


class Programme(db.Model):
    """What is distributed, in one currency, with calendar windows in one zone."""

    __tablename__ = "programme"
    id: so.Mapped[UUID] = so.mapped_column(sa.Uuid(), primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    key: so.Mapped[str] = so.mapped_column(unique=True)
    name: so.Mapped[str]
    currency: so.Mapped[str]
    zone: so.Mapped[str]
    created_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        sa.CheckConstraint("key ~ '^[a-z0-9-]+$'", name="key"),
    )


class Terms(db.Model):
    """One version of a programme's rules. Draft, then active and immutable, then retired.

    `revision` counts how often a draft was written, so that nobody activates or overwrites what they have not seen.
    """

    __tablename__ = "terms"
    id: so.Mapped[UUID] = so.mapped_column(sa.Uuid(), primary_key=True)
    programme_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("programme.id"))
    version: so.Mapped[int]
    state: so.Mapped[str]
    note: so.Mapped[str]
    revision: so.Mapped[int] = so.mapped_column(server_default=sa.text("1"))
    window_days: so.Mapped[int]
    hold_days: so.Mapped[int]
    click_window_days: so.Mapped[int]
    minimum_payout: so.Mapped[int]
    evidence: so.Mapped[str] = so.mapped_column(server_default="bank_checked")
    on_agent_closed: so.Mapped[str] = so.mapped_column(server_default="release")
    created_at: so.Mapped[dt.datetime]
    effective_from: so.Mapped[dt.datetime | None]
    activated_by: so.Mapped[str | None]
    retired_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("programme_id", "version"),
        sa.Index(
            "one_active_terms_per_programme",
            "programme_id",
            unique=True,
            postgresql_where=sa.text("state = 'active'"),
        ),
        sa.CheckConstraint("state in ('draft', 'active', 'retired')", name="state"),
        sa.CheckConstraint("(state = 'draft') = (effective_from is null)", name="effective"),
        sa.CheckConstraint("(state = 'retired') = (retired_at is not null)", name="retired"),
        sa.CheckConstraint("window_days between 1 and 3650", name="window_days"),
        sa.CheckConstraint("hold_days between 0 and 365", name="hold_days"),
        sa.CheckConstraint("click_window_days between 0 and 365", name="click_window_days"),
        sa.CheckConstraint("minimum_payout >= 0", name="minimum_payout"),
        sa.CheckConstraint("evidence in ('bank_checked', 'attested')", name="evidence"),
        sa.CheckConstraint("on_agent_closed in ('release', 'forfeit')", name="on_agent_closed"),
    )


class Rule(db.Model):
    """What earns: a share of every payment at the rate of the agent's tier, up to `monthly_cap` a calendar month."""

    __tablename__ = "rule"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    terms_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("terms.id", ondelete="CASCADE"))
    key: so.Mapped[str]
    event_kind: so.Mapped[str]
    monthly_cap: so.Mapped[int | None]
    __table_args__ = (
        sa.UniqueConstraint("terms_id", "key"),
        sa.CheckConstraint("event_kind = 'payment'", name="event_kind"),
        sa.CheckConstraint("monthly_cap > 0", name="monthly_cap"),
    )


class Tier(db.Model):
    """A row of the tier schedule: from `threshold` connections within the window, `rate_bps` of what is paid."""

    __tablename__ = "tier"
    terms_id: so.Mapped[UUID] = so.mapped_column(
        sa.ForeignKey("terms.id", ondelete="CASCADE"), primary_key=True
    )
    position: so.Mapped[int] = so.mapped_column(primary_key=True)
    name: so.Mapped[str]
    threshold: so.Mapped[int]
    rate_bps: so.Mapped[int]
    __table_args__ = (
        sa.UniqueConstraint("terms_id", "threshold"),
        sa.CheckConstraint("position >= 1 and (position > 1 or threshold = 0)", name="position"),
        sa.CheckConstraint("threshold >= 0", name="threshold"),
        sa.CheckConstraint("rate_bps between 0 and 10000", name="rate_bps"),
    )
