"""Commission lines, and beside them what happened to them later. Only `commission_book` in SQL writes lines."""

from __future__ import annotations

import datetime as dt
from typing import Any
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
    event_id: so.Mapped[int]
    rule_id: so.Mapped[int]
    agent_id: so.Mapped[UUID]
    referral_id: so.Mapped[UUID]
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
        sa.Index(
            "commission_agent_time_idx",
            "agent_id",
            "programme_id",
            "occurred_at",
            "event_id",
            postgresql_where=sa.text("kind <> 'reversal'"),
        ),
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
    """An accrual that is not available yet; with a `reason` it is frozen, and `freeze_id` says by what.

    With a `deadline` it waits for the condition of a bonus, which fails then; `until` does not end it before. A line
    that was frozen after it had matured has a hold as long as the freeze lasts.
    """

    __tablename__ = "hold"
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), primary_key=True)
    agent_id: so.Mapped[UUID]
    until: so.Mapped[dt.datetime]
    deadline: so.Mapped[dt.datetime | None]
    reason: so.Mapped[str | None]
    freeze_id: so.Mapped[int | None] = so.mapped_column(sa.ForeignKey("commission_freeze.id"))
    __table_args__ = (
        sa.Index("hold_freeze_id_idx", "freeze_id", postgresql_where=sa.text("freeze_id is not null")),
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


RULES = "rule in ('attribution_case', 'agent_suspended', 'agent_closed', 'by_hand')"
OUTCOMES = "outcome in ('release', 'take_back', 'stay')"
ROLES = "role in ('admin', 'manager', 'finance')"


class FreezeRule(db.Model):
    """The owner's choice for each rule that freezes: who decides, in how many days, and what happens if nobody does.

    It counts for the freezes that begin after it was made.
    """

    __tablename__ = "freeze_rule"
    rule: so.Mapped[str] = so.mapped_column(primary_key=True)
    role: so.Mapped[str]
    days: so.Mapped[int]
    outcome: so.Mapped[str]
    changed_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.CheckConstraint(RULES, name="rule"),
        sa.CheckConstraint(ROLES, name="role"),
        sa.CheckConstraint("days between 1 and 365", name="days"),
        sa.CheckConstraint(OUTCOMES, name="outcome"),
    )


class Freeze(db.Model):
    """A line is frozen by a rule, on evidence, until somebody of `role` decides; at `due_at` the `outcome` decides.

    It was `taken_from` pending, available or credit, and goes back there. `amount` is what moved then; nothing for a line that
    accrued frozen. It ends with a release or a forfeiture.
    """

    __tablename__ = "commission_freeze"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), index=True)
    agent_id: so.Mapped[UUID]
    rule: so.Mapped[str]
    evidence: so.Mapped[dict[str, Any]]
    role: so.Mapped[str]
    due_at: so.Mapped[dt.datetime]
    outcome: so.Mapped[str]
    code: so.Mapped[str | None]
    note: so.Mapped[str | None]
    taken_from: so.Mapped[str]
    amount: so.Mapped[int]
    frozen_at: so.Mapped[dt.datetime]
    frozen_by: so.Mapped[str]
    transaction_id: so.Mapped[int | None]
    __table_args__ = (
        sa.CheckConstraint(RULES, name="rule"),
        sa.CheckConstraint(ROLES, name="role"),
        sa.CheckConstraint(OUTCOMES, name="outcome"),
        sa.CheckConstraint("taken_from in ('pending', 'available', 'credit')", name="taken_from"),
        sa.CheckConstraint(
            "(rule = 'by_hand') = (code is not null) and (code is null) = (note is null)", name="code"
        ),
        sa.CheckConstraint("amount >= 0 and (transaction_id is null) = (amount = 0)", name="transaction_id"),
    )


