"""A day to decide in is 24 hours in whatever zone the database lives."""

from alembic import op

from migrations.helpers import as_made_by

revision = "0145_days_of_24_hours"
down_revision = "0144_unread_index"

FUNCTIONS = """
create or replace function freeze_held() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_id bigint;
  v_now timestamptz := ref_now();
begin
  insert into commission_freeze (commission_id, agent_id, rule, evidence, role, due_at, outcome, taken_from, amount, frozen_at,
                      frozen_by)
  select new.commission_id, new.agent_id, r.rule,
         coalesce(freeze_evidence(r.rule, new.commission_id, new.agent_id), '{}'), r.role,
         v_now + make_interval(hours => 24 * r.days::integer), r.outcome, 'pending', 0, v_now, 'system:commissions'
  from freeze_rule r where r.rule = new.reason
  returning id into strict v_id;
  update hold set freeze_id = v_id where commission_id = new.commission_id;
  return null;
end $$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)


def downgrade() -> None:
    op.execute(as_made_by("0060_freezes", "freeze_held"))
