"""Whoever asks the bank to open a payment holds it by a lease of its own, so that a retry changes nothing on record."""

import sqlalchemy as sa
from alembic import op

revision = "0070_init_retries"
down_revision = "0064_rerates"


def upgrade() -> None:
    op.add_column("payment", sa.Column("times_asked", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column("payment", sa.Column("asked_until", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("payment", "asked_until")
    op.drop_column("payment", "times_asked")
