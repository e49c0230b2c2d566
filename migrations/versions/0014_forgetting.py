"""What is kept for a while only can be found by its age and removed."""

import sqlalchemy as sa
from alembic import op

revision = "0014_forgetting"
down_revision = "0013_waiting"

FORGOTTEN = {"idempotent_request": "received_at", "refresh_token": "expires_at"}
SIGNED_IN = ("agent_session", "refresh_token")


def upgrade() -> None:
    for table, moment in FORGOTTEN.items():
        op.create_index(op.f(f"{table}_{moment}_idx"), table, [moment])
    op.alter_column("idempotent_request", "received_at", server_default=sa.text("ref_now()"))
    for table in SIGNED_IN:
        op.execute(f"grant delete on {table} to ref_app")


def downgrade() -> None:
    for table in SIGNED_IN:
        op.execute(f"revoke delete on {table} from ref_app")
    op.alter_column("idempotent_request", "received_at", server_default=sa.text("clock_timestamp()"))
    for table, moment in FORGOTTEN.items():
        op.drop_index(op.f(f"{table}_{moment}_idx"), table)
