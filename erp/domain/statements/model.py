"""Sealed statements and the roots over their seals. All of it is added once and never changed, by anybody."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db


class Statement(db.Model):
    """An agent's period in the ledger, sealed: `hash` covers its cut, its entries and the hash of the one before.

    `number` counts an agent's statements from 1. A month in which nothing moved and nothing was owed has none.
    """

    __tablename__ = "statement"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"))
    number: so.Mapped[int]
    zone: so.Mapped[str]
    since: so.Mapped[dt.datetime]
    until: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    lines: so.Mapped[int]
    previous_hash: so.Mapped[str | None]
    hash: so.Mapped[str]
    sealed_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.UniqueConstraint("agent_id", "number"),
        sa.UniqueConstraint("agent_id", "until"),
        sa.CheckConstraint("since < until and until <= sealed_at", name="period"),
        sa.CheckConstraint("(number = 1) = (previous_hash is null)", name="previous_hash"),
    )


class StatementAccount(db.Model):
    """Where a statement cuts an account: its entries after number `after_seq` up to number `to_seq`."""

    __tablename__ = "statement_account"
    statement_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("statement.id"), primary_key=True)
    account_id: so.Mapped[int] = so.mapped_column(primary_key=True, autoincrement=False)
    after_seq: so.Mapped[int]
    to_seq: so.Mapped[int]
    opening: so.Mapped[int]
    closing: so.Mapped[int]
    __table_args__ = (sa.CheckConstraint("after_seq <= to_seq", name="cut"),)


class SealRoot(db.Model):
    """The seals of one sealing under one signature, made with a key that is not in the database. `id` counts from 1."""

    __tablename__ = "seal_root"
    id: so.Mapped[int] = so.mapped_column(primary_key=True, autoincrement=False)
    day: so.Mapped[dt.date]
    seals: so.Mapped[int]
    previous_hash: so.Mapped[str | None]
    hash: so.Mapped[str]
    key_id: so.Mapped[str]
    signature: so.Mapped[str]
    signed_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.CheckConstraint("seals > 0", name="seals"),
        sa.CheckConstraint("(id = 1) = (previous_hash is null)", name="previous_hash"),
    )


class RootSeal(db.Model):
    """The root that holds a statement's seal."""

    __tablename__ = "root_seal"
    statement_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("statement.id"), primary_key=True)
    root_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("seal_root.id"), index=True)
