"""Tables of the owner's API keys and of facts from outside."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db


class ApiKey(db.Model):
    """A key of the owner's product; only its hash is kept."""

    __tablename__ = "api_key"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    name: so.Mapped[str]
    prefix: so.Mapped[str]
    key_hash: so.Mapped[bytes] = so.mapped_column(unique=True)
    created_at: so.Mapped[dt.datetime]
    revoked_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.Index(
            "one_active_api_key_per_name",
            sa.text("lower(name)"),
            unique=True,
            postgresql_where=sa.text("revoked_at is null"),
        ),
    )


class Event(db.Model):
    """A fact from outside, kept once and never changed. Commissions are computed from these rows.

    A payment may name the product `plan` that was paid for, and for how many `prepaid_days` from then on. Totals of
    refunds, chargebacks and their reversals are cumulative, each over its own kind. `transfer`, `lapse` and `decision`
    are recorded by ourselves: a customer went to another agent, the condition of a bonus was not met in time, and
    somebody took back a commission.
    """

    __tablename__ = "event"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    source: so.Mapped[str]
    source_id: so.Mapped[str]
    kind: so.Mapped[str]
    customer_id: so.Mapped[UUID]
    payment_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("payment.id"))
    amount: so.Mapped[int | None]
    currency: so.Mapped[str | None]
    evidence: so.Mapped[str]
    occurred_at: so.Mapped[dt.datetime]
    recorded_at: so.Mapped[dt.datetime] = so.mapped_column(server_default=sa.text("ref_now()"))
    original_event_id: so.Mapped[int | None]
    refunded_total: so.Mapped[int | None]
    plan: so.Mapped[str | None]
    prepaid_days: so.Mapped[int | None]
    __table_args__ = (
        sa.UniqueConstraint("source", "source_id"),
        sa.Index(None, "customer_id", "occurred_at"),
        sa.Index(None, "payment_id", postgresql_where=sa.text("payment_id is not null")),
        sa.Index(None, "original_event_id", postgresql_where=sa.text("original_event_id is not null")),
        sa.CheckConstraint(
            "kind in ('sign_up', 'connection', 'payment', 'refund', 'chargeback', 'chargeback_reversal',"
            " 'cancellation', 'transfer', 'lapse', 'decision')",
            name="kind",
        ),
        sa.CheckConstraint("evidence in ('bank_checked', 'attested')", name="evidence"),
        sa.CheckConstraint("(amount is null) = (currency is null)", name="currency"),
        sa.CheckConstraint(
            "coalesce(amount > 0, kind not in ('payment', 'refund', 'chargeback', 'chargeback_reversal'))",
            name="amount",
        ),
        sa.CheckConstraint(
            "kind not in ('refund', 'chargeback', 'chargeback_reversal')"
            " or (original_event_id is not null and coalesce(refunded_total, 0) > 0)",
            name="refund",
        ),
        sa.CheckConstraint(
            "kind not in ('lapse', 'decision') or original_event_id is not null", name="original"
        ),
        sa.CheckConstraint(
            "prepaid_days is null or (prepaid_days > 0 and kind = 'payment')", name="prepaid_days"
        ),
    )
