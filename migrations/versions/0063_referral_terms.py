"""Referrals that are moved to another version of the terms: which version each follows from when on."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import append_only, audited

revision = "0063_referral_terms"
down_revision = "0090_single_facts"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column(
        "referral", sa.Column("is_rerated", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "referral_terms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", moment, nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.Column("rerate_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("decided_at", moment, nullable=False),
        sa.CheckConstraint("decided_at < from_at", name=op.f("referral_terms_notice_check")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("referral_terms_referral_id_fkey")
        ),
        sa.ForeignKeyConstraint(["terms_id"], ["terms.id"], name=op.f("referral_terms_terms_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("referral_terms_pkey")),
    )
    op.create_index(op.f("referral_terms_referral_id_id_idx"), "referral_terms", ["referral_id", "id"])
    op.create_index(op.f("referral_terms_rerate_id_idx"), "referral_terms", ["rerate_id"])
    append_only("referral_terms")
    audited("referral_terms")


def downgrade() -> None:
    op.drop_table("referral_terms")
    op.drop_column("referral", "is_rerated")
