"""The books: accounts, and two-sided entries that nobody changes. Only `ledger_post` in SQL writes them."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db

HOUSE = UUID(int=0)
"""Holds the owner's accounts, which have no agent."""


AGENT_KINDS = ("pending", "available", "frozen", "in_payout", "credit")
"""Accounts of an agent: what waits, what may be paid, what a person must decide on, what is leaving, and rewards that
are spent with the owner and never paid out."""
OWNER_KINDS = (
    "clearing",
    "bank",
    "revenue",
    "vat",
    "fee",
    "expense",
    "contributions",
    "payable",
    "tax_withheld",
    "bad_debt",
)
"""Accounts of the owner: all writers meet there, so they keep no balance and are summed."""


WRITE_OFF_REASONS = ("uncollectable", "agent_gone", "too_small", "our_mistake")
"""Why a debt is given up."""


def listed(kinds: tuple[str, ...]) -> str:
    """Kinds as a list in SQL."""
    return ", ".join(f"'{kind}'" for kind in kinds)


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
            f"case when agent_id = '{HOUSE}' then kind in ({listed(OWNER_KINDS)})"
            f" else kind in ({listed(AGENT_KINDS)}) end",
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
        sa.Index("entry_booked_at_idx", "booked_at", postgresql_using="brin"),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("debit_account_id <> credit_account_id", name="sides"),
    )


class WriteOff(db.Model):
    """A debt of an agent that one person asks to give up and another approves or refuses; `transaction_id` booked it."""

    __tablename__ = "write_off"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(index=True)
    amount: so.Mapped[int]
    currency: so.Mapped[str]
    reason: so.Mapped[str]
    note: so.Mapped[str]
    state: so.Mapped[str] = so.mapped_column(server_default="asked")
    asked_by: so.Mapped[str]
    asked_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    decided_by: so.Mapped[str | None]
    decided_at: so.Mapped[dt.datetime | None]
    decision_note: so.Mapped[str | None]
    transaction_id: so.Mapped[int | None]
    __table_args__ = (
        sa.Index(
            "one_open_write_off_per_agent",
            "agent_id",
            "currency",
            unique=True,
            postgresql_where=sa.text("state = 'asked'"),
        ),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint(f"reason in ({listed(WRITE_OFF_REASONS)})", name="reason"),
        sa.CheckConstraint("note <> ''", name="note"),
        sa.CheckConstraint("state in ('asked', 'approved', 'refused')", name="state"),
        sa.CheckConstraint("(state = 'asked') = (decided_by is null)", name="decided_by"),
        sa.CheckConstraint("(decided_by is null) = (decided_at is null)", name="decided_at"),
        sa.CheckConstraint("state <> 'approved' or decided_by <> asked_by", name="two_people"),
        sa.CheckConstraint("(state = 'approved') = (transaction_id is not null)", name="transaction_id"),
    )


class PeriodClosing(db.Model):
    """One person proposes to close a month, another approves it; a proposal may be withdrawn before that."""

    __tablename__ = "period_closing"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    month: so.Mapped[dt.date]
    note: so.Mapped[str]
    proposed_by: so.Mapped[str]
    proposed_at: so.Mapped[dt.datetime]
    withdrawn_by: so.Mapped[str | None]
    withdrawn_at: so.Mapped[dt.datetime | None]
    approved_by: so.Mapped[str | None]
    approved_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.Index(
            "one_standing_closing_per_month",
            "month",
            unique=True,
            postgresql_where=sa.text("withdrawn_at is null"),
        ),
        sa.CheckConstraint("approved_by <> proposed_by", name="two_people"),
        sa.CheckConstraint("(approved_by is null) = (approved_at is null)", name="approved"),
        sa.CheckConstraint("(withdrawn_by is null) = (withdrawn_at is null)", name="withdrawn"),
        sa.CheckConstraint("approved_at is null or withdrawn_at is null", name="ended"),
    )


class Period(db.Model):
    """A closed month of the books, by the owner's calendar; no entry is booked into it any more."""

    __tablename__ = "period"
    month: so.Mapped[dt.date] = so.mapped_column(primary_key=True)
    starts_at: so.Mapped[dt.datetime]
    ends_at: so.Mapped[dt.datetime] = so.mapped_column(unique=True)
    closing_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("period_closing.id"))
    closed_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.CheckConstraint(
            "extract(day from month) = 1 and starts_at = timezone('Europe/Moscow', month::timestamp)"
            " and ends_at = timezone('Europe/Moscow', month + interval '1 month')",
            name="month",
        ),
    )


class PeriodBalance(db.Model):
    """A line of the trial balance with which a month was closed; `closing` is opening + credit - debit."""

    __tablename__ = "period_balance"
    month: so.Mapped[dt.date] = so.mapped_column(sa.ForeignKey("period.month"), primary_key=True)
    kind: so.Mapped[str] = so.mapped_column(primary_key=True)
    currency: so.Mapped[str] = so.mapped_column(primary_key=True)
    opening: so.Mapped[int]
    debit: so.Mapped[int]
    credit: so.Mapped[int]
    closing: so.Mapped[int]
    __table_args__ = (sa.CheckConstraint("closing = opening + credit - debit", name="closing"),)
