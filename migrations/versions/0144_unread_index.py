"""The audit log is searched by subject and read by time: an index by actor was written with every deed and never read."""

from alembic import op

revision = "0144_unread_index"
down_revision = "0143_lean_batches"


def upgrade() -> None:
    op.drop_index("audit_entry_actor_idx", "audit_entry")


def downgrade() -> None:
    op.create_index("audit_entry_actor_idx", "audit_entry", ["actor_kind", "actor_id"])
