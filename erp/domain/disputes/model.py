"""Tables of disputes: what agents object to, the words of both sides, and what mended it."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db

KINDS = "kind in ('missing', 'wrong', 'refused')"
ROLES = "role in ('admin', 'manager', 'finance', 'support')"
OUTCOMES = "outcome in ('stay', 'uphold', 'reject')"


class DisputeRule(db.Model):
    """The owner's choice for each kind: who decides, in how many days, and what happens if nobody does.

    It counts for disputes that are opened after it was made.
    """

    __tablename__ = "dispute_rule"
    kind: so.Mapped[str] = so.mapped_column(primary_key=True)
    role: so.Mapped[str]
    days: so.Mapped[int]
    outcome: so.Mapped[str]
    changed_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.CheckConstraint(KINDS, name="kind"),
        sa.CheckConstraint(ROLES, name="role"),
        sa.CheckConstraint("days between 1 and 365", name="days"),
        sa.CheckConstraint(OUTCOMES, name="outcome"),
    )


class Dispute(db.Model):
    """An agent objects: something earned nothing (`missing`), an amount is `wrong`, or something was `refused`.

    It is about a commission, payment, referral, customer, payout or place. Somebody of `role` decides until `due_at`;
    then the `outcome` does. `expected` is what the agent says the amount should be, minor units of `currency`.
    """

    __tablename__ = "dispute"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    agent_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("agent.id"), index=True)
    kind: so.Mapped[str]
    state: so.Mapped[str] = so.mapped_column(server_default=sa.text("'open'"))
    commission_id: so.Mapped[int | None] = so.mapped_column(sa.ForeignKey("commission.id"))
    payment_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("payment.id"))
    referral_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("referral.id"))
    customer_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("customer.id"))
    payout_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("payout.id"))
    establishment_id: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("establishment.id"))
    expected: so.Mapped[int | None]
    currency: so.Mapped[str | None]
    role: so.Mapped[str]
    due_at: so.Mapped[dt.datetime]
    outcome: so.Mapped[str]
    assigned_to: so.Mapped[UUID | None] = so.mapped_column(sa.ForeignKey("staff.id"))
    opened_at: so.Mapped[dt.datetime]
    opened_by: so.Mapped[str]
    decided_at: so.Mapped[dt.datetime | None]
    decided_by: so.Mapped[str | None]
    code: so.Mapped[str | None]
    __table_args__ = (
        sa.CheckConstraint(KINDS, name="kind"),
        sa.CheckConstraint("state in ('open', 'upheld', 'partly', 'rejected')", name="state"),
        sa.CheckConstraint(ROLES, name="role"),
        sa.CheckConstraint(OUTCOMES, name="outcome"),
        sa.CheckConstraint(
            "(expected is null) = (currency is null) and (expected is null or expected > 0)", name="expected"
        ),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at is null) and (decided_at is null) = (decided_by is null)"
            " and (decided_at is null) = (code is null)",
            name="decided",
        ),
        sa.Index("dispute_open_idx", "due_at", postgresql_where=sa.text("state = 'open'")),
        *(
            sa.Index(
                f"dispute_one_open_per_{name}",
                f"{name}_id",
                "agent_id",
                unique=True,
                postgresql_where=sa.text(f"state = 'open' and {name}_id is not null"),
            )
            for name in ("commission", "payout")
        ),
    )


class DisputeMessage(db.Model):
    """What one side wrote, encrypted for the agent; `told_at`: when the agent was sent word of it."""

    __tablename__ = "dispute_message"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    dispute_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("dispute.id"), index=True)
    kind: so.Mapped[str]
    text_cipher: so.Mapped[bytes]
    written_at: so.Mapped[dt.datetime]
    written_by: so.Mapped[str]
    told_at: so.Mapped[dt.datetime | None]
    __table_args__ = (sa.CheckConstraint("kind in ('message', 'decision')", name="kind"),)


class DisputeRemedy(db.Model):
    """A deed that mends what an upheld dispute found wrong; `subject` is the referral, case or reversal it made."""

    __tablename__ = "dispute_remedy"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    dispute_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("dispute.id"), index=True)
    kind: so.Mapped[str]
    subject: so.Mapped[str]
    done_at: so.Mapped[dt.datetime]
    done_by: so.Mapped[str]
    __table_args__ = (sa.CheckConstraint("kind in ('attribution', 'transfer', 'correction')", name="kind"),)
