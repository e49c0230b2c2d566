"""Booking looks up less for each line, with every guarantee: accounts once, the side of a balance that moved, former
agents only of customers who were transferred. And the journal of a day is found without reading all of them."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import as_made_by

revision = "0130_lean_books"
down_revision = "0070_init_retries"

FUNCTIONS = """
-- Facts and lines are never changed or removed, so what refers to them needs no lock on them, as a foreign key takes: it
-- would write to the page of every old fact that a refund is about.
create function event_check_original() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from event e where e.id = new.original_event_id) then
    raise exception 'there is no event % that this one could be about', new.original_event_id
      using errcode = 'foreign_key_violation', constraint = 'event_has_its_original';
  end if;
  return null;
end $$;

create function commission_check_events() returns trigger language plpgsql as $$
declare
  v_bad bigint;
begin
  select min(a.event_id) into v_bad from added a
  where not exists (select 1 from event e where e.id = a.event_id offset 0);
  if v_bad is not null then
    raise exception 'there is no event % that a commission could be for', v_bad
      using errcode = 'foreign_key_violation', constraint = 'commission_has_its_event';
  end if;
  return null;
end $$;

-- Lines of agents who had a share once are looked for only where somebody had.
create function referral_note_transfer() returns trigger language plpgsql as $$
begin
  update referral r set is_transferred = true where r.id = old.referral_id and not r.is_transferred;
  return null;
end $$;

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

-- Writes lines whose accounts are locked; for functions of the books alone. Lines with the same n form one
-- transaction; returns its id for each n.
create or replace function ledger_enter(p_lines ledger_line[], p_actor text)
returns table (n integer, transaction_id bigint)
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  v_booked timestamptz := ref_now();
begin
  return query
  with house as materialized (
    select h.id, h.kind, h.currency from account h where h.agent_id = '00000000-0000-0000-0000-000000000000'
  ), line as materialized (
    select l.*, row_number() over together as line, first_value(l.number) over together as transaction_id,
           coalesce(d.id, dh.id) as debit_id, d.seq as debit_seq, d.balance as debit_balance,
           coalesce(c.id, ch.id) as credit_id, c.seq as credit_seq, c.balance as credit_balance
    from (select *, ledger_is_agents(u.debit) as debit_counts, ledger_is_agents(u.credit) as credit_counts,
                 nextval('ledger_transaction_id_seq') as number
          from unnest(p_lines) with ordinality
               as u(n, kind, reference, agent_id, debit, credit, amount, currency, occurred_at, ord)) l
    left join lateral (
      select d.id, d.seq, d.balance from account d
      where l.debit_counts and d.agent_id = l.agent_id and d.kind = l.debit and d.currency = l.currency
      offset 0) d on true
    left join lateral (
      select c.id, c.seq, c.balance from account c
      where l.credit_counts and c.agent_id = l.agent_id and c.kind = l.credit and c.currency = l.currency
      offset 0) c on true
    left join house dh on dh.kind = l.debit and dh.currency = l.currency
    left join house ch on ch.kind = l.credit and ch.currency = l.currency
    window together as (partition by l.n order by l.ord)
  ), leg as (
    select ord, true as is_debit, debit_id as account_id, debit_seq as seq, debit_balance as balance, -amount as delta
    from line where debit_counts
    union all
    select ord, false, credit_id, credit_seq, credit_balance, amount from line where credit_counts
  ), counted as materialized (
    select ord, is_debit, account_id, seq + row_number() over w as seq, balance + sum(delta) over w as balance,
           lead(ord) over w is null as is_last
    from leg window w as (partition by account_id order by ord, is_debit desc rows unbounded preceding)
  ), entered as (
    insert into entry (transaction_id, line, kind, reference, agent_id, debit_account_id, credit_account_id, amount,
                       currency, occurred_at, booked_at, actor, debit_seq, debit_balance, credit_seq, credit_balance)
    select l.transaction_id, l.line, l.kind, l.reference, l.agent_id, l.debit_id, l.credit_id, l.amount, l.currency,
           l.occurred_at, v_booked, p_actor, d.seq, d.balance, c.seq, c.balance
    from line l
    left join counted d on d.ord = l.ord and d.is_debit
    left join counted c on c.ord = l.ord and not c.is_debit
  ), moved as (
    update account a set seq = c.seq, balance = c.balance from counted c where c.is_last and a.id = c.account_id
  )
  select line.n, line.transaction_id from line where line.line = 1;
