"""Disputes that agents raise, the words of both sides, and the owner's choice of deadlines for each kind."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import append_only, audited, grant

revision = "0061_disputes"
down_revision = "0080_back_tests"

KINDS = "kind in ('missing', 'wrong', 'refused')"
ROLES = "role in ('admin', 'manager', 'finance', 'support')"
OUTCOMES = "outcome in ('stay', 'uphold', 'reject')"
ABOUT = {
    "commission": sa.BigInteger(),
    "payment": sa.Uuid(),
    "referral": sa.Uuid(),
    "customer": sa.Uuid(),
    "payout": sa.Uuid(),
    "establishment": sa.Uuid(),
}


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "dispute_rule",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("changed_at", moment),
        sa.CheckConstraint(KINDS, name=op.f("dispute_rule_kind_check")),
        sa.CheckConstraint(ROLES, name=op.f("dispute_rule_role_check")),
        sa.CheckConstraint("days between 1 and 365", name=op.f("dispute_rule_days_check")),
        sa.CheckConstraint(OUTCOMES, name=op.f("dispute_rule_outcome_check")),
        sa.PrimaryKeyConstraint("kind", name=op.f("dispute_rule_pkey")),
    )
    op.execute(
        """insert into dispute_rule (kind, role, days, outcome) values
           ('missing', 'manager', 14, 'stay'), ('wrong', 'finance', 10, 'stay'), ('refused', 'support', 7, 'stay')"""
    )
    grant("dispute_rule", "select, update")
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        *(sa.Column(f"{name}_id", kind) for name, kind in ABOUT.items()),
        sa.Column("expected", sa.BigInteger()),
        sa.Column("currency", sa.Text()),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("assigned_to", sa.Uuid()),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("decided_at", moment),
        sa.Column("decided_by", sa.Text()),
        sa.Column("code", sa.Text()),
        sa.CheckConstraint(KINDS, name=op.f("dispute_kind_check")),
        sa.CheckConstraint(
            "state in ('open', 'upheld', 'partly', 'rejected')", name=op.f("dispute_state_check")
        ),
        sa.CheckConstraint(ROLES, name=op.f("dispute_role_check")),
        sa.CheckConstraint(OUTCOMES, name=op.f("dispute_outcome_check")),
        sa.CheckConstraint(
            "(expected is null) = (currency is null) and (expected is null or expected > 0)",
            name=op.f("dispute_expected_check"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at is null) and (decided_at is null) = (decided_by is null)"
            " and (decided_at is null) = (code is null)",
            name=op.f("dispute_decided_check"),
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("dispute_agent_id_fkey")),
        sa.ForeignKeyConstraint(["assigned_to"], ["staff.id"], name=op.f("dispute_assigned_to_fkey")),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}.id"], name=op.f(f"dispute_{name}_id_fkey"))
            for name in ABOUT
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("dispute_pkey")),
        sa.UniqueConstraint("reference", name=op.f("dispute_reference_key")),
    )
    op.create_index("dispute_agent_id_idx", "dispute", ["agent_id"])
    op.create_index("dispute_open_idx", "dispute", ["due_at"], postgresql_where=sa.text("state = 'open'"))
    for name in ("commission", "payout"):
        op.create_index(
            f"dispute_one_open_per_{name}",
            "dispute",
            [f"{name}_id", "agent_id"],
            unique=True,
            postgresql_where=sa.text(f"state = 'open' and {name}_id is not null"),
        )
    grant("dispute", "select, insert, update")
    op.create_table(
        "dispute_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", moment, nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("told_at", moment),
        sa.CheckConstraint("kind in ('message', 'decision')", name=op.f("dispute_message_kind_check")),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("dispute_message_dispute_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("dispute_message_pkey")),
    )
    op.create_index("dispute_message_dispute_id_idx", "dispute_message", ["dispute_id"])
    grant("dispute_message", "select, insert")
    op.execute("grant update (told_at) on dispute_message to ref_app")
    op.create_table(
        "dispute_remedy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("done_at", moment, nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('attribution', 'transfer', 'correction')", name=op.f("dispute_remedy_kind_check")
        ),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("dispute_remedy_dispute_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("dispute_remedy_pkey")),
    )
    op.create_index("dispute_remedy_dispute_id_idx", "dispute_remedy", ["dispute_id"])
    append_only("dispute_remedy")
    audited("dispute_rule")
    audited("dispute")
    audited("dispute_remedy")


def downgrade() -> None:
    for table in ("dispute_remedy", "dispute_message", "dispute", "dispute_rule"):
        op.drop_table(table)
