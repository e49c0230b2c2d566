"""Bookings: at most one open on a claim group."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import audited, grant

revision = "0007_bookings"
down_revision = "0006_programmes"


def upgrade() -> None:
    op.create_table(
        "booking",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("establishment_id", sa.Uuid(), nullable=False),
        sa.Column("claim_group_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), server_default=sa.text("'booked'"), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("extended_at", sa.DateTime(timezone=True)),
        sa.Column("extension_note", sa.Text()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ending", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("booking_pkey")),
        sa.UniqueConstraint("reference", name=op.f("booking_reference_key")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("booking_agent_id_fkey")),
        sa.ForeignKeyConstraint(
            ["establishment_id"], ["establishment.id"], name=op.f("booking_establishment_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["claim_group_id"], ["claim_group.id"], name=op.f("booking_claim_group_id_fkey")
        ),
        sa.CheckConstraint(
            "stage in ('booked', 'contacted', 'meeting', 'agreed')", name=op.f("booking_stage_check")
        ),
        sa.CheckConstraint(
            "ending in ('connected', 'released', 'expired', 'lost')", name=op.f("booking_ending_check")
        ),
        sa.CheckConstraint("(ended_at is null) = (ending is null)", name=op.f("booking_ended_check")),
        sa.CheckConstraint(
            "expires_at > booked_at and ended_at >= booked_at", name=op.f("booking_times_check")
        ),
        sa.CheckConstraint(
            "(extended_at is null) = (extension_note is null)", name=op.f("booking_extension_check")
        ),
    )
    still_open = sa.text("ended_at is null")
    op.create_index(
        "booking_one_open_per_claim_group",
        "booking",
        ["claim_group_id"],
        unique=True,
        postgresql_where=still_open,
    )
    op.create_index("booking_due_idx", "booking", ["expires_at"], postgresql_where=still_open)
    op.create_index(op.f("booking_establishment_id_idx"), "booking", ["establishment_id"])
    op.create_index(op.f("booking_claim_group_id_booked_at_idx"), "booking", ["claim_group_id", "booked_at"])
    op.create_index(op.f("booking_agent_id_booked_at_idx"), "booking", ["agent_id", "booked_at"])
    grant("booking", "select, insert, update")
    audited("booking")


def downgrade() -> None:
    op.drop_table("booking")
