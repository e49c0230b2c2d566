"""Tables of what is distributed and on which terms."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db


class Programme(db.Model):
    """What is distributed, in one currency, with calendar windows in one zone."""

    __tablename__ = "programme"
    id: so.Mapped[UUID] = so.mapped_column(sa.Uuid(), primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    key: so.Mapped[str] = so.mapped_column(unique=True)
    name: so.Mapped[str]
    currency: so.Mapped[str]
    zone: so.Mapped[str]
    created_at: so.Mapped[dt.datetime]
    notice_days: so.Mapped[int] = so.mapped_column(server_default=sa.text("14"))
    """How long before referrals move to other terms their agents must be told."""
    has_uncommon_terms: so.Mapped[bool] = so.mapped_column(server_default=sa.text("false"))
    """Whether terms were ever in force, or about to be, that count otherwise than connections over rolling days, or have
    a rule for some payments, up to a cap of the customer or with a condition. A trigger notes it."""
    __table_args__ = (
        sa.CheckConstraint("notice_days between 1 and 365", name="notice_days"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        sa.CheckConstraint("key ~ '^[a-z0-9-]+$'", name="key"),
    )


class Terms(db.Model):
    """One version of a programme's rules. Draft, perhaps scheduled, then active and immutable, then retired.

    It is in force from `effective_from` on, whenever its state follows, until the next version is or it is retired.
    `revision` counts how often a draft was written, so that nobody activates or overwrites what they have not seen.
    `TermsDraft` in rules.py says what the figures mean.
    """

    __tablename__ = "terms"
    id: so.Mapped[UUID] = so.mapped_column(sa.Uuid(), primary_key=True)
    programme_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("programme.id"))
    version: so.Mapped[int]
    state: so.Mapped[str]
    note: so.Mapped[str]
    revision: so.Mapped[int] = so.mapped_column(server_default=sa.text("1"))
    measure: so.Mapped[str] = so.mapped_column(server_default="connections")
    window_kind: so.Mapped[str] = so.mapped_column(server_default="rolling")
    window_days: so.Mapped[int | None]
    retroactive: so.Mapped[bool] = so.mapped_column(server_default=sa.text("false"))
    grace_days: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    freeze_tier: so.Mapped[bool] = so.mapped_column(server_default=sa.text("false"))
    vat_bps: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    fee_bps: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    fee_minimum: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    hold_days: so.Mapped[int]
    click_window_days: so.Mapped[int]
    minimum_payout: so.Mapped[int]
    evidence: so.Mapped[str] = so.mapped_column(server_default="bank_checked")
    on_agent_closed: so.Mapped[str] = so.mapped_column(server_default="release")
    created_at: so.Mapped[dt.datetime]
    effective_from: so.Mapped[dt.datetime | None]
    activated_by: so.Mapped[str | None]
    retired_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("programme_id", "version"),
        sa.Index(
            "one_active_terms_per_programme",
            "programme_id",
            unique=True,
            postgresql_where=sa.text("state = 'active'"),
        ),
        sa.CheckConstraint("state in ('draft', 'scheduled', 'active', 'retired')", name="state"),
        sa.CheckConstraint("(state = 'draft') = (effective_from is null)", name="effective"),
        sa.CheckConstraint("(state = 'retired') = (retired_at is not null)", name="retired"),
        sa.CheckConstraint("measure in ('connections', 'revenue')", name="measure"),
        sa.CheckConstraint("window_kind in ('rolling', 'month', 'quarter', 'lifetime')", name="window_kind"),
        sa.CheckConstraint("(window_kind = 'rolling') = (window_days is not null)", name="window"),
        sa.CheckConstraint("window_days between 1 and 3650", name="window_days"),
        sa.CheckConstraint(
            "not (retroactive and (window_kind = 'rolling' or freeze_tier))", name="retroactive"
        ),
        sa.CheckConstraint("grace_days between 0 and 365", name="grace_days"),
        sa.CheckConstraint("vat_bps between 0 and 10000", name="vat_bps"),
        sa.CheckConstraint("fee_bps between 0 and 10000", name="fee_bps"),
        sa.CheckConstraint("fee_minimum >= 0", name="fee_minimum"),
        sa.CheckConstraint("hold_days between 0 and 365", name="hold_days"),
        sa.CheckConstraint("click_window_days between 0 and 365", name="click_window_days"),
        sa.CheckConstraint("minimum_payout >= 0", name="minimum_payout"),
        sa.CheckConstraint("evidence in ('bank_checked', 'attested')", name="evidence"),
        sa.CheckConstraint("on_agent_closed in ('release', 'forfeit')", name="on_agent_closed"),
    )


class Rule(db.Model):
    """One way to earn under a version of the terms; `RuleRow` in rules.py says what the figures mean."""

    __tablename__ = "rule"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    terms_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("terms.id", ondelete="CASCADE"))
    key: so.Mapped[str]
    position: so.Mapped[int] = so.mapped_column(server_default=sa.text("1"))
    kind: so.Mapped[str] = so.mapped_column(server_default="percent")
    event_kind: so.Mapped[str] = so.mapped_column(server_default="payment")
    plan: so.Mapped[str | None]
    rate_bps: so.Mapped[int | None]
    amount: so.Mapped[int | None]
    payments: so.Mapped[str] = so.mapped_column(server_default="every")
    months: so.Mapped[int | None]
    months_from: so.Mapped[str | None]
    base: so.Mapped[str] = so.mapped_column(server_default="gross")
    line_cap: so.Mapped[int | None]
    customer_cap: so.Mapped[int | None]
    monthly_cap: so.Mapped[int | None]
    condition: so.Mapped[str | None]
    condition_days: so.Mapped[int | None]
    on_cancel: so.Mapped[str] = so.mapped_column(server_default="unearned")
    cancel_days: so.Mapped[int | None]
    reward: so.Mapped[str] = so.mapped_column(server_default="money")
    __table_args__ = (
        sa.UniqueConstraint("terms_id", "key"),
        sa.CheckConstraint(
            "kind in ('percent', 'fixed')",
            name="kind",
        ),
        sa.CheckConstraint(
            "event_kind in ('payment', 'connection', 'sign_up') and (event_kind = 'payment' or kind ="
            " 'fixed')",
            name="event_kind",
        ),
        sa.CheckConstraint(
            "plan is null or (event_kind = 'payment' and plan <> '')",
            name="plan",
        ),
        sa.CheckConstraint(
            "rate_bps is null or (kind = 'percent' and rate_bps between 0 and 10000)",
            name="rate_bps",
        ),
        sa.CheckConstraint(
            "(kind = 'fixed') = (amount is not null) and coalesce(amount > 0, true)",
            name="amount",
        ),
        sa.CheckConstraint(
            "payments in ('every', 'first') and (payments = 'every' or event_kind = 'payment')",
            name="payments",
        ),
        sa.CheckConstraint(
            "(months is null) = (months_from is null) and (months is null or (months between 1 and 600"
            " and months_from in ('first_payment', 'sign_up') and event_kind = 'payment' and payments = 'every'))",
            name="months",
        ),
        sa.CheckConstraint(
            "base in ('gross', 'net_of_vat', 'net_of_fee')",
            name="base",
        ),
        sa.CheckConstraint(
            "line_cap > 0",
            name="line_cap",
        ),
        sa.CheckConstraint(
            "customer_cap > 0",
            name="customer_cap",
        ),
        sa.CheckConstraint(
            "monthly_cap > 0",
            name="monthly_cap",
        ),
        sa.CheckConstraint(
            "(condition is null) = (condition_days is null) and (condition is null or (event_kind <> 'payment'"
            " and condition in ('first_payment', 'stays') and condition_days between 1 and 3650))",
            name="condition",
        ),
        sa.CheckConstraint(
            "on_cancel in ('nothing', 'unearned', 'all')",
            name="on_cancel",
        ),
        sa.CheckConstraint(
            "(on_cancel = 'all') = (cancel_days is not null) and coalesce(cancel_days between 1 and"
            " 3650, true)",
            name="cancel_days",
        ),
        sa.CheckConstraint(
            "reward in ('money', 'credit')",
            name="reward",
        ),
    )


class Tier(db.Model):
    """A row of the tier schedule: from a volume of `threshold` on, percent rules pay `rate_bps`."""

    __tablename__ = "tier"
    terms_id: so.Mapped[UUID] = so.mapped_column(
        sa.ForeignKey("terms.id", ondelete="CASCADE"), primary_key=True
    )
    position: so.Mapped[int] = so.mapped_column(primary_key=True)
    name: so.Mapped[str]
    threshold: so.Mapped[int]
    rate_bps: so.Mapped[int]
    __table_args__ = (
        sa.UniqueConstraint("terms_id", "threshold"),
        sa.CheckConstraint("position >= 1 and (position > 1 or threshold = 0)", name="position"),
        sa.CheckConstraint("threshold >= 0", name="threshold"),
        sa.CheckConstraint("rate_bps between 0 and 10000", name="rate_bps"),
    )
