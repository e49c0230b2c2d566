"""A freeze says which rule made it, on what evidence, who decides, by when, and what happens if nobody does."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import append_only, audited, grant

revision = "0060_freezes"
down_revision = "0050_statements"

RULES = "rule in ('attribution_case', 'agent_suspended', 'agent_closed', 'by_hand')"
AUDITED = ("commission_freeze", "release", "forfeiture")
OUTCOMES = "outcome in ('release', 'take_back', 'stay')"
ROLES = "role in ('admin', 'manager', 'finance')"

FUNCTIONS = """
-- Why a rule freezes a line: the ids and moments that a person needs to judge it, nothing personal.
create function freeze_evidence(p_rule text, p_commission bigint, p_agent uuid) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select case p_rule
    when 'attribution_case' then (
      select jsonb_build_object('case', k.reference, 'referral', r.reference)
      from commission c join referral r on r.id = c.referral_id
      left join attribution_case k on k.referral_id = r.id and k.state = 'open' where c.id = p_commission)
    when 'agent_suspended' then (
      select jsonb_build_object('agent', a.reference, 'since', a.suspended_at) from agent a where a.id = p_agent)
    else (
      select jsonb_build_object('agent', a.reference, 'since', a.closed_at, 'terms', t.on_agent_closed)
      from agent a, commission c join terms t on t.id = c.terms_id where a.id = p_agent and c.id = p_commission)
    end
$$;

-- A line that is held for a reason has a freeze, made by the rule of that reason; one made by hand brings its own.
create function freeze_held() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_id bigint;
  v_now timestamptz := ref_now();
begin
  insert into commission_freeze (commission_id, agent_id, rule, evidence, role, due_at, outcome, taken_from, amount, frozen_at,
                      frozen_by)
  select new.commission_id, new.agent_id, r.rule,
         coalesce(freeze_evidence(r.rule, new.commission_id, new.agent_id), '{}'), r.role,
         v_now + make_interval(days => r.days::integer), r.outcome, 'pending', 0, v_now, 'system:commissions'
  from freeze_rule r where r.rule = new.reason
  returning id into strict v_id;
  update hold set freeze_id = v_id where commission_id = new.commission_id;
  return null;
end $$;
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "freeze_rule",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("changed_at", moment),
        sa.CheckConstraint(RULES, name=op.f("freeze_rule_rule_check")),
        sa.CheckConstraint(ROLES, name=op.f("freeze_rule_role_check")),
        sa.CheckConstraint("days between 1 and 365", name=op.f("freeze_rule_days_check")),
        sa.CheckConstraint(OUTCOMES, name=op.f("freeze_rule_outcome_check")),
        sa.PrimaryKeyConstraint("rule", name=op.f("freeze_rule_pkey")),
    )
    op.execute(
        """insert into freeze_rule (rule, role, days, outcome) values
           ('attribution_case', 'manager', 14, 'stay'), ('agent_suspended', 'manager', 30, 'stay'),
           ('agent_closed', 'manager', 60, 'stay'), ('by_hand', 'manager', 14, 'release')"""
    )
    grant("freeze_rule", "select, update")
    audited("freeze_rule")
    op.create_table(
        "commission_freeze",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("commission_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("taken_from", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("frozen_at", moment, nullable=False),
        sa.Column("frozen_by", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger()),
        sa.CheckConstraint(RULES, name=op.f("commission_freeze_rule_check")),
        sa.CheckConstraint(ROLES, name=op.f("commission_freeze_role_check")),
        sa.CheckConstraint(OUTCOMES, name=op.f("commission_freeze_outcome_check")),
        sa.CheckConstraint(
            "taken_from in ('pending', 'available', 'credit')",
            name=op.f("commission_freeze_taken_from_check"),
        ),
        sa.CheckConstraint(
            "(rule = 'by_hand') = (code is not null) and (code is null) = (note is null)",
            name=op.f("commission_freeze_code_check"),
        ),
        sa.CheckConstraint(
            "amount >= 0 and (transaction_id is null) = (amount = 0)",
            name=op.f("commission_freeze_transaction_id_check"),
        ),
        sa.ForeignKeyConstraint(
            ["commission_id"], ["commission.id"], name=op.f("commission_freeze_commission_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("commission_freeze_pkey")),
    )
    op.create_index("commission_freeze_commission_id_idx", "commission_freeze", ["commission_id"])
    append_only("commission_freeze")
    _endings()
    for table in AUDITED:
        audited(table)
    op.execute(FUNCTIONS)
    op.execute(
        """create trigger hold_has_its_freeze after insert or update of reason on hold for each row
           when (new.reason is not null and new.freeze_id is null) execute function freeze_held()"""
    )
    op.execute("revoke all on function freeze_held() from public")
    grant("hold", "insert")


def _endings() -> None:
    """A freeze ends when the line is let go, or goes back to the owner; a line may be frozen again."""
    op.add_column("hold", sa.Column("freeze_id", sa.BigInteger()))
    op.create_foreign_key(op.f("hold_freeze_id_fkey"), "hold", "commission_freeze", ["freeze_id"], ["id"])
    op.create_index(
        "hold_freeze_id_idx", "hold", ["freeze_id"], postgresql_where=sa.text("freeze_id is not null")
    )
    op.drop_constraint(op.f("release_pkey"), "release")
    op.add_column("release", sa.Column("freeze_id", sa.BigInteger(), nullable=False))
    op.add_column("release", sa.Column("code", sa.Text()))
    op.add_column("release", sa.Column("note", sa.Text()))
    op.create_primary_key(op.f("release_pkey"), "release", ["freeze_id"])
    op.create_index("release_commission_id_idx", "release", ["commission_id"])
    op.create_check_constraint(
        op.f("release_transaction_id_check"),
        "release",
        "amount >= 0 and (transaction_id is null) = (amount = 0)",
    )
    op.add_column("forfeiture", sa.Column("freeze_id", sa.BigInteger(), nullable=False))
    op.add_column("forfeiture", sa.Column("code", sa.Text()))
    op.create_unique_constraint(op.f("forfeiture_freeze_id_key"), "forfeiture", ["freeze_id"])
    for table in ("release", "forfeiture"):
        op.create_foreign_key(
            op.f(f"{table}_freeze_id_fkey"), table, "commission_freeze", ["freeze_id"], ["id"]
        )


def downgrade() -> None:
    op.execute("revoke insert on hold from ref_app")
    op.execute("drop trigger hold_has_its_freeze on hold")
    op.execute("drop function freeze_held()")
    op.execute("drop function freeze_evidence(text, bigint, uuid)")
    for table in ("release", "forfeiture"):
        op.execute(f"drop trigger {table}_is_audited on {table}")
    op.drop_column("forfeiture", "freeze_id")
    op.drop_column("forfeiture", "code")
    op.drop_constraint(op.f("release_transaction_id_check"), "release")
    op.drop_constraint(op.f("release_pkey"), "release")
    op.drop_index("release_commission_id_idx", "release")
    for column in ("freeze_id", "code", "note"):
        op.drop_column("release", column)
    op.create_primary_key(op.f("release_pkey"), "release", ["commission_id"])
    op.drop_column("hold", "freeze_id")
    op.drop_table("commission_freeze")
    op.drop_table("freeze_rule")
