"""Commission lines, and beside them what happened to them later. Only `commission_book` in SQL writes lines."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db


class Commission(db.Model):
    """This event earned this agent this amount under these terms; kept for good with all that recomputes it.

    `amount` is signed minor units. `paid` is what the customer paid (0: a sign-up), `base` the agent's share of it as
    the rule takes it (gross, or net of VAT or fee) or of the fixed amount. `uncapped` is base × rate, or the base when
    there is no rate; `line_capped` what the cap of a line leaves of it, `customer_capped` what that of the customer
    leaves, `amount` what that of the month leaves. `volume` is what the tier followed from (connections, or minor
    units of revenue), `refunded` what had gone back to the customer by then. A correction names its `accrual_id` and
    the event that caused it; its figures are differences. `account` is where the amount was booked: pending, frozen,
    available or, when it is paid `in_credit`, credit; corrections of what was forfeited are booked nowhere.
    """

    __tablename__ = "commission"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    kind: so.Mapped[str]
    event_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("event.id"))
    rule_id: so.Mapped[int]
    agent_id: so.Mapped[UUID]
    referral_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("referral.id"))
    programme_id: so.Mapped[UUID]
    terms_id: so.Mapped[UUID]
    accrual_id: so.Mapped[int | None]
    cause_event_id: so.Mapped[int | None]
    amount: so.Mapped[int]
    currency: so.Mapped[str]
    paid: so.Mapped[int]
    base: so.Mapped[int]
    rate_bps: so.Mapped[int | None]
    tier_position: so.Mapped[int]
    volume: so.Mapped[int]
    uncapped: so.Mapped[int]
    line_capped: so.Mapped[int]
    customer_capped: so.Mapped[int]
    refunded: so.Mapped[int]
    in_credit: so.Mapped[bool]
    occurred_at: so.Mapped[dt.datetime]
    available_at: so.Mapped[dt.datetime]
    account: so.Mapped[str]
    transaction_id: so.Mapped[int | None]
    booked_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.Index(
            "one_accrual_per_event_rule_agent",
            "event_id",
            "rule_id",
            "agent_id",
            unique=True,
            postgresql_where=sa.text("kind = 'accrual'"),
        ),
        sa.Index(
            "one_correction_per_accrual_and_cause",
            "accrual_id",
            "kind",
            "cause_event_id",
            unique=True,
            postgresql_where=sa.text("kind <> 'accrual'"),
        ),
        sa.Index("commission_agent_time_idx", "agent_id", "programme_id", "occurred_at", "event_id"),
        sa.CheckConstraint("kind in ('accrual', 'true_up', 'reversal')", name="kind"),
        sa.CheckConstraint(
            "account in ('pending', 'frozen', 'available', 'credit', 'forfeited')", name="account"
        ),
        sa.CheckConstraint(
            "case when kind = 'accrual' then accrual_id is null and cause_event_id is null and amount >= 0"
            " else accrual_id is not null and cause_event_id is not null"
            " and (amount, uncapped, line_capped, customer_capped) <> (0, 0, 0, 0) end",
            name="correction",
        ),
        sa.CheckConstraint(
            "(transaction_id is null) = (amount = 0 or account = 'forfeited')", name="transaction_id"
        ),
    )


class Hold(db.Model):
    """An accrual that is not available yet; with a `reason` it is frozen until a person resolves it.

    With a `deadline` it waits for the condition of a bonus, which fails then; `until` does not end it before.
    """

    __tablename__ = "hold"
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), primary_key=True)
    agent_id: so.Mapped[UUID]
    until: so.Mapped[dt.datetime]
    deadline: so.Mapped[dt.datetime | None]
    reason: so.Mapped[str | None]
    __table_args__ = (
        sa.Index("hold_until_idx", "until", postgresql_where=sa.text("reason is null")),
        sa.Index("hold_deadline_idx", "deadline", postgresql_where=sa.text("deadline is not null")),
        sa.Index("hold_frozen_idx", "commission_id", postgresql_where=sa.text("reason is not null")),
    )


class Maturity(db.Model):
    """The hold of an accrual passed and `amount`, its net at that moment, became available."""

    __tablename__ = "maturity"
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), primary_key=True)
    amount: so.Mapped[int]
    matured_at: so.Mapped[dt.datetime]
    transaction_id: so.Mapped[int | None]
    __table_args__ = (
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.CheckConstraint("(transaction_id is null) = (amount = 0)", name="transaction_id"),
    )


class Release(db.Model):
    """A frozen accrual was let go: back to pending, where its hold goes on."""

    __tablename__ = "release"
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), primary_key=True)
    reason: so.Mapped[str]
    amount: so.Mapped[int]
    released_at: so.Mapped[dt.datetime]
    released_by: so.Mapped[str]
    transaction_id: so.Mapped[int | None]


class Forfeiture(db.Model):
    """What was frozen for a closed agent went back to the owner, because the terms say so: `amount` of an accrual."""

    __tablename__ = "forfeiture"
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), primary_key=True)
    reason: so.Mapped[str]
    amount: so.Mapped[int]
    forfeited_at: so.Mapped[dt.datetime]
    forfeited_by: so.Mapped[str]
    transaction_id: so.Mapped[int | None]
    __table_args__ = (
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.CheckConstraint("(transaction_id is null) = (amount = 0)", name="transaction_id"),
    )


class CommissionDecision(db.Model):
    """Somebody took back `amount` of an accrual, for a coded `reason`; the event tells the engine of it."""

    __tablename__ = "commission_decision"
    event_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("event.id"), primary_key=True)
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), index=True)
    amount: so.Mapped[int]
    reason: so.Mapped[str]
    note: so.Mapped[str]
    decided_by: so.Mapped[str]
    decided_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("reason <> ''", name="reason"),
    )
