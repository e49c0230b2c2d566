"""A fact that comes alone is booked and locked without starting what only many facts need."""

from alembic import op

revision = "0090_single_facts"
down_revision = "0062_manual_reversals"

FUNCTIONS = """
-- Writes one line whose accounts are locked, as a transaction of its own; for functions of the books alone. The same as
-- `ledger_enter`, which counts the lines of each account: for one line its plan costs more than the rows.
create function ledger_enter_one(p_line ledger_line, p_actor text, p_booked timestamptz) returns bigint
language plpgsql as $$
declare
  v_id bigint := nextval('ledger_transaction_id_seq');
begin
  with moved as (
    update account a
    set seq = a.seq + 1, balance = a.balance + case a.kind when p_line.credit then p_line.amount else -p_line.amount end
    where a.agent_id = p_line.agent_id and a.kind in (p_line.debit, p_line.credit) and a.currency = p_line.currency
      and ledger_is_agents(a.kind)
    returning a.id, a.kind, a.seq, a.balance
  )
  insert into entry (transaction_id, line, kind, reference, agent_id, debit_account_id, credit_account_id, amount,
                     currency, occurred_at, booked_at, actor, debit_seq, debit_balance, credit_seq, credit_balance)
  select v_id, 1, p_line.kind, p_line.reference, p_line.agent_id,
         coalesce(d.id, (select h.id from account h where h.agent_id = '00000000-0000-0000-0000-000000000000'
                                                      and h.kind = p_line.debit and h.currency = p_line.currency)),
         coalesce(c.id, (select h.id from account h where h.agent_id = '00000000-0000-0000-0000-000000000000'
                                                      and h.kind = p_line.credit and h.currency = p_line.currency)),
         p_line.amount, p_line.currency, p_line.occurred_at, p_booked, p_actor, d.seq, d.balance, c.seq, c.balance
  from (values (1)) one
  left join moved d on d.kind = p_line.debit
  left join moved c on c.kind = p_line.credit;
  return v_id;
end $$;

-- Books commission lines and their ledger transactions together; the only way a line comes to be.
-- Called with the agents' accounts locked. Returns how many lines were written.
create function commission_book(p_lines commission_line[], p_actor text) returns integer
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  l commission_line := p_lines[1];
  v_now timestamptz;
  v_id bigint;
  v_transaction_id bigint;
  v_account text;
begin
  if p_lines is null then
    return 0;
  end if;
  -- An accrual alone: nothing is known of it, so there is nothing to look up.
  if cardinality(p_lines) > 1 or l.kind <> 'accrual' then
    return commission_book_many(p_lines, p_actor);
  end if;
  v_now := ref_now();
  v_account := case when l.freeze_reason is null then 'pending' else 'frozen' end;
  if l.amount <> 0 then
    v_transaction_id := ledger_enter_one(row(1, l.kind, l.source_id, l.agent_id, 'expense', v_account, l.amount,
                                             l.currency, l.occurred_at)::ledger_line, p_actor, v_now);
  end if;
  v_id := nextval('commission_id_seq');
  with written as (
    insert into commission (id, kind, event_id, rule_id, agent_id, referral_id, programme_id, terms_id, amount, currency,
                            paid, base, rate_bps, tier_position, volume, uncapped, line_capped, customer_capped, refunded,
                            in_credit, occurred_at, available_at, account, transaction_id, booked_at)
    overriding system value
    values (v_id, l.kind, l.event_id, l.rule_id, l.agent_id, l.referral_id, l.programme_id, l.terms_id, l.amount,
            l.currency, l.paid, l.base, l.rate_bps, l.tier_position, l.volume, l.uncapped, l.line_capped,
            l.customer_capped, l.refunded, l.in_credit, l.occurred_at, l.available_at, v_account, v_transaction_id, v_now)
  )
  insert into hold (commission_id, agent_id, until, deadline, reason)
  values (v_id, l.agent_id, l.available_at, l.deadline, l.freeze_reason);
  return 1;
end $$;

-- Locks every agent whose lines some events may change; a statement of its own, so that the next one sees all.
-- The statements that follow in the transaction are long, and the plan for one event is right for a thousand: they
-- are planned once a session.
create function commission_lock(p_events bigint[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_mode text := set_config('plan_cache_mode', 'force_generic_plan', true);
  v_accounts bigint[];
  v_is_any_missing boolean;
begin
  with told as materialized (
    select coalesce(e.original_event_id, e.id) as event_id, e.customer_id from event e where e.id = any(p_events)
  )
  select array_agg(a.id), bool_or(a.id is null) into v_accounts, v_is_any_missing
  from (
    select s.agent_id, s.programme_id from told t
    cross join lateral (select r.id from referral r where r.customer_id = t.customer_id offset 0) r
    cross join lateral (select s.agent_id, s.programme_id from referral_share s where s.referral_id = r.id offset 0) s
    union all
    select c.agent_id, c.programme_id from told t
    cross join lateral (select c.agent_id, c.programme_id from commission c
                        where c.event_id = t.event_id and c.kind = 'accrual' offset 0) c
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
    op.execute("alter function commission_book(commission_line[], text) rename to commission_book_many")
    op.execute("alter function commission_lock(bigint[]) rename to commission_lock_opening")
    op.execute(FUNCTIONS)
    for function in ("commission_book_many(commission_line[], text)", "commission_lock_opening(bigint[])"):
        op.execute(f"revoke all on function {function} from public, ref_app")
    op.execute("revoke all on function ledger_enter_one(ledger_line, text, timestamptz) from public")
    for function in ("commission_book(commission_line[], text)", "commission_lock(bigint[])"):
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to ref_app")


def downgrade() -> None:
    op.execute("drop function commission_book(commission_line[], text), commission_lock(bigint[])")
    op.execute("drop function ledger_enter_one(ledger_line, text, timestamptz)")
    op.execute("alter function commission_book_many(commission_line[], text) rename to commission_book")
    op.execute("alter function commission_lock_opening(bigint[]) rename to commission_lock")
    for function in ("commission_book(commission_line[], text)", "commission_lock(bigint[])"):
        op.execute(f"grant execute on function {function} to ref_app")
