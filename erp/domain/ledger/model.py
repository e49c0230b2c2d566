"""The books: accounts, and two-sided entries that nobody changes. Only `ledger_post` in SQL writes them."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db

HOUSE = UUID(int=0)
"""Holds the owner's accounts, which have no agent."""


class Account(db.Model):
    """An agent's account keeps its balance (credits less debits) and counts its entries; the owner's do not."""

    __tablename__ = "account"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    agent_id: so.Mapped[UUID]
    kind: so.Mapped[str]
    currency: so.Mapped[str]
    seq: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    balance: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    __table_args__ = (
        sa.UniqueConstraint("agent_id", "kind", "currency"),
        sa.CheckConstraint(
            f"case when agent_id = '{HOUSE}' then kind in ('expense', 'bank')"
            " else kind in ('pending', 'available', 'frozen', 'in_payout') end",
            name="kind",
        ),
        sa.CheckConstraint("kind not in ('pending', 'frozen', 'in_payout') or balance >= 0", name="balance"),
    )


class Entry(db.Model):
    """`amount` from the debited to the credited account: balanced by construction.

    Lines with one `transaction_id` are one transaction and arrive in one statement. `*_seq` and `*_balance` are an
    agent's account's count and balance after the entry. `occurred_at` is the world's time, `booked_at` ours.
    """

    __tablename__ = "entry"
    transaction_id: so.Mapped[int] = so.mapped_column(primary_key=True, autoincrement=False)
    line: so.Mapped[int] = so.mapped_column(primary_key=True, autoincrement=False)
    kind: so.Mapped[str]
    reference: so.Mapped[str]
    agent_id: so.Mapped[UUID]
    debit_account_id: so.Mapped[int]
    credit_account_id: so.Mapped[int]
    amount: so.Mapped[int]
    currency: so.Mapped[str]
    occurred_at: so.Mapped[dt.datetime]
    booked_at: so.Mapped[dt.datetime]
    actor: so.Mapped[str]
    debit_seq: so.Mapped[int | None]
    debit_balance: so.Mapped[int | None]
    credit_seq: so.Mapped[int | None]
    credit_balance: so.Mapped[int | None]
    __table_args__ = (
        sa.Index(
            "entry_debit_count_idx",
            "debit_account_id",
            "debit_seq",
            unique=True,
            postgresql_where=sa.text("debit_seq is not null"),
        ),
        sa.Index(
            "entry_credit_count_idx",
            "credit_account_id",
            "credit_seq",
            unique=True,
            postgresql_where=sa.text("credit_seq is not null"),
        ),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("debit_account_id <> credit_account_id", name="sides"),
    )
