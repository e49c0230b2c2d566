"""An accrual that comes alone is booked by one statement: account, entry, line and hold."""

from alembic import op

from migrations.helpers import as_made_by

revision = "0142_one_line"
down_revision = "0141_short_lock"

FUNCTIONS = """
-- Books commission lines and their ledger transactions together; the only way a line comes to be.
-- Called with the agents' accounts locked. Returns how many lines were written.
create or replace function commission_book(p_lines commission_line[], p_actor text) returns integer
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
  -- An accrual alone: nothing is known of it, so there is nothing to look up, and its entry is the only one.
  if cardinality(p_lines) > 1 or l.kind <> 'accrual' then
    return commission_book_many(p_lines, p_actor);
  end if;
  v_now := ref_now();
  v_account := case when l.freeze_reason is null then 'pending' else 'frozen' end;
  v_id := nextval('commission_id_seq');
  if l.amount <> 0 then
    v_transaction_id := nextval('ledger_transaction_id_seq');
  end if;
  with moved as (
    update account a set seq = a.seq + 1, balance = a.balance + l.amount
    where v_transaction_id is not null and a.agent_id = l.agent_id and a.kind = v_account and a.currency = l.currency
    returning a.id, a.seq, a.balance
  ), entered as (
    insert into entry (transaction_id, line, kind, reference, agent_id, debit_account_id, credit_account_id, amount,
                       currency, occurred_at, booked_at, actor, credit_seq, credit_balance)
    select v_transaction_id, 1, l.kind, l.source_id, l.agent_id,
           (select h.id from account h where h.agent_id = '00000000-0000-0000-0000-000000000000'
                                         and h.kind = 'expense' and h.currency = l.currency),
           m.id, l.amount, l.currency, l.occurred_at, v_now, p_actor, m.seq, m.balance
    from (values (1)) one left join moved m on true
    where v_transaction_id is not null
  ), written as (
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
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)
    op.execute("drop function ledger_enter_one(ledger_line, text, timestamptz)")


def downgrade() -> None:
    op.execute(as_made_by("0090_single_facts", "ledger_enter_one"))
    op.execute("revoke all on function ledger_enter_one(ledger_line, text, timestamptz) from public")
    op.execute(as_made_by("0090_single_facts", "commission_book"))
