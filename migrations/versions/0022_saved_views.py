"""Views of lists that people save for themselves."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import audited, grant

revision = "0022_saved_views"
down_revision = "0021_bulk"


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("saved_view_staff_id_fkey")),
    )
    op.create_index(
        "one_saved_view_per_name", "saved_view", ["staff_id", "list", sa.text("lower(name)")], unique=True
    )
    grant("saved_view", "select, insert, update, delete")
    audited("saved_view")


def downgrade() -> None:
    op.drop_table("saved_view")
