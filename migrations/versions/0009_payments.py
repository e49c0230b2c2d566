"""Orders, payments, refunds and the bank's notifications."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import append_only, audited, grant

revision = "0009_payments"
down_revision = "0008_referrals"

STATUSES = (
    "'asked', 'unknown', 'refused', 'NEW', 'FORM_SHOWED', 'PREAUTHORIZING', 'AUTHORIZING', '3DS_CHECKING',"
    " '3DS_CHECKED', 'PAY_CHECKING', 'CONFIRMING', 'CONFIRM_CHECKING', 'UNKNOWN', 'AUTHORIZED', 'PARTIAL_REVERSED',"
    " 'REVERSING', 'CANCEL_CHECKING', 'REJECTED', 'AUTH_FAIL', 'CONFIRMED', 'REFUNDING', 'ASYNC_REFUNDING',"
    " 'PARTIAL_REFUNDED', 'REFUNDED', 'CANCELED', 'DEADLINE_EXPIRED', 'ATTEMPTS_EXPIRED', 'REVERSED'"
)
ASKED_ABOUT = (
    "'3DS_CHECKED', '3DS_CHECKING', 'ASYNC_REFUNDING', 'AUTHORIZED', 'AUTHORIZING', 'CANCEL_CHECKING', 'CONFIRMING',"
    " 'CONFIRM_CHECKING', 'FORM_SHOWED', 'NEW', 'PARTIAL_REVERSED', 'PAY_CHECKING', 'PREAUTHORIZING', 'REFUNDING',"
    " 'REVERSING', 'UNKNOWN', 'asked', 'unknown'"
)
ATTENTION = "'wrong_amount', 'wrong_order', 'paid_twice', 'refund_total_unknown', 'refund_differs'"
VERDICTS = "'accepted', 'duplicate', 'bad_token', 'unknown_order', 'wrong_amount', 'other'"
REFUND_STATES = "'asked', 'sent', 'unknown', 'done', 'refused', 'attested'"
OPEN_REFUNDS = "'asked', 'sent', 'unknown'"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _orders_and_payments()
    _refunds()
    _chargebacks()
    _settlements()
    _notifications()
    op.create_foreign_key(op.f("event_payment_id_fkey"), "event", "payment", ["payment_id"], ["id"])
    op.create_index(
        op.f("event_payment_id_idx"),
        "event",
        ["payment_id"],
        postgresql_where=sa.text("payment_id is not null"),
    )
    audited("customer_order")
    audited(
        "payment",
        of="status, is_current, provider_payment_id, payment_url, error_code, refunded_total, charged_back, attention,"
        " confirmed_at",
    )
    audited("refund", of="state, amount, sent_at, ended_at, refunded_total_after, error_code")
    for table in ("chargeback", "settlement"):
        audited(table)
    append_only("chargeback")
    for table in ("customer_order", "payment", "refund", "settlement", "bank_notification"):
        grant(table, "select, insert, update")


def _orders_and_payments() -> None:
    op.create_table(
        "customer_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text()),
        sa.Column("prepaid_days", sa.BigInteger()),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("vat_bps", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("vat_bps between 0 and 5000", name=op.f("customer_order_vat_bps_check")),
        sa.CheckConstraint("amount > 0", name=op.f("customer_order_amount_check")),
        sa.CheckConstraint("prepaid_days > 0", name=op.f("customer_order_prepaid_days_check")),
        sa.CheckConstraint("state in ('open', 'paid', 'refunded')", name=op.f("customer_order_state_check")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("customer_order_customer_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("customer_order_pkey")),
        sa.UniqueConstraint("reference", name=op.f("customer_order_reference_key")),
        sa.UniqueConstraint("external_id", name=op.f("customer_order_external_id_key")),
    )
    op.create_index(op.f("customer_order_customer_id_idx"), "customer_order", ["customer_id"])
    op.create_index(op.f("customer_order_created_at_idx"), "customer_order", ["created_at"])
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("is_current", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("provider", sa.Text(), server_default="tbank", nullable=False),
        sa.Column("terminal_key", sa.Text(), nullable=False),
        sa.Column("provider_payment_id", sa.Text()),
        sa.Column("bank_order_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payment_url", sa.Text()),
        sa.Column("error_code", sa.Text()),
        sa.Column("refunded_total", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attention", sa.Text()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("checked_at", MOMENT),
        sa.Column("fee_bps", sa.BigInteger(), nullable=False),
        sa.Column("charged_back", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("fee_bps between 0 and 10000", name=op.f("payment_fee_bps_check")),
        sa.CheckConstraint("charged_back between 0 and amount", name=op.f("payment_charged_back_check")),
        sa.CheckConstraint("amount > 0", name=op.f("payment_amount_check")),
        sa.CheckConstraint("refunded_total between 0 and amount", name=op.f("payment_refunded_total_check")),
        sa.CheckConstraint(
            "refunded_total = 0 or confirmed_at is not null",
            name=op.f("payment_refunded_after_confirmed_check"),
        ),
        sa.CheckConstraint(f"status in ({STATUSES})", name=op.f("payment_status_check")),
        sa.CheckConstraint(f"attention in ({ATTENTION})", name=op.f("payment_attention_check")),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], name=op.f("payment_order_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("payment_pkey")),
        sa.UniqueConstraint("reference", name=op.f("payment_reference_key")),
        sa.UniqueConstraint("bank_order_id", name=op.f("payment_bank_order_id_key")),
        sa.UniqueConstraint(
            "provider", "provider_payment_id", name=op.f("payment_provider_provider_payment_id_key")
        ),
    )
    op.create_index(op.f("payment_order_id_idx"), "payment", ["order_id"])
    op.create_index(op.f("payment_created_at_idx"), "payment", ["created_at"])
    op.create_index(
        "payment_current_idx", "payment", ["order_id"], unique=True, postgresql_where=sa.text("is_current")
    )
    op.create_index(
        "payment_asked_about_idx",
        "payment",
        ["created_at"],
        postgresql_where=sa.text(f"status in ({ASKED_ABOUT})"),
    )


def _refunds() -> None:
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("external_request_id", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("times_asked", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("ask_again_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("refunded_total_after", sa.BigInteger()),
        sa.Column("error_code", sa.Text()),
        sa.CheckConstraint("amount > 0", name=op.f("refund_amount_check")),
        sa.CheckConstraint(f"state in ({REFUND_STATES})", name=op.f("refund_state_check")),
        sa.CheckConstraint(
            "(state in ('done', 'attested')) = (refunded_total_after is not null)",
            name=op.f("refund_refunded_total_after_check"),
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("refund_payment_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("refund_pkey")),
        sa.UniqueConstraint("reference", name=op.f("refund_reference_key")),
        sa.UniqueConstraint("external_request_id", name=op.f("refund_external_request_id_key")),
    )
    op.create_index(op.f("refund_payment_id_idx"), "refund", ["payment_id"])
    op.create_index(
        "refund_open_idx",
        "refund",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text(f"state in ({OPEN_REFUNDS})"),
    )


def _chargebacks() -> None:
    op.create_table(
        "chargeback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("registry_number", sa.Text(), nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind in ('chargeback', 'chargeback_reversal')", name=op.f("chargeback_kind_check")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("chargeback_amount_check")),
        sa.CheckConstraint("registry_number <> ''", name=op.f("chargeback_registry_number_check")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("chargeback_payment_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("chargeback_pkey")),
        sa.UniqueConstraint("reference", name=op.f("chargeback_reference_key")),
        sa.UniqueConstraint("kind", "registry_number", name=op.f("chargeback_kind_registry_number_key")),
    )
    op.create_index(op.f("chargeback_payment_id_idx"), "chargeback", ["payment_id"])


def _settlements() -> None:
    op.create_table(
        "settlement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("statement_number", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("settled_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("voided_by", sa.Text()),
        sa.Column("voided_at", MOMENT),
        sa.Column("void_reason", sa.Text()),
        sa.CheckConstraint("amount > 0", name=op.f("settlement_amount_check")),
        sa.CheckConstraint("statement_number <> ''", name=op.f("settlement_statement_number_check")),
        sa.CheckConstraint(
            "(voided_by is null) = (voided_at is null) and (voided_at is null) = (void_reason is null)",
            name=op.f("settlement_voided_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("settlement_pkey")),
        sa.UniqueConstraint("reference", name=op.f("settlement_reference_key")),
    )
    op.create_index(op.f("settlement_settled_at_idx"), "settlement", ["settled_at"])
    op.create_index(
        "one_settlement_per_statement_number",
        "settlement",
        ["statement_number"],
        unique=True,
        postgresql_where=sa.text("voided_at is null"),
    )


def _notifications() -> None:
    op.create_table(
        "bank_notification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("terminal_key", sa.Text()),
        sa.Column("bank_order_id", sa.Text()),
        sa.Column("provider_payment_id", sa.Text()),
        sa.Column("status", sa.Text()),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("handled_at", MOMENT),
        sa.CheckConstraint(f"verdict in ({VERDICTS})", name=op.f("bank_notification_verdict_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("bank_notification_pkey")),
        sa.UniqueConstraint("digest", name=op.f("bank_notification_digest_key")),
    )
    op.create_index(op.f("bank_notification_bank_order_id_idx"), "bank_notification", ["bank_order_id"])
    op.create_index(op.f("bank_notification_received_at_idx"), "bank_notification", ["received_at"])


def downgrade() -> None:
    op.drop_index(op.f("event_payment_id_idx"), table_name="event")
    op.drop_constraint(op.f("event_payment_id_fkey"), "event", type_="foreignkey")
    for table in ("bank_notification", "settlement", "chargeback", "refund", "payment", "customer_order"):
        op.drop_table(table)
