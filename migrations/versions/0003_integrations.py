"""API keys of the owner's product, and events: facts from outside, kept once."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import append_only, audited, grant

revision = "0003_integrations"
down_revision = "0002_staff"


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("api_key_pkey")),
        sa.UniqueConstraint("key_hash", name=op.f("api_key_key_hash_key")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid()),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("currency", sa.Text()),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("ref_now()"), nullable=False
        ),
        sa.Column("original_event_id", sa.BigInteger()),
        sa.Column("refunded_total", sa.BigInteger()),
        sa.Column("plan", sa.Text()),
        sa.Column("prepaid_days", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("event_pkey")),
        sa.UniqueConstraint("source", "source_id", name=op.f("event_source_source_id_key")),
        sa.ForeignKeyConstraint(
            ["original_event_id"], ["event.id"], name=op.f("event_original_event_id_fkey")
        ),
        sa.CheckConstraint(
            "kind in ('sign_up', 'connection', 'payment', 'refund', 'chargeback', 'chargeback_reversal',"
            " 'cancellation', 'transfer', 'lapse', 'decision')",
            name=op.f("event_kind_check"),
        ),
        sa.CheckConstraint("evidence in ('bank_checked', 'attested')", name=op.f("event_evidence_check")),
        sa.CheckConstraint("(amount is null) = (currency is null)", name=op.f("event_currency_check")),
        sa.CheckConstraint(
            "coalesce(amount > 0, kind not in ('payment', 'refund', 'chargeback', 'chargeback_reversal'))",
            name=op.f("event_amount_check"),
        ),
        sa.CheckConstraint(
            "kind not in ('refund', 'chargeback', 'chargeback_reversal')"
            " or (original_event_id is not null and coalesce(refunded_total, 0) > 0)",
            name=op.f("event_refund_check"),
        ),
        sa.CheckConstraint(
            "kind not in ('lapse', 'decision') or original_event_id is not null",
            name=op.f("event_original_check"),
        ),
        sa.CheckConstraint(
            "prepaid_days is null or (prepaid_days > 0 and kind = 'payment')",
            name=op.f("event_prepaid_days_check"),
        ),
    )
    op.create_index(op.f("event_customer_id_occurred_at_idx"), "event", ["customer_id", "occurred_at"])
    op.create_index(
        op.f("event_original_event_id_idx"),
        "event",
        ["original_event_id"],
        postgresql_where=sa.text("original_event_id is not null"),
    )
    grant("api_key", "select, insert, update")
    audited("api_key")
    append_only("event")


def downgrade() -> None:
    op.drop_table("event")
    op.drop_table("api_key")
