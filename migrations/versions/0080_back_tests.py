"""Back-tests: terms against the recorded history of their programme, saved agent by agent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import audited, grant

revision = "0080_back_tests"
down_revision = "0060_freezes"


def _part(table: str, *columns: sa.Column, key: list[str]) -> None:
    """A table of what belongs to a back-test and goes with it."""
    op.create_table(
        table,
        sa.Column("back_test_id", sa.Uuid(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("back_test_id", *key, name=op.f(f"{table}_pkey")),
        sa.ForeignKeyConstraint(
            ["back_test_id"],
            ["back_test.id"],
            ondelete="CASCADE",
            name=op.f(f"{table}_back_test_id_fkey"),
        ),
    )
    grant(table, "select, insert, update, delete")


def _number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "back_test",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("since", moment),
        sa.Column("before", moment),
        sa.Column("agent_ids", postgresql.ARRAY(sa.Uuid())),
        sa.Column("last_event_id", sa.BigInteger(), nullable=False),
        sa.Column("last_referral_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("started_at", moment),
        sa.Column("ended_at", moment),
        sa.CheckConstraint(
            "state in ('waiting', 'running', 'done', 'cancelled')", name=op.f("back_test_state_check")
        ),
        sa.CheckConstraint(
            "(ended_at is not null) = (state in ('done', 'cancelled'))", name=op.f("back_test_ended_at_check")
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("back_test_programme_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("back_test_pkey")),
        sa.UniqueConstraint("reference", name=op.f("back_test_reference_key")),
    )
    op.create_index(op.f("back_test_programme_id_idx"), "back_test", ["programme_id"])
    op.create_index(op.f("back_test_asked_at_idx"), "back_test", ["asked_at"])
    grant("back_test", "select, insert, update, delete")
    audited("back_test")
    _part(
        "back_test_version",
        _number("position"),
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        _number("version"),
        _number("revision"),
        sa.Column("was", sa.Text(), nullable=False),
        _number("pinned"),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("tiers", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("position between 1 and 4", name=op.f("back_test_version_position_check")),
        key=["position"],
    )
    _part(
        "back_test_batch",
        _number("number"),
        sa.Column("first_agent_id", sa.Uuid(), nullable=False),
        sa.Column("last_agent_id", sa.Uuid(), nullable=False),
        _number("agents"),
        _number("facts"),
        sa.Column("done_at", moment),
        key=["number"],
    )
    _part(
        "back_test_agent",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        _number("payments"),
        _number("received"),
        _number("fee"),
        _number("booked"),
        _number("unequal"),
        key=["agent_id"],
    )
    _part(
        "back_test_result",
        _number("position"),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        _number("lines"),
        _number("accrued"),
        _number("taken_back"),
        _number("cost"),
        _number("cost_of_new"),
        sa.Column("tier", sa.Text()),
        _number("tier_position", nullable=True),
        key=["position", "agent_id"],
    )
    _part(
        "back_test_month",
        _number("batch"),
        _number("position"),
        sa.Column("month", sa.Date(), nullable=False),
        _number("cost"),
        key=["batch", "position", "month"],
    )
    _part(
        "back_test_income",
        _number("batch"),
        sa.Column("month", sa.Date(), nullable=False),
        _number("received"),
        _number("fee"),
        key=["batch", "month"],
    )


def downgrade() -> None:
    for table in ("income", "month", "result", "agent", "batch", "version"):
        op.drop_table(f"back_test_{table}")
    op.drop_table("back_test")
