"""Terms say which evidence a payment needs to earn; those made before took any, and go on to."""

import sqlalchemy as sa
from alembic import op

revision = "0024_evidence"
down_revision = "0023_closed_agents"


def upgrade() -> None:
    op.add_column("terms", sa.Column("evidence", sa.Text(), server_default="attested", nullable=False))
    op.alter_column("terms", "evidence", server_default="bank_checked")
    op.create_check_constraint(
        op.f("terms_evidence_check"), "terms", "evidence in ('bank_checked', 'attested')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("terms_evidence_check"), "terms")
    op.drop_column("terms", "evidence")
