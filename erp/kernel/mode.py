"""Mock or live is a property of the database, stamped once at its creation and never changed.

Every process compares the stamp with its own configuration before it does anything; a mock process cannot work on
live books, nor a live one on mock books, nor either with another instance's keys.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp import config
from erp.config import Settings, WrongInstance
from erp.kernel.db import db
from erp.kernel.ids import uuid7


class Instance(db.Model):
    """The stamp: one row that no role may change."""

    __tablename__ = "instance"
    one: so.Mapped[bool] = so.mapped_column(primary_key=True, server_default=sa.text("true"))
    id: so.Mapped[UUID] = so.mapped_column(sa.Uuid())
    mode: so.Mapped[str]
    fingerprint: so.Mapped[str]
    stamped_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.CheckConstraint("one", name="one"),
        sa.CheckConstraint("mode in ('mock', 'live')", name="mode"),
    )


class MockClock(db.Model):
    """How far the mock clock is from real time; a trigger refuses the row on a live database."""

    __tablename__ = "mock_clock"
    one: so.Mapped[bool] = so.mapped_column(primary_key=True, server_default=sa.text("true"))
    clock_offset: so.Mapped[dt.timedelta] = so.mapped_column(sa.Interval())
    __table_args__ = (sa.CheckConstraint("one", name="one"),)


def stamp(owner: sa.Connection, settings: Settings, clock_offset: dt.timedelta = dt.timedelta()) -> None:
    """Mark a newly migrated database as this configuration's. Does nothing to one that is marked."""
    stamped = owner.execute(
        sa.text(
            """insert into instance (id, mode, fingerprint, stamped_at)
               values (:id, :mode, :fingerprint, clock_timestamp()) on conflict do nothing"""
        ),
        {"id": uuid7(), "mode": settings.mode, "fingerprint": fingerprint(settings)},
    ).rowcount
    if stamped and settings.mode == "mock":
        owner.execute(
            sa.text("insert into mock_clock (clock_offset) values (:offset)"), {"offset": clock_offset}
        )


def verify(connection: sa.Connection, settings: Settings | None = None) -> None:
    """Raise `WrongInstance` unless the database's stamp and the configuration agree."""
    settings = settings or config.get()
    found = connection.execute(sa.text("select mode, fingerprint from instance")).one_or_none()
    if found is None:
        raise WrongInstance("the database is not stamped: run `ref migrate` once")
    if found.mode != settings.mode:
        raise WrongInstance(f"the database is {found.mode} but REF_MODE is {settings.mode}")
    if found.fingerprint != fingerprint(settings):
        raise WrongInstance(
            "the database was stamped with other keys or another bank terminal"
            " (REF_MASTER_KEY, REF_LOOKUP_KEY, REF_TBANK_TERMINAL_KEY, REF_TBANK_PAYOUT_TERMINAL_KEY,"
            " REF_TBANK_ENVIRONMENT)"
        )


def fingerprint(settings: Settings) -> str:
    """A keyed digest of the credentials that make an instance itself; reveals none of them."""
    parts = [
        settings.mode,
        settings.tbank_environment,
        settings.tbank_terminal_key,
        settings.tbank_payout_terminal_key,
        settings.lookup_key.get_secret_value(),
    ]
    key = settings.master_key.get_secret_value().encode()
    return hmac.new(key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()