end $$;

-- The law, checked on every insert whoever makes it: a transaction arrives whole, is about one thing in one
-- currency, is booked now, and continues the count and the balance of every agent's account it touches.
-- It also stands in for foreign keys, whose share locks on the owner's few accounts would make every writer meet
-- there; accounts are never deleted and keep their currency.
create or replace function ledger_check_entries() returns trigger language plpgsql as $$
declare
  v_bad bigint;
  v_late bigint;
  v_torn bigint;
  v_now timestamptz := ref_now();
  v_open timestamptz := (select max(p.ends_at) from period p);
begin
  -- An older snapshot would not see a month that was closed meanwhile.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'the books are written at READ COMMITTED'
      using errcode = 'check_violation', constraint = 'entry_isolation';
  end if;
  select min(a.transaction_id) filter (where a.booked_at < v_open),
         min(a.transaction_id) filter (
           where a.booked_at not between v_now - interval '1 minute' and v_now + interval '1 minute'),
         min(a.transaction_id) filter (
           where a.line < 1
              or a.line > 1 and not exists (
                select 1 from added f
                where f.transaction_id = a.transaction_id and f.line = a.line - 1
                  and (f.kind, f.reference, f.currency, f.occurred_at, f.booked_at, f.actor)
                    = (a.kind, a.reference, a.currency, a.occurred_at, a.booked_at, a.actor)))
  into v_late, v_bad, v_torn from added a;
  if v_late is not null then
    raise exception 'ledger transaction % is booked into a closed period; the books are open from %', v_late, v_open
      using errcode = 'check_violation', constraint = 'entry_period';
  end if;
  if v_bad is not null then
    raise exception 'ledger transaction % is not booked now', v_bad
      using errcode = 'check_violation', constraint = 'entry_booked_now';
  end if;
  if v_torn is not null then
    raise exception 'ledger transaction % is not whole, or not about one thing', v_torn
      using errcode = 'check_violation', constraint = 'entry_whole';
  end if;
  -- Triggers run when the whole statement is done, so the accounts already stand where the entries must end: an account's
  -- last leg where it stands, each other one where the next begins.
  select min(t.account_id) into v_bad
  from (select leg.*, lead(leg.account_id) over w is null as is_last, lead(leg.seq) over w as next_seq,
               lead(leg.balance) over w as next_balance, lead(leg.delta) over w as next_delta,
               lead(leg.currency) over w as next_currency, lead(leg.agent_id) over w as next_agent_id
        from (select debit_account_id as account_id, debit_seq as seq, debit_balance as balance, -amount as delta,
                     currency, agent_id
              from added
              union all
              select credit_account_id, credit_seq, credit_balance, amount, currency, agent_id from added) leg
        window w as (partition by leg.account_id order by leg.seq)) t
  left join lateral (select * from account x where t.is_last and x.id = t.account_id offset 0) a on true
  where case
    when t.is_last
    then a.id is null or t.currency <> a.currency or ledger_holder(a.kind, t.agent_id) <> a.agent_id
         or case when ledger_is_agents(a.kind)
                 then t.seq is distinct from a.seq or t.balance is distinct from a.balance
                 else t.seq is not null or t.balance is not null end
    when t.next_seq is null
    then t.currency <> t.next_currency or t.seq is not null or t.balance is not null or t.next_balance is not null
    else t.currency <> t.next_currency or t.agent_id <> t.next_agent_id
         or t.next_seq is distinct from t.seq + 1 or t.next_balance is distinct from t.balance + t.next_delta end;
  if v_bad is not null then
    raise exception 'entries do not continue account %', v_bad
      using errcode = 'check_violation', constraint = 'entry_continues';
  end if;
  return null;
