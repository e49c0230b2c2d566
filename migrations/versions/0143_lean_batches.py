"""Lines of a batch are booked by one statement, without being handed to the ledger as an array of their entries. What a line
corrects is looked for where it corrects something."""

from alembic import op

from migrations.helpers import as_made_by

revision = "0143_lean_batches"
down_revision = "0142_one_line"

FUNCTIONS = """
-- Books many commission lines and their ledger transactions together, one entry for each line that moves money.
-- Called with the agents' accounts locked. Returns how many lines were written.
create or replace function commission_book_many(p_lines commission_line[], p_actor text) returns integer
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  v_now timestamptz := ref_now();
begin
  if p_lines is null then
    return 0;
  end if;
  with numbered as materialized (
    select u.*, u.kind = 'accrual' as is_accrual, nextval('commission_id_seq') as id
    from unnest(p_lines) with ordinality
         as u(kind, event_id, rule_id, agent_id, referral_id, programme_id, terms_id, cause_event_id, amount, currency, paid,
              base, rate_bps, tier_position, volume, uncapped, line_capped, customer_capped, refunded, in_credit,
              occurred_at, available_at, deadline, freeze_reason, source_id, n)
  ), placed as (
    select l.*, null::bigint as accrual_id, null::boolean as known_in_credit,
           case when l.freeze_reason is null then 'pending' else 'frozen' end as account, l.occurred_at as happened_at
    from numbered l where l.is_accrual
    union all
    select l.*,
           -- What a correction corrects is booked, or else among these lines.
           coalesce(a.id, (
             select m.id from numbered m
             where m.is_accrual and m.event_id = l.event_id and m.rule_id = l.rule_id and m.agent_id = l.agent_id)),
           a.in_credit,
           case when a.id is null then case when l.freeze_reason is null then 'pending' else 'frozen' end
                when f.commission_id is not null then 'forfeited'
                when h.commission_id is null then case when a.in_credit then 'credit' else 'available' end
                when h.reason is null then 'pending' else 'frozen' end,
           -- In the books a reversal happened when the customer was refunded, not when he had paid.
           case when l.kind = 'reversal' then (select e.occurred_at from event e where e.id = l.cause_event_id)
                else l.occurred_at end
    from numbered l
    left join lateral (
      select a.id, a.in_credit from commission a
      where a.kind = 'accrual' and a.event_id = l.event_id and a.rule_id = l.rule_id
        and a.agent_id = l.agent_id offset 0) a on true
    left join lateral (select h.commission_id, h.reason from hold h where h.commission_id = a.id offset 0) h on true
    left join lateral (select f.commission_id from forfeiture f where f.commission_id = a.id offset 0) f on true
    where not l.is_accrual
  ), line as materialized (
    select l.*, a.id as account_id, l.amount <> 0 and l.account <> 'forfeited' as moves,
           case when l.amount <> 0 and l.account <> 'forfeited' then nextval('ledger_transaction_id_seq') end as transaction_id,
           a.seq + row_number() over w as seq, a.balance + total(l.amount) over w as balance, lead(l.n) over w is null as is_last
    from placed l
    left join lateral (
      select a.id, a.seq, a.balance from account a
      where l.amount <> 0 and a.agent_id = l.agent_id and a.kind = l.account and a.currency = l.currency offset 0) a on true
    window w as (partition by a.id order by l.n rows unbounded preceding)
  ), house as (
    select h.id, h.currency from account h
    where h.agent_id = '00000000-0000-0000-0000-000000000000' and h.kind = 'expense'
  ), entered as (
    insert into entry (transaction_id, line, kind, reference, agent_id, debit_account_id, credit_account_id, amount,
                       currency, occurred_at, booked_at, actor, debit_seq, debit_balance, credit_seq, credit_balance)
    select l.transaction_id, 1, l.kind, l.source_id, l.agent_id,
           case when l.amount > 0 then h.id else l.account_id end, case when l.amount > 0 then l.account_id else h.id end,
           abs(l.amount), l.currency, l.happened_at, v_now, p_actor,
           case when l.amount < 0 then l.seq end, case when l.amount < 0 then l.balance end,
           case when l.amount > 0 then l.seq end, case when l.amount > 0 then l.balance end
    from line l left join house h on h.currency = l.currency
    where l.moves
  ), moved as (
    update account a set seq = l.seq, balance = l.balance from line l where l.is_last and a.id = l.account_id
  ), written as (
    insert into commission (id, kind, event_id, rule_id, agent_id, referral_id, programme_id, terms_id, accrual_id,
                            cause_event_id, amount, currency, paid, base, rate_bps, tier_position, volume, uncapped,
                            line_capped, customer_capped, refunded, in_credit, occurred_at, available_at, account,
                            transaction_id, booked_at)
    overriding system value
    select l.id, l.kind, l.event_id, l.rule_id, l.agent_id, l.referral_id, l.programme_id, l.terms_id, l.accrual_id,
           case when not l.is_accrual then l.cause_event_id end, l.amount, l.currency, l.paid, l.base, l.rate_bps,
           l.tier_position, l.volume, l.uncapped, l.line_capped, l.customer_capped, l.refunded,
           coalesce(l.known_in_credit, l.in_credit), l.occurred_at, l.available_at, l.account, l.transaction_id, v_now
    from line l
  )
  insert into hold (commission_id, agent_id, until, deadline, reason)
  select id, agent_id, available_at, deadline, freeze_reason from line where is_accrual;
  return cardinality(p_lines);
end $$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)


def downgrade() -> None:
    op.execute(as_made_by("0131_lean_lines", "commission_book_many"))
