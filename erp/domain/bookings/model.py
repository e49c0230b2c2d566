"""The table of agents' claims."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db

ONE_OPEN = "booking_one_open_per_claim_group"


class Booking(db.Model):
    """An agent's exclusive claim on a place until `expires_at`. Open as long as it has not ended."""

    __tablename__ = "booking"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"))
    establishment_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("establishment.id"), index=True)
    claim_group_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("claim_group.id"))
    stage: so.Mapped[str] = so.mapped_column(server_default=sa.text("'booked'"))
    booked_at: so.Mapped[dt.datetime]
    expires_at: so.Mapped[dt.datetime]
    extended_at: so.Mapped[dt.datetime | None]
    extension_note: so.Mapped[str | None]
    ended_at: so.Mapped[dt.datetime | None]
    ending: so.Mapped[str | None]
    __table_args__ = (
        sa.Index(ONE_OPEN, "claim_group_id", unique=True, postgresql_where=sa.text("ended_at is null")),
        sa.Index(None, "claim_group_id", "booked_at"),
        sa.Index(None, "agent_id", "booked_at"),
        sa.Index("booking_due_idx", "expires_at", postgresql_where=sa.text("ended_at is null")),
        sa.CheckConstraint("stage in ('booked', 'contacted', 'meeting', 'agreed')", name="stage"),
        sa.CheckConstraint("ending in ('connected', 'released', 'expired', 'lost')", name="ending"),
        sa.CheckConstraint("(ended_at is null) = (ending is null)", name="ended"),
        sa.CheckConstraint("expires_at > booked_at and ended_at >= booked_at", name="times"),
        sa.CheckConstraint("(extended_at is null) = (extension_note is null)", name="extension"),
    )
