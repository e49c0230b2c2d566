"""Find the places that connected without looking at all the others."""

import sqlalchemy as sa
from alembic import op

revision = "0110_connected_places"
down_revision = "0063_referral_terms"


def upgrade() -> None:
    op.create_index(
        "claim_group_connected_idx",
        "claim_group",
        ["id"],
        postgresql_where=sa.text("connected_at is not null"),
    )


def downgrade() -> None:
    op.drop_index("claim_group_connected_idx", table_name="claim_group")
