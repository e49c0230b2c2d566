"""The table of people who work in RefERP."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.domain.staff import rules
from erp.kernel import sentences
from erp.kernel.db import db
from erp.kernel.permissions import Role

ROLES = ", ".join(f"'{role}'" for role in Role)
LANGUAGES = ", ".join(f"'{language}'" for language in sentences.LANGUAGES)
THEMES = ", ".join(f"'{theme}'" for theme in rules.THEMES)


class Staff(db.Model):
    """A person of the owner. Raising `session_version` ends every session they have.

    `language`, `theme` and `zone` are what they prefer; null leaves it to their browser. `must_change_password` is
    set while the password is one that somebody else knows.
    """

    __tablename__ = "staff"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    email: so.Mapped[str] = so.mapped_column(unique=True)
    name: so.Mapped[str]
    password_hash: so.Mapped[str]
    roles: so.Mapped[list[str]]
    active: so.Mapped[bool] = so.mapped_column(server_default=sa.true())
    session_version: so.Mapped[int] = so.mapped_column(server_default=sa.text("1"))
    created_at: so.Mapped[dt.datetime]
    deactivated_at: so.Mapped[dt.datetime | None]
    must_change_password: so.Mapped[bool] = so.mapped_column(server_default=sa.false())
    language: so.Mapped[str | None]
    theme: so.Mapped[str | None]
    zone: so.Mapped[str | None]
    __table_args__ = (
        sa.CheckConstraint("email = lower(email)", name="email"),
        sa.CheckConstraint(f"cardinality(roles) > 0 and roles <@ array[{ROLES}]", name="roles"),
        sa.CheckConstraint("active = (deactivated_at is null)", name="active"),
        sa.CheckConstraint(f"language in ({LANGUAGES})", name="language"),
        sa.CheckConstraint(f"theme in ({THEMES})", name="theme"),
    )


class SavedView(db.Model):
    """A list as one person wants to see it again: a name for a state of its address."""

    __tablename__ = "saved_view"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    staff_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("staff.id"))
    list: so.Mapped[str]
    name: so.Mapped[str]
    state: so.Mapped[str]
    saved_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.Index("one_saved_view_per_name", "staff_id", "list", sa.text("lower(name)"), unique=True),
    )