class Release(db.Model):
    """A frozen accrual was let go: back to where it had been taken from. With a `code` and a note when by hand."""

    __tablename__ = "release"
    freeze_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission_freeze.id"), primary_key=True)
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), index=True)
    reason: so.Mapped[str]
    amount: so.Mapped[int]
    released_at: so.Mapped[dt.datetime]
    released_by: so.Mapped[str]
    transaction_id: so.Mapped[int | None]
    code: so.Mapped[str | None]
    note: so.Mapped[str | None]
    __table_args__ = (
        sa.CheckConstraint("amount >= 0 and (transaction_id is null) = (amount = 0)", name="transaction_id"),
    )


class Forfeiture(db.Model):
    """What was frozen went back to the owner: `amount` of an accrual, because the terms say so of closed agents, or
    because nobody had decided by the deadline."""

    __tablename__ = "forfeiture"
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), primary_key=True)
    freeze_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission_freeze.id"), unique=True)
    reason: so.Mapped[str]
    amount: so.Mapped[int]
    forfeited_at: so.Mapped[dt.datetime]
    forfeited_by: so.Mapped[str]
    transaction_id: so.Mapped[int | None]
    code: so.Mapped[str | None]
    __table_args__ = (
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.CheckConstraint("(transaction_id is null) = (amount = 0)", name="transaction_id"),
    )


class CommissionDecision(db.Model):
    """Somebody took back `amount` of an accrual, for a coded `reason`; the event tells the engine of it.

    One that undoes another has its amount below zero.
    """

    __tablename__ = "commission_decision"
    event_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("event.id"), primary_key=True)
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), index=True)
    amount: so.Mapped[int]
    reason: so.Mapped[str]
    note: so.Mapped[str]
    decided_by: so.Mapped[str]
    decided_at: so.Mapped[dt.datetime]
    undoes_event_id: so.Mapped[int | None] = so.mapped_column(
        sa.ForeignKey("commission_decision.event_id"), unique=True
    )
    __table_args__ = (
        sa.CheckConstraint(
            "case when undoes_event_id is null then amount > 0 else amount < 0 end", name="amount"
        ),
        sa.CheckConstraint("reason <> ''", name="reason"),
    )


class ReversalLimit(db.Model):
    """Above `amount` a second person is needed to take a commission back by hand; without a row, always."""

    __tablename__ = "reversal_limit"
    currency: so.Mapped[str] = so.mapped_column(primary_key=True)
    amount: so.Mapped[int]
    changed_at: so.Mapped[dt.datetime | None]
    __table_args__ = (sa.CheckConstraint("amount >= 0", name="amount"),)


class ManualReversal(db.Model):
    """Somebody asks to take back `amount` of a commission, or to undo such a reversal (`undoes`); above the limit a
    second person approves. Once it is done, `event_id` is its decision."""

    __tablename__ = "manual_reversal"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    commission_id: so.Mapped[int] = so.mapped_column(sa.ForeignKey("commission.id"), index=True)
    undoes: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("manual_reversal.id"))
    amount: so.Mapped[int]
    currency: so.Mapped[str]
    code: so.Mapped[str]
    note: so.Mapped[str]
    state: so.Mapped[str]
    proposed_by: so.Mapped[str]
    proposed_at: so.Mapped[dt.datetime]
    ended_by: so.Mapped[str | None]
    ended_at: so.Mapped[dt.datetime | None]
    event_id: so.Mapped[int | None] = so.mapped_column(
        sa.ForeignKey("commission_decision.event_id"), unique=True
    )
    __table_args__ = (
        sa.Index(
            "manual_reversal_proposed_idx", "proposed_at", postgresql_where=sa.text("state = 'proposed'")
        ),
        sa.Index(
            "manual_reversal_undone_once",
            "undoes",
            unique=True,
            postgresql_where=sa.text("undoes is not null and state <> 'withdrawn'"),
        ),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("state in ('proposed', 'done', 'withdrawn')", name="state"),
        sa.CheckConstraint(
            "(state = 'proposed') = (ended_at is null) and (ended_at is null) = (ended_by is null)"
            " and (state = 'done') = (event_id is not null)",
            name="ended",
        ),
    )
