"""People who work in RefERP."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import audited, grant

revision = "0002_staff"
down_revision = "0001_kernel"

ROLES = "'admin', 'manager', 'finance', 'support', 'auditor'"


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("session_version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deactivated_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_pkey")),
        sa.UniqueConstraint("reference", name=op.f("staff_reference_key")),
        sa.UniqueConstraint("email", name=op.f("staff_email_key")),
        sa.CheckConstraint("email = lower(email)", name=op.f("staff_email_check")),
        sa.CheckConstraint(
            f"cardinality(roles) > 0 and roles <@ array[{ROLES}]", name=op.f("staff_roles_check")
        ),
        sa.CheckConstraint("active = (deactivated_at is null)", name=op.f("staff_active_check")),
    )
    grant("staff", "select, insert, update")
    audited("staff")


def downgrade() -> None:
    op.drop_table("staff")
