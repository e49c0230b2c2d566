"""Payout runs, the transfers in them, the commissions each transfer pays, and the attempts at the bank."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.domain.payouts import rules
from erp.kernel.db import db


def one_of(words: tuple[str, ...]) -> str:
    """The check that a state is one of `words`."""
    return f"state in ({', '.join(repr(str(word)) for word in words)})"


class PayoutRun(db.Model):
    """Payouts prepared by one person, approved by another, and executed together."""

    __tablename__ = "payout_run"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    state: so.Mapped[str] = so.mapped_column(server_default="draft")
    currency: so.Mapped[str]
    note: so.Mapped[str] = so.mapped_column(server_default="")
    prepared_by: so.Mapped[str]
    prepared_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    approved_by: so.Mapped[str | None]
    approved_at: so.Mapped[dt.datetime | None]
    ended_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.CheckConstraint(one_of(tuple(rules.RunState)), name="state"),
        sa.CheckConstraint("approved_by <> prepared_by", name="two_people"),
        sa.CheckConstraint("(approved_by is null) = (approved_at is null)", name="approved_at"),
        sa.CheckConstraint("approved_by is not null or state in ('draft', 'cancelled')", name="approved_by"),
    )


class Payout(db.Model):
    """One transfer to one agent. Phone and bank are as they were when it was prepared.

    `amount` is what the agent has earned; of it `tax_withheld` is kept back for the state and the rest is transferred.
    `contributions` are what the owner pays on top.
    """

    __tablename__ = "payout"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    run_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("payout_run.id"), index=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"), index=True)
    amount: so.Mapped[int]
    currency: so.Mapped[str]
    state: so.Mapped[str] = so.mapped_column(server_default="prepared")
    state_at: so.Mapped[dt.datetime]
    bank_member_id: so.Mapped[str]
    bank_name: so.Mapped[str]
    phone_cipher: so.Mapped[bytes]
    failure_code: so.Mapped[str | None]
    failure_note: so.Mapped[str | None]
    prepared_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    paid_at: so.Mapped[dt.datetime | None]
    tax_withheld: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    contributions: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    __table_args__ = (
        sa.CheckConstraint("tax_withheld >= 0 and tax_withheld < amount", name="tax_withheld"),
        sa.CheckConstraint("contributions >= 0", name="contributions"),
        sa.Index(
            "one_open_payout_per_agent",
            "agent_id",
            "currency",
            unique=True,
            postgresql_where=sa.text("state not in ('paid', 'failed', 'returned', 'withdrawn')"),
        ),
        sa.Index("payout_waiting_idx", "state", postgresql_where=sa.text("state in ('failed', 'unknown')")),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint(one_of(tuple(rules.State)), name="state"),
        sa.CheckConstraint("(state in ('paid', 'returned')) = (paid_at is not null)", name="paid_at"),
        sa.CheckConstraint("state <> 'failed' or failure_code is not null", name="failure_code"),
    )


class PayoutLine(db.Model):
    """How much of a commission a payout pays; the lines of a payout sum to its amount."""

    __tablename__ = "payout_line"
    payout_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("payout.id"), primary_key=True)
    commission_id: so.Mapped[int] = so.mapped_column(
        sa.ForeignKey("commission.id"), primary_key=True, index=True
    )
    amount: so.Mapped[int]
    __table_args__ = (sa.CheckConstraint("amount > 0", name="amount"),)


class PayoutSettlement(db.Model):
    """What one person found out at the bank about an attempt of which it does not say what became; it holds when a
    second person confirms it. The newest counts, older ones were `replaced_at`."""

    __tablename__ = "payout_settlement"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    attempt_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("payout_attempt.id"))
    found: so.Mapped[str]
    provider_payment_id: so.Mapped[str | None]
    note: so.Mapped[str]
    proposed_by: so.Mapped[str]
    proposed_at: so.Mapped[dt.datetime]
    replaced_at: so.Mapped[dt.datetime | None]
    confirmed_by: so.Mapped[str | None]
    confirmed_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.Index(
            "one_standing_settlement_per_attempt",
            "attempt_id",
            unique=True,
            postgresql_where=sa.text("replaced_at is null"),
        ),
        sa.CheckConstraint("found in ('paid', 'not_sent')", name="found"),
        sa.CheckConstraint("found <> 'paid' or provider_payment_id is not null", name="number"),
        sa.CheckConstraint("note <> ''", name="note"),
        sa.CheckConstraint("confirmed_by <> proposed_by", name="two_people"),
        sa.CheckConstraint("(confirmed_by is null) = (confirmed_at is null)", name="confirmed"),
        sa.CheckConstraint("replaced_at is null or confirmed_at is null", name="replaced"),
    )


class PayoutAttempt(db.Model):
    """One key (the bank's OrderId) under which a payout was tried. The money leaves at most once under a key."""

    __tablename__ = "payout_attempt"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    payout_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("payout.id"))
    number: so.Mapped[int]
    key: so.Mapped[str] = so.mapped_column(unique=True)
    provider: so.Mapped[str] = so.mapped_column(server_default="tbank")
    terminal_key: so.Mapped[str]
    provider_payment_id: so.Mapped[str | None]
    state: so.Mapped[str] = so.mapped_column(server_default="begun")
    checked_until: so.Mapped[dt.datetime | None]
    recipient_name_cipher: so.Mapped[bytes | None]
    name_match: so.Mapped[bool | None]
    error_code: so.Mapped[str | None]
    times_asked: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    begun_at: so.Mapped[dt.datetime]
    sent_at: so.Mapped[dt.datetime | None]
    ended_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("payout_id", "number"),
        sa.UniqueConstraint("provider", "provider_payment_id"),
        sa.Index(
            "one_live_attempt_per_payout",
            "payout_id",
            unique=True,
            postgresql_where=sa.text(one_of(rules.LIVE_ATTEMPTS)),
        ),
        sa.CheckConstraint(one_of(tuple(rules.AttemptState)), name="state"),
        sa.CheckConstraint("length(key) <= 36", name="key"),
        sa.CheckConstraint(
            "(state in ('paid', 'rejected', 'abandoned')) = (ended_at is not null)", name="ended_at"
        ),
        sa.CheckConstraint("state <> 'paid' or sent_at is not null", name="sent_at"),
    )
