"""Payout runs, payouts, the commissions they pay, and the attempts at the bank."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import append_only, audited, grant

revision = "0012_payouts"
down_revision = "0011_commissions"

MOMENT = sa.DateTime(timezone=True)
RUN_STATES = "'draft', 'approved', 'executing', 'done', 'cancelled'"
STATES = "'prepared', 'approved', 'checking', 'checked', 'paying', 'unknown', 'paid', 'failed', 'returned', 'withdrawn'"
ATTEMPT_STATES = "'begun', 'checked', 'paying', 'completing', 'unknown', 'paid', 'rejected', 'abandoned'"
LIVE_ATTEMPTS = "'begun', 'checked', 'paying', 'completing', 'unknown'"

VIEWS = """
-- What payouts that hold or have paid money pay of each commission: no longer open to another payout.
create view open_payout_line as
  select l.payout_id, l.commission_id, l.amount
  from payout_line l join payout p on p.id = l.payout_id
  where p.state in ('approved', 'checking', 'checked', 'paying', 'unknown', 'paid');
"""


def upgrade() -> None:
    _runs_and_payouts()
    _attempts()
    op.execute(VIEWS)
    audited("payout_run")
    audited("payout")
    audited("payout_line")
    for table in ("payout_run", "payout", "payout_attempt"):
        grant(table, "select, insert, update")
    append_only("payout_line")
    grant("open_payout_line", "select")


def _runs_and_payouts() -> None:
    op.create_table(
        "payout_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("prepared_by", sa.Text(), nullable=False),
        sa.Column("prepared_at", MOMENT, nullable=False),
        sa.Column("approved_by", sa.Text()),
        sa.Column("approved_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.CheckConstraint(f"state in ({RUN_STATES})", name=op.f("payout_run_state_check")),
        sa.CheckConstraint("approved_by <> prepared_by", name=op.f("payout_run_two_people_check")),
        sa.CheckConstraint(
            "(approved_by is null) = (approved_at is null)", name=op.f("payout_run_approved_at_check")
        ),
        sa.CheckConstraint(
            "approved_by is not null or state in ('draft', 'cancelled')",
            name=op.f("payout_run_approved_by_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payout_run_pkey")),
        sa.UniqueConstraint("reference", name=op.f("payout_run_reference_key")),
    )
    op.create_index(op.f("payout_run_prepared_at_idx"), "payout_run", ["prepared_at"])
    op.create_table(
        "payout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="prepared", nullable=False),
        sa.Column("state_at", MOMENT, nullable=False),
        sa.Column("bank_member_id", sa.Text(), nullable=False),
        sa.Column("bank_name", sa.Text(), nullable=False),
        sa.Column("phone_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("failure_code", sa.Text()),
        sa.Column("failure_note", sa.Text()),
        sa.Column("prepared_at", MOMENT, nullable=False),
        sa.Column("paid_at", MOMENT),
        sa.Column("tax_withheld", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("contributions", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "tax_withheld >= 0 and tax_withheld < amount", name=op.f("payout_tax_withheld_check")
        ),
        sa.CheckConstraint("contributions >= 0", name=op.f("payout_contributions_check")),
        sa.CheckConstraint("amount > 0", name=op.f("payout_amount_check")),
        sa.CheckConstraint(f"state in ({STATES})", name=op.f("payout_state_check")),
        sa.CheckConstraint(
            "(state in ('paid', 'returned')) = (paid_at is not null)", name=op.f("payout_paid_at_check")
        ),
        sa.CheckConstraint(
            "state <> 'failed' or failure_code is not null", name=op.f("payout_failure_code_check")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["payout_run.id"], name=op.f("payout_run_id_fkey")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("payout_agent_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("payout_pkey")),
        sa.UniqueConstraint("reference", name=op.f("payout_reference_key")),
    )
    op.create_index(op.f("payout_run_id_idx"), "payout", ["run_id"])
    op.create_index(op.f("payout_agent_id_idx"), "payout", ["agent_id"])
    op.create_index(op.f("payout_prepared_at_idx"), "payout", ["prepared_at"])
    op.create_index(
        "one_open_payout_per_agent",
        "payout",
        ["agent_id", "currency"],
        unique=True,
        postgresql_where=sa.text("state not in ('paid', 'failed', 'returned', 'withdrawn')"),
    )
    op.create_table(
        "payout_line",
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("commission_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("payout_line_amount_check")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("payout_line_payout_id_fkey")),
        sa.ForeignKeyConstraint(
            ["commission_id"], ["commission.id"], name=op.f("payout_line_commission_id_fkey")
        ),
        sa.PrimaryKeyConstraint("payout_id", "commission_id", name=op.f("payout_line_pkey")),
    )
    op.create_index(op.f("payout_line_commission_id_idx"), "payout_line", ["commission_id"])


def _attempts() -> None:
    op.create_table(
        "payout_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), server_default="tbank", nullable=False),
        sa.Column("terminal_key", sa.Text(), nullable=False),
        sa.Column("provider_payment_id", sa.Text()),
        sa.Column("state", sa.Text(), server_default="begun", nullable=False),
        sa.Column("checked_until", MOMENT),
        sa.Column("recipient_name_cipher", sa.LargeBinary()),
        sa.Column("name_match", sa.Boolean()),
        sa.Column("error_code", sa.Text()),
        sa.Column("times_asked", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.CheckConstraint(f"state in ({ATTEMPT_STATES})", name=op.f("payout_attempt_state_check")),
        sa.CheckConstraint("length(key) <= 36", name=op.f("payout_attempt_key_check")),
        sa.CheckConstraint(
            "(state in ('paid', 'rejected', 'abandoned')) = (ended_at is not null)",
            name=op.f("payout_attempt_ended_at_check"),
        ),
        sa.CheckConstraint(
            "state <> 'paid' or sent_at is not null", name=op.f("payout_attempt_sent_at_check")
        ),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("payout_attempt_payout_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("payout_attempt_pkey")),
        sa.UniqueConstraint("key", name=op.f("payout_attempt_key_key")),
        sa.UniqueConstraint("payout_id", "number", name=op.f("payout_attempt_payout_id_number_key")),
        sa.UniqueConstraint(
            "provider", "provider_payment_id", name=op.f("payout_attempt_provider_provider_payment_id_key")
        ),
    )
    op.create_index(
        "one_live_attempt_per_payout",
        "payout_attempt",
        ["payout_id"],
        unique=True,
        postgresql_where=sa.text(f"state in ({LIVE_ATTEMPTS})"),
    )


def downgrade() -> None:
    op.execute("drop view open_payout_line")
    for table in ("payout_attempt", "payout_line", "payout", "payout_run"):
        op.drop_table(table)
