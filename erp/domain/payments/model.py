"""Orders, payments, refunds, and what the bank told us about them."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.domain.payments import rules
from erp.kernel.db import db


def one_of(column: str, words: tuple[str, ...]) -> str:
    """A check that `column` holds one of `words`."""
    return f"{column} in ({', '.join(repr(str(word)) for word in words)})"


class CustomerOrder(db.Model):
    """What a customer is asked to pay, known to the owner by `external_id`: perhaps for a product `plan`, and for so
    many `prepaid_days` from the payment on. The amount holds VAT at `vat_bps`.
    """

    __tablename__ = "customer_order"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    external_id: so.Mapped[str] = so.mapped_column(unique=True)
    customer_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("customer.id"), index=True)
    amount: so.Mapped[int]
    currency: so.Mapped[str]
    description: so.Mapped[str]
    plan: so.Mapped[str | None]
    prepaid_days: so.Mapped[int | None]
    state: so.Mapped[str] = so.mapped_column(server_default="open")
    created_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    vat_bps: so.Mapped[int]
    __table_args__ = (
        sa.CheckConstraint("vat_bps between 0 and 5000", name="vat_bps"),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("prepaid_days > 0", name="prepaid_days"),
        sa.CheckConstraint("state in ('open', 'paid', 'refunded')", name="state"),
    )


class Payment(db.Model):
    """One try to pay an order through the bank; `status` is the bank's word (see rules.PHASES).

    `bank_order_id` is what the bank knows as OrderId; it was `times_asked` to open the payment under it, and until
    `asked_until` somebody waits for its answer. An order has one current payment; an earlier one that the
    bank declined stays, and may still surprise. `fee_bps` is the acquirer's tariff when it was asked, `charged_back`
    what the payer's bank has taken back and not given again.
    """

    __tablename__ = "payment"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    order_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("customer_order.id"), index=True)
    is_current: so.Mapped[bool] = so.mapped_column(server_default=sa.text("true"))
    provider: so.Mapped[str] = so.mapped_column(server_default="tbank")
    terminal_key: so.Mapped[str]
    provider_payment_id: so.Mapped[str | None]
    bank_order_id: so.Mapped[str] = so.mapped_column(unique=True)
    amount: so.Mapped[int]
    currency: so.Mapped[str]
    status: so.Mapped[str]
    payment_url: so.Mapped[str | None]
    error_code: so.Mapped[str | None]
    refunded_total: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    attention: so.Mapped[str | None]
    created_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    confirmed_at: so.Mapped[dt.datetime | None]
    checked_at: so.Mapped[dt.datetime | None]
    fee_bps: so.Mapped[int]
    charged_back: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    times_asked: so.Mapped[int] = so.mapped_column(server_default=sa.text("1"))
    asked_until: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.CheckConstraint("fee_bps between 0 and 10000", name="fee_bps"),
        sa.CheckConstraint("charged_back between 0 and amount", name="charged_back"),
        sa.UniqueConstraint("provider", "provider_payment_id"),
        sa.Index("payment_attention_idx", "created_at", postgresql_where=sa.text("attention is not null")),
        sa.Index("payment_current_idx", "order_id", unique=True, postgresql_where=sa.text("is_current")),
        sa.Index(
            "payment_asked_about_idx",
            "created_at",
            postgresql_where=sa.text(one_of("status", tuple(sorted(rules.ASKED_ABOUT)))),
        ),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("refunded_total between 0 and amount", name="refunded_total"),
        sa.CheckConstraint("refunded_total = 0 or confirmed_at is not null", name="refunded_after_confirmed"),
        sa.CheckConstraint(one_of("status", rules.STATUSES), name="status"),
        sa.CheckConstraint(one_of("attention", tuple(rules.Attention)), name="attention"),
    )


class Refund(db.Model):
    """Money asked back from the bank for a payer, or a total a member of staff attested.

    `refunded_total_after` is the payment's cumulative refunded total once this one was done. `sent_at`: when the bank
    was first asked; `ask_again_at`: it is left alone until then, while somebody waits for its answer and after none came.
    """

    __tablename__ = "refund"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    payment_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("payment.id"), index=True)
    amount: so.Mapped[int]
    state: so.Mapped[str]
    reason: so.Mapped[str]
    external_request_id: so.Mapped[str] = so.mapped_column(unique=True)
    asked_by: so.Mapped[str]
    asked_at: so.Mapped[dt.datetime]
    sent_at: so.Mapped[dt.datetime | None]
    times_asked: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    ask_again_at: so.Mapped[dt.datetime | None]
    ended_at: so.Mapped[dt.datetime | None]
    refunded_total_after: so.Mapped[int | None]
    error_code: so.Mapped[str | None]
    __table_args__ = (
        sa.Index(
            "refund_open_idx",
            "payment_id",
            unique=True,
            postgresql_where=sa.text(one_of("state", rules.OPEN_REFUNDS)),
        ),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint(one_of("state", tuple(rules.RefundState)), name="state"),
        sa.CheckConstraint(
            "(state in ('done', 'attested')) = (refunded_total_after is not null)",
            name="refunded_total_after",
        ),
    )


class Chargeback(db.Model):
    """A row of the acquirer's registry by which the payer's bank took money back, or gave it again."""

    __tablename__ = "chargeback"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    payment_id: so.Mapped[UUID] = so.mapped_column(sa.ForeignKey("payment.id"), index=True)
    kind: so.Mapped[str]
    amount: so.Mapped[int]
    registry_number: so.Mapped[str]
    happened_at: so.Mapped[dt.datetime]
    recorded_by: so.Mapped[str]
    recorded_at: so.Mapped[dt.datetime]
    __table_args__ = (
        sa.UniqueConstraint("kind", "registry_number"),
        sa.CheckConstraint("kind in ('chargeback', 'chargeback_reversal')", name="kind"),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("registry_number <> ''", name="registry_number"),
    )


class Settlement(db.Model):
    """Money that the acquirer transferred to the owner, under a number of the bank's statement; void when it was
    written down by mistake."""

    __tablename__ = "settlement"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    reference: so.Mapped[str] = so.mapped_column(unique=True)
    amount: so.Mapped[int]
    currency: so.Mapped[str]
    statement_number: so.Mapped[str]
    note: so.Mapped[str]
    settled_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    recorded_by: so.Mapped[str]
    recorded_at: so.Mapped[dt.datetime]
    voided_by: so.Mapped[str | None]
    voided_at: so.Mapped[dt.datetime | None]
    void_reason: so.Mapped[str | None]
    __table_args__ = (
        sa.Index(
            "one_settlement_per_statement_number",
            "statement_number",
            unique=True,
            postgresql_where=sa.text("voided_at is null"),
        ),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("statement_number <> ''", name="statement_number"),
        sa.CheckConstraint(
            "(voided_by is null) = (voided_at is null) and (voided_at is null) = (void_reason is null)",
            name="voided",
        ),
    )


class BankNotification(db.Model):
    """One message of the bank, without any personal data. The same body again only raises `times`."""

    __tablename__ = "bank_notification"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    digest: so.Mapped[bytes] = so.mapped_column(unique=True)
    terminal_key: so.Mapped[str | None]
    bank_order_id: so.Mapped[str | None] = so.mapped_column(index=True)
    provider_payment_id: so.Mapped[str | None]
    status: so.Mapped[str | None]
    amount: so.Mapped[int | None]
    verdict: so.Mapped[str]
    times: so.Mapped[int] = so.mapped_column(server_default=sa.text("1"))
    received_at: so.Mapped[dt.datetime] = so.mapped_column(index=True)
    handled_at: so.Mapped[dt.datetime | None]
    __table_args__ = (sa.CheckConstraint(one_of("verdict", tuple(rules.Verdict)), name="verdict"),)
