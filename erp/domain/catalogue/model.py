"""Tables of places that may become customers."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db
from erp.kernel.paging import alphabetical


class ClaimGroup(db.Model):
    """The real place behind one or more catalogue records: what a booking is exclusive on.

    `connected_at` is set once, when the place has signed up; from then on it cannot be booked.
    """

    __tablename__ = "claim_group"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    connected_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.Index("claim_group_connected_idx", "id", postgresql_where=sa.text("connected_at is not null")),
    )


class Establishment(db.Model):
    """A place as one source describes it. `row_hash` tells whether the source has changed it since."""

    __tablename__ = "establishment"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    claim_group_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("claim_group.id"), index=True)
    name: so.Mapped[str]
    kind: so.Mapped[str | None]
    cuisine: so.Mapped[str | None]
    street: so.Mapped[str | None]
    house: so.Mapped[str | None]
    postcode: so.Mapped[str | None]
    city: so.Mapped[str | None] = so.mapped_column(index=True)
    country: so.Mapped[str | None]
    lat: so.Mapped[float | None] = so.mapped_column(sa.Double())
    lon: so.Mapped[float | None] = so.mapped_column(sa.Double())
    phone: so.Mapped[str | None]
    email: so.Mapped[str | None]
    website: so.Mapped[str | None]
    opening_hours: so.Mapped[str | None]
    source: so.Mapped[str]
    source_id: so.Mapped[str]
    row_hash: so.Mapped[bytes]
    search_text: so.Mapped[str]
    created_at: so.Mapped[dt.datetime]
    updated_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.UniqueConstraint("source", "source_id"),
        sa.Index(
            "establishment_search_text_idx",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
        sa.Index("establishment_alphabetical_idx", sa.text(alphabetical("name")), "id"),
        sa.CheckConstraint("name <> ''", name="name"),
        sa.CheckConstraint(
            "(lat is null) = (lon is null) and lat between -90 and 90 and lon between -180 and 180",
            name="position",
        ),
    )
