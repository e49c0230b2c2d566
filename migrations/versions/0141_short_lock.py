"""The agent of a single fact is locked by a statement that only one needs."""

from alembic import op

from migrations.helpers import as_made_by

revision = "0141_short_lock"
down_revision = "0140_uncommon_terms"

FUNCTIONS = """
-- Locks every agent whose lines some events may change; a statement of its own, so that the next one sees all.
-- The statements that follow in the transaction are long, and the plan for one event is right for a thousand: they
-- are planned once a session.
create or replace function commission_lock(p_events bigint[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_mode text := set_config('plan_cache_mode', 'force_generic_plan', true);
  v_accounts bigint[];
  v_is_any_missing boolean;
begin
  -- One fact of a customer who is one agent's: one account, which nothing has to be put in order with.
  if cardinality(p_events) = 1 then
    perform 1 from event e
    cross join lateral (
      select r.id from referral r where r.customer_id = e.customer_id and not r.is_transferred offset 0) r
    cross join lateral (
      select s.agent_id, s.programme_id from referral_share s where s.referral_id = r.id and s.bps = 10000 offset 0) s
    cross join lateral (select p.currency from programme p where p.id = s.programme_id offset 0) p
    cross join lateral (
      select 1 from account a
      where a.agent_id = s.agent_id and a.kind = 'pending' and a.currency = p.currency for update) a
    where e.id = p_events[1];
    if found then
      return;
    end if;
  end if;
  with told as materialized (
    select coalesce(e.original_event_id, e.id) as event_id, r.id as referral_id, r.is_transferred
    from event e
    cross join lateral (select r.id, r.is_transferred from referral r where r.customer_id = e.customer_id offset 0) r
    where e.id = any(p_events)
  )
  select array_agg(a.id), bool_or(a.id is null) into v_accounts, v_is_any_missing
  from (
    select s.agent_id, s.programme_id from told t
    cross join lateral (
      select s.agent_id, s.programme_id from referral_share s where s.referral_id = t.referral_id offset 0) s
    union all
    select c.agent_id, c.programme_id from told t
    cross join lateral (select c.agent_id, c.programme_id from commission c
                        where t.is_transferred and c.event_id = t.event_id and c.kind = 'accrual' offset 0) c
  ) c
  join programme p on p.id = c.programme_id
  left join lateral (
    select a.id from account a
    where a.agent_id = c.agent_id and a.kind = 'pending' and a.currency = p.currency offset 0) a on true;
  if v_is_any_missing then
    perform commission_lock_opening(p_events);
  else
    perform 1 from account a where a.id = any(v_accounts) order by a.currency, a.id for update;
  end if;
end $$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)


def downgrade() -> None:
    op.execute(as_made_by("0130_lean_books", "commission_lock"))
