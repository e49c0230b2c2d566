"""What two people find out at the bank about a transfer of which it does not say what became."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import audited, grant

revision = "0020_settlements"
down_revision = "0018_key_names"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "payout_settlement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("provider_payment_id", sa.Text()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("replaced_at", MOMENT),
        sa.Column("confirmed_by", sa.Text()),
        sa.Column("confirmed_at", MOMENT),
        sa.CheckConstraint("found in ('paid', 'not_sent')", name=op.f("payout_settlement_found_check")),
        sa.CheckConstraint(
            "found <> 'paid' or provider_payment_id is not null", name=op.f("payout_settlement_number_check")
        ),
        sa.CheckConstraint("note <> ''", name=op.f("payout_settlement_note_check")),
        sa.CheckConstraint("confirmed_by <> proposed_by", name=op.f("payout_settlement_two_people_check")),
        sa.CheckConstraint(
            "(confirmed_by is null) = (confirmed_at is null)", name=op.f("payout_settlement_confirmed_check")
        ),
        sa.CheckConstraint(
            "replaced_at is null or confirmed_at is null", name=op.f("payout_settlement_replaced_check")
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["payout_attempt.id"], name=op.f("payout_settlement_attempt_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payout_settlement_pkey")),
    )
    op.create_index(
        "one_standing_settlement_per_attempt",
        "payout_settlement",
        ["attempt_id"],
        unique=True,
        postgresql_where=sa.text("replaced_at is null"),
    )
    audited("payout_settlement")
    grant("payout_settlement", "select, insert, update")


def downgrade() -> None:
    op.drop_table("payout_settlement")
