"""One active API key of each name, so that a press too many makes no second secret."""

import sqlalchemy as sa
from alembic import op

revision = "0018_key_names"
down_revision = "0017_preferences"

INDEX = "one_active_api_key_per_name"


def upgrade() -> None:
    op.execute(
        """update api_key set name = name || ' ' || prefix
           where revoked_at is null and exists (select 1 from api_key newer where lower(newer.name) = lower(api_key.name)
                                                  and newer.revoked_at is null and newer.id > api_key.id)"""
    )
    op.create_index(
        INDEX,
        "api_key",
        [sa.text("lower(name)")],
        unique=True,
        postgresql_where=sa.text("revoked_at is null"),
    )


def downgrade() -> None:
    op.drop_index(INDEX, "api_key")
