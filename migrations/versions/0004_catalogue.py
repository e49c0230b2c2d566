"""The catalogue: establishments, and claim groups, the real places behind them."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import audited, grant

revision = "0004_catalogue"
down_revision = "0003_integrations"


def upgrade() -> None:
    op.create_table(
        "claim_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("claim_group_pkey")),
    )
    op.create_table(
        "establishment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("claim_group_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text()),
        sa.Column("cuisine", sa.Text()),
        sa.Column("street", sa.Text()),
        sa.Column("house", sa.Text()),
        sa.Column("postcode", sa.Text()),
        sa.Column("city", sa.Text()),
        sa.Column("country", sa.Text()),
        sa.Column("lat", sa.Double()),
        sa.Column("lon", sa.Double()),
        sa.Column("phone", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("website", sa.Text()),
        sa.Column("opening_hours", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("establishment_pkey")),
        sa.UniqueConstraint("reference", name=op.f("establishment_reference_key")),
        sa.UniqueConstraint("source", "source_id", name=op.f("establishment_source_source_id_key")),
        sa.ForeignKeyConstraint(
            ["claim_group_id"], ["claim_group.id"], name=op.f("establishment_claim_group_id_fkey")
        ),
        sa.CheckConstraint("name <> ''", name=op.f("establishment_name_check")),
        sa.CheckConstraint(
            "(lat is null) = (lon is null) and lat between -90 and 90 and lon between -180 and 180",
            name=op.f("establishment_position_check"),
        ),
    )
    op.create_index(op.f("establishment_claim_group_id_idx"), "establishment", ["claim_group_id"])
    op.create_index(op.f("establishment_city_idx"), "establishment", ["city"])
    op.create_index(
        "establishment_alphabetical_idx",
        "establishment",
        [
            sa.text(
                "translate(lower(name), 'ёàáâãäåçèéêëìíîïñòóôõöøùúûüýÿ', 'еaaaaaaceeeeiiiinoooooouuuuyy')"
            ),
            "id",
        ],
    )
    op.create_index(
        "establishment_search_text_idx",
        "establishment",
        ["search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    grant("claim_group", "select, insert, update")
    grant("establishment", "select, insert, update")
    audited("establishment")


def downgrade() -> None:
    op.drop_table("establishment")
    op.drop_table("claim_group")
