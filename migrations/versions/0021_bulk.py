"""Deeds for many rows at once: what was chosen, and what became of each row."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import grant

revision = "0021_bulk"
down_revision = "0020_settlements"


def upgrade() -> None:
    op.create_table(
        "bulk_deed",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "bulk_row",
        sa.Column("deed_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("refusal", postgresql.JSONB()),
        sa.PrimaryKeyConstraint("deed_id", "position"),
        sa.ForeignKeyConstraint(
            ["deed_id"], ["bulk_deed.id"], ondelete="CASCADE", name=op.f("bulk_row_deed_id_fkey")
        ),
        sa.CheckConstraint("outcome in ('done', 'refused')", name=op.f("bulk_row_outcome_check")),
    )
    grant("bulk_deed", "select, insert, update, delete")
    grant("bulk_row", "select, insert, update, delete")


def downgrade() -> None:
    op.drop_table("bulk_row")
    op.drop_table("bulk_deed")
