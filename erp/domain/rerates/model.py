"""Tables of re-rates."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db


class Rerate(db.Model):
    """Referrals of one programme that somebody wants to move to `terms_id` from `from_at` on, and what was decided.

    `counted_at`: when it was known what each agent wins or loses by it; before, nobody can approve it.
    """

    __tablename__ = "rerate"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    programme_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("programme.id"), index=True)
    terms_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("terms.id"))
    from_at: so.Mapped[dt.datetime]
    code: so.Mapped[str]
    note: so.Mapped[str]
    state: so.Mapped[str] = so.mapped_column(server_default=sa.text("'proposed'"))
    proposed_by: so.Mapped[str]
    proposed_at: so.Mapped[dt.datetime]
    counted_at: so.Mapped[dt.datetime | None]
    decided_by: so.Mapped[str | None]
    decided_at: so.Mapped[dt.datetime | None]
    decision_note: so.Mapped[str | None]
    withdrawn_by: so.Mapped[str | None]
    withdrawn_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.Index(None, "state", "proposed_at"),
        sa.CheckConstraint("state in ('proposed', 'approved', 'refused', 'withdrawn')", name="state"),
        sa.CheckConstraint(
            "(decided_at is null) = (decided_by is null) and (withdrawn_at is null) = (withdrawn_by is null)"
            " and (state = 'withdrawn') = (withdrawn_at is not null)"
            " and case state when 'proposed' then decided_at is null when 'withdrawn' then true"
            " else decided_at is not null end",
            name="decided",
        ),
        sa.CheckConstraint("decided_by <> proposed_by", name="two_people"),
    )


class RerateReferral(db.Model):
    """A referral that a re-rate is for, and the terms it followed when that was proposed."""

    __tablename__ = "rerate_referral"
    rerate_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("rerate.id"), primary_key=True)
    referral_id: so.Mapped[UUID] = so.mapped_column(
        sa.ForeignKey("referral.id"), primary_key=True, index=True
    )
    terms_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("terms.id"))


class RerateAgent(db.Model):
    """What an agent's referrals of a re-rate earned in the year before it, and would have earned under its terms.

    `elsewhere` is what would have changed for the agent's other referrals, with which they share caps. In minor units.
    """

    __tablename__ = "rerate_agent"
    rerate_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("rerate.id"), primary_key=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"), primary_key=True)
    referrals: so.Mapped[int]
    earned: so.Mapped[int | None]
    would_earn: so.Mapped[int | None]
    elsewhere: so.Mapped[int | None]
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(earned, would_earn, elsewhere) in (0, 3)", name="counted"),
    )
