"""Indexes that hold only what waits for a person, so that counting it costs nothing however much there is else."""

import sqlalchemy as sa
from alembic import op

revision = "0013_waiting"
down_revision = "0012_payouts"

WAITING = {
    "payout_waiting_idx": ("payout", "state", "state in ('failed', 'unknown')"),
    "payment_attention_idx": ("payment", "created_at", "attention is not null"),
    "hold_frozen_idx": ("hold", "commission_id", "reason is not null"),
    "outbox_given_up_idx": ("outbox", "given_up_at", "given_up_at is not null"),
}


def upgrade() -> None:
    for name, (table, column, where) in WAITING.items():
        op.create_index(name, table, [column], postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, (table, _column, _where) in WAITING.items():
        op.drop_index(name, table)
