"""Re-rates: referrals moved to other terms by two people, and notices that tell agents of terms."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import audited, grant

revision = "0064_rerates"
down_revision = "0110_connected_places"


def upgrade() -> None:
    op.add_column(
        "programme", sa.Column("notice_days", sa.BigInteger(), server_default=sa.text("14"), nullable=False)
    )
    op.create_check_constraint(
        op.f("programme_notice_days_check"), "programme", "notice_days between 1 and 365"
    )
    _create_rerate()
    _create_notice()


def _create_rerate() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "rerate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", moment, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'proposed'"), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", moment, nullable=False),
        sa.Column("counted_at", moment),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", moment),
        sa.Column("decision_note", sa.Text()),
        sa.Column("withdrawn_by", sa.Text()),
        sa.Column("withdrawn_at", moment),
        sa.CheckConstraint(
            "state in ('proposed', 'approved', 'refused', 'withdrawn')", name=op.f("rerate_state_check")
        ),
        sa.CheckConstraint(
            "(decided_at is null) = (decided_by is null) and (withdrawn_at is null) = (withdrawn_by is null)"
            " and (state = 'withdrawn') = (withdrawn_at is not null)"
            " and case state when 'proposed' then decided_at is null when 'withdrawn' then true"
            " else decided_at is not null end",
            name=op.f("rerate_decided_check"),
        ),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("rerate_two_people_check")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("rerate_programme_id_fkey")),
        sa.ForeignKeyConstraint(["terms_id"], ["terms.id"], name=op.f("rerate_terms_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("rerate_pkey")),
        sa.UniqueConstraint("reference", name=op.f("rerate_reference_key")),
    )
    op.create_index(op.f("rerate_state_proposed_at_idx"), "rerate", ["state", "proposed_at"])
    op.create_index(op.f("rerate_programme_id_idx"), "rerate", ["programme_id"])
    op.create_table(
        "rerate_referral",
        sa.Column("rerate_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["rerate_id"], ["rerate.id"], name=op.f("rerate_referral_rerate_id_fkey")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("rerate_referral_referral_id_fkey")
        ),
        sa.ForeignKeyConstraint(["terms_id"], ["terms.id"], name=op.f("rerate_referral_terms_id_fkey")),
        sa.PrimaryKeyConstraint("rerate_id", "referral_id", name=op.f("rerate_referral_pkey")),
    )
    op.create_index(op.f("rerate_referral_referral_id_idx"), "rerate_referral", ["referral_id"])
    op.create_table(
        "rerate_agent",
        sa.Column("rerate_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("referrals", sa.BigInteger(), nullable=False),
        sa.Column("earned", sa.BigInteger()),
        sa.Column("would_earn", sa.BigInteger()),
        sa.Column("elsewhere", sa.BigInteger()),
        sa.CheckConstraint(
            "num_nonnulls(earned, would_earn, elsewhere) in (0, 3)", name=op.f("rerate_agent_counted_check")
        ),
        sa.ForeignKeyConstraint(["rerate_id"], ["rerate.id"], name=op.f("rerate_agent_rerate_id_fkey")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("rerate_agent_agent_id_fkey")),
        sa.PrimaryKeyConstraint("rerate_id", "agent_id", name=op.f("rerate_agent_pkey")),
    )
    grant("rerate", "select, insert, update")
    grant("rerate_referral", "select, insert")
    grant("rerate_agent", "select, insert, update")
    audited("rerate", of="state")
    audited("rerate_referral")


def _create_notice() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.Column("rerate_id", sa.Uuid()),
        sa.Column("from_at", moment, nullable=False),
        sa.Column("announced_at", moment, nullable=False),
        sa.Column("told_at", moment),
        sa.CheckConstraint(
            "kind in ('terms', 'terms_off', 'rerate', 'rerate_off')", name=op.f("notice_kind_check")
        ),
        sa.CheckConstraint(
            "(kind in ('rerate', 'rerate_off')) = (rerate_id is not null)", name=op.f("notice_rerate_check")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("notice_agent_id_fkey")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("notice_programme_id_fkey")),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["terms.id"], name=op.f("notice_terms_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["rerate_id"], ["rerate.id"], name=op.f("notice_rerate_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("notice_pkey")),
    )
    op.create_index(
        "notice_once_of_terms",
        "notice",
        ["terms_id", "agent_id", "kind", "from_at"],
        unique=True,
        postgresql_where=sa.text("rerate_id is null"),
    )
    op.create_index(
        "notice_once_of_rerate",
        "notice",
        ["rerate_id", "agent_id", "kind"],
        unique=True,
        postgresql_where=sa.text("rerate_id is not null"),
    )
    op.create_index(op.f("notice_agent_id_announced_at_id_idx"), "notice", ["agent_id", "announced_at", "id"])
    grant("notice", "select, insert, update")


def downgrade() -> None:
    for table in ("notice", "rerate_agent", "rerate_referral", "rerate"):
        op.drop_table(table)
    op.drop_column("programme", "notice_days")
