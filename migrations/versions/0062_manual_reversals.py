"""Reversals by hand: asked for with a reason, above a limit approved by a second person, undone by another decision."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import audited, grant

revision = "0062_manual_reversals"
down_revision = "0061_disputes"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "reversal_limit",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", moment),
        sa.CheckConstraint("amount >= 0", name=op.f("reversal_limit_amount_check")),
        sa.PrimaryKeyConstraint("currency", name=op.f("reversal_limit_pkey")),
    )
    op.execute("insert into reversal_limit (currency, amount) values ('RUB', 100000)")
    grant("reversal_limit", "select, insert, update")
    op.create_table(
        "manual_reversal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("commission_id", sa.BigInteger(), nullable=False),
        sa.Column("undoes", sa.Uuid()),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", moment, nullable=False),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_at", moment),
        sa.Column("event_id", sa.BigInteger()),
        sa.CheckConstraint("amount > 0", name=op.f("manual_reversal_amount_check")),
        sa.CheckConstraint(
            "state in ('proposed', 'done', 'withdrawn')", name=op.f("manual_reversal_state_check")
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (ended_at is null) and (ended_at is null) = (ended_by is null)"
            " and (state = 'done') = (event_id is not null)",
            name=op.f("manual_reversal_ended_check"),
        ),
        sa.ForeignKeyConstraint(
            ["commission_id"], ["commission.id"], name=op.f("manual_reversal_commission_id_fkey")
        ),
        sa.ForeignKeyConstraint(["undoes"], ["manual_reversal.id"], name=op.f("manual_reversal_undoes_fkey")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["commission_decision.event_id"], name=op.f("manual_reversal_event_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("manual_reversal_pkey")),
        sa.UniqueConstraint("reference", name=op.f("manual_reversal_reference_key")),
        sa.UniqueConstraint("event_id", name=op.f("manual_reversal_event_id_key")),
    )
    op.create_index("manual_reversal_commission_id_idx", "manual_reversal", ["commission_id"])
    op.create_index(
        "manual_reversal_proposed_idx",
        "manual_reversal",
        ["proposed_at"],
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_index(
        "manual_reversal_undone_once",
        "manual_reversal",
        ["undoes"],
        unique=True,
        postgresql_where=sa.text("undoes is not null and state <> 'withdrawn'"),
    )
    grant("manual_reversal", "select, insert, update")
    audited("reversal_limit")
    audited("manual_reversal")


def downgrade() -> None:
    op.drop_table("manual_reversal")
    op.drop_table("reversal_limit")
