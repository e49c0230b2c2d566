"""The table of people who work in RefERP."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db
from erp.kernel.permissions import Role

ROLES = ", ".join(f"'{role}'" for role in Role)


class Staff(db.Model):
    """A person of the owner. Raising `session_version` ends every session they have."""

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
    __table_args__ = (
        sa.CheckConstraint("email = lower(email)", name="email"),
        sa.CheckConstraint(f"cardinality(roles) > 0 and roles <@ array[{ROLES}]", name="roles"),
        sa.CheckConstraint("active = (deactivated_at is null)", name="active"),
    )
