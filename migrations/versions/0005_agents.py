"""Agents, their one-time codes, sessions and refresh tokens."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import audited, grant

revision = "0005_agents"
down_revision = "0004_catalogue"


def upgrade() -> None:
    _create_agent()
    op.create_table(
        "login_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=False),
        sa.Column("phone_cipher", sa.LargeBinary()),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_cipher", sa.LargeBinary()),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("login_code_pkey")),
    )
    op.create_index(op.f("login_code_person_id_idx"), "login_code", ["person_id"])
    op.create_index(op.f("login_code_requested_at_idx"), "login_code", ["requested_at"])
    op.create_index(
        op.f("login_code_phone_hash_requested_at_idx"), "login_code", ["phone_hash", "requested_at"]
    )
    _create_sessions()
    grant("agent", "select, insert, update")
    audited("agent")
    grant("login_code", "select, insert, update, delete")
    grant("agent_session", "select, insert, update")
    grant("refresh_token", "select, insert, update")


def _create_agent() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'person'"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("name_cipher", sa.LargeBinary()),
        sa.Column("phone_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=False),
        sa.Column("email_cipher", sa.LargeBinary()),
        sa.Column("email_hash", sa.LargeBinary()),
        sa.Column("inn_cipher", sa.LargeBinary()),
        sa.Column("inn_hash", sa.LargeBinary()),
        sa.Column("bank_member_id", sa.Text()),
        sa.Column("bank_name", sa.Text()),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True)),
        sa.Column("suspended_at", sa.DateTime(timezone=True)),
        sa.Column("suspension_reason", sa.Text()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("agent_pkey")),
        sa.UniqueConstraint("reference", name=op.f("agent_reference_key")),
        sa.UniqueConstraint("code", name=op.f("agent_code_key")),
        sa.UniqueConstraint("phone_hash", name=op.f("agent_phone_hash_key")),
        sa.CheckConstraint(
            "kind in ('person', 'organisation', 'customer', 'sales_rep')", name=op.f("agent_kind_check")
        ),
        sa.CheckConstraint("code ~ '^[0-9A-HJKMNP-TV-Z]{4,10}$'", name=op.f("agent_code_check")),
        sa.CheckConstraint(
            "state in ('pending', 'active', 'suspended', 'closed')", name=op.f("agent_state_check")
        ),
        sa.CheckConstraint("state <> 'active' or activated_at is not null", name=op.f("agent_active_check")),
        sa.CheckConstraint(
            "(state = 'suspended') = (suspended_at is not null)", name=op.f("agent_suspended_check")
        ),
        sa.CheckConstraint(
            "(suspended_at is null) = (suspension_reason is null)", name=op.f("agent_suspension_check")
        ),
        sa.CheckConstraint("(state = 'closed') = (closed_at is not null)", name=op.f("agent_closed_check")),
        sa.CheckConstraint("(bank_member_id is null) = (bank_name is null)", name=op.f("agent_bank_check")),
    )
    op.create_index(op.f("agent_state_registered_at_idx"), "agent", ["state", "registered_at"])


def _create_sessions() -> None:
    op.create_table(
        "agent_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("access_hash", sa.LargeBinary(), nullable=False),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ending", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("agent_session_pkey")),
        sa.UniqueConstraint("access_hash", name=op.f("agent_session_access_hash_key")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("agent_session_agent_id_fkey")),
        sa.CheckConstraint("(ended_at is null) = (ending is null)", name=op.f("agent_session_ended_check")),
        sa.CheckConstraint(
            "ending in ('signed_out', 'token_reused', 'closed')", name=op.f("agent_session_ending_check")
        ),
    )
    op.create_index(op.f("agent_session_agent_id_idx"), "agent_session", ["agent_id"])
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("refresh_token_pkey")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["agent_session.id"], name=op.f("refresh_token_session_id_fkey")
        ),
    )
    op.create_index(op.f("refresh_token_session_id_idx"), "refresh_token", ["session_id"])


def downgrade() -> None:
    for table in ("refresh_token", "agent_session", "login_code", "agent"):
        op.drop_table(table)