end $$;

-- A balance moves by exactly the entries that were added; it cannot be set. Each count is used once on either side
-- (`ledger_check_entries`), so that as many entries as the account counts on are all of them, and the side to which the
-- balance went is looked at first: mostly the other one is not needed.
create or replace function ledger_check_balances() returns trigger language plpgsql as $$
declare
  v_bad bigint;
begin
  select min(c.id) into v_bad
  from changed c join before b on b.id = c.id
  cross join lateral (
    select count(*) as legs, sum(delta) as moved
    from (select leg.delta
          from (select amount as delta from entry
                where c.balance > b.balance
                  and credit_account_id = c.id and credit_seq > b.seq and credit_seq <= c.seq
                union all
                select -amount from entry where debit_account_id = c.id and debit_seq > b.seq and debit_seq <= c.seq
                union all
                select amount from entry
                where c.balance <= b.balance
                  and credit_account_id = c.id and credit_seq > b.seq and credit_seq <= c.seq) leg
          limit greatest(0, c.seq - b.seq)) counted) e
  where row(b.agent_id, b.kind, b.currency) <> row(c.agent_id, c.kind, c.currency)
     or e.legs = 0 or e.legs <> c.seq - b.seq or e.moved <> c.balance - b.balance;
  if v_bad is not null then
    raise exception 'account % was not moved by entries alone', v_bad
      using errcode = 'check_violation', constraint = 'account_follows_entries';
  end if;
  return null;
end $$;
"""
REPLACED = {
    "commission_lock": "0090_single_facts",
    "ledger_enter": "0010_ledger",
    "ledger_check_entries": "0010_ledger",
    "ledger_check_balances": "0010_ledger",
}
"""The functions that are replaced, and the migrations that made them."""


def upgrade() -> None:
    op.add_column(
        "referral",
        sa.Column("is_transferred", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute("alter table referral disable trigger referral_is_audited")  # what is known already is no deed
    op.execute(
        """update referral r set is_transferred = true
           where exists (select 1 from commission c
                         where c.referral_id = r.id and c.kind = 'accrual'
                           and not exists (select 1 from referral_share s
                                           where s.referral_id = r.id and s.agent_id = c.agent_id))"""
    )
    op.execute("alter table referral enable trigger referral_is_audited")
    op.execute(FUNCTIONS)
    op.execute(
        "create trigger referral_knows_of_transfers after update of agent_id or delete on referral_share"
        " for each row execute function referral_note_transfer()"
    )
    op.drop_constraint("event_original_event_id_fkey", "event", type_="foreignkey")
    op.execute(
        "create trigger event_has_its_original after insert on event for each row"
        " when (new.original_event_id is not null) execute function event_check_original()"
    )
    op.drop_constraint("commission_event_id_fkey", "commission", type_="foreignkey")
    op.execute(
        "create trigger commission_has_its_event after insert on commission referencing new table as added"
        " for each statement execute function commission_check_events()"
    )
    op.create_index(op.f("entry_booked_at_idx"), "entry", ["booked_at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index(op.f("entry_booked_at_idx"), "entry")
    op.execute("drop trigger commission_has_its_event on commission")
    op.execute("drop trigger event_has_its_original on event")
    op.execute("drop trigger referral_knows_of_transfers on referral_share")
    for function in ("commission_check_events", "event_check_original", "referral_note_transfer"):
        op.execute(f"drop function {function}()")
    op.create_foreign_key("commission_event_id_fkey", "commission", "event", ["event_id"], ["id"])
    op.create_foreign_key("event_original_event_id_fkey", "event", "event", ["original_event_id"], ["id"])
    for function, migration in REPLACED.items():
        op.execute(as_made_by(migration, function))
    op.drop_column("referral", "is_transferred")
