"""A draft of terms can be changed, and each change counts."""

import sqlalchemy as sa
from alembic import op

revision = "0016_drafts"
down_revision = "0015_clock_start"


def upgrade() -> None:
    op.add_column(
        "terms", sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("terms", "revision")
