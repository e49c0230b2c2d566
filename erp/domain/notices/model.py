"""The table of notices."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db


class Notice(db.Model):
    """An agent is told of terms: `announced_at` they can read it in RefAPP, `told_at` a text has gone to their phone."""

    __tablename__ = "notice"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"))
    programme_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("programme.id"))
    kind: so.Mapped[str]
    terms_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("terms.id", ondelete="CASCADE"))
    rerate_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("rerate.id"))
    from_at: so.Mapped[dt.datetime]
    announced_at: so.Mapped[dt.datetime]
    told_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.CheckConstraint("kind in ('terms', 'terms_off', 'rerate', 'rerate_off')", name="kind"),
        sa.CheckConstraint("(kind in ('rerate', 'rerate_off')) = (rerate_id is not null)", name="rerate"),
        sa.Index(
            "notice_once_of_terms",
            "terms_id",
            "agent_id",
            "kind",
            "from_at",
            unique=True,
            postgresql_where=sa.text("rerate_id is null"),
        ),
        sa.Index(
            "notice_once_of_rerate",
            "rerate_id",
            "agent_id",
            "kind",
            unique=True,
            postgresql_where=sa.text("rerate_id is not null"),
        ),
        sa.Index(None, "agent_id", "announced_at", "id"),
    )
