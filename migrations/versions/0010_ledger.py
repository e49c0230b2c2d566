"""The ledger: accounts and two-sided entries that no role can bend."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant, refuse_changes

revision = "0010_ledger"
down_revision = "0009_payments"

HOUSE = "00000000-0000-0000-0000-000000000000"

FUNCTIONS = """
create type ledger_line as (
  n integer, kind text, reference text, agent_id uuid, debit text, credit text,
  amount bigint, currency text, occurred_at timestamptz
);

-- Agents' balances guard decisions, so these accounts count their entries; the owner's are summed when asked.
create function ledger_is_agents(kind text) returns boolean language sql immutable as $$
  select kind in ('pending', 'available', 'frozen', 'in_payout')
$$;

create function ledger_holder(kind text, agent_id uuid) returns uuid language sql immutable as $$
  select case when kind in ('pending', 'available', 'frozen', 'in_payout') then agent_id
              else '00000000-0000-0000-0000-000000000000'::uuid end
$$;

-- Locks the agents' accounts in id order, in a statement of its own: what is counted after it is current.
-- Opens those that are missing, the owner's with the first agent's.
create function ledger_lock(p_agents uuid[], p_currency text) returns void
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  if exists (select 1 from unnest(p_agents) as a(id)
             where not exists (select 1 from account x where x.agent_id = a.id and x.kind = 'pending'
                                                         and x.currency = p_currency offset 0)) then
    insert into account (agent_id, kind, currency)
    select a.id, k.kind, p_currency
    from unnest(p_agents) as a(id), unnest(array['pending', 'available', 'frozen', 'in_payout']) as k(kind)
    union
    select '00000000-0000-0000-0000-000000000000'::uuid, o.kind, p_currency from unnest(array['expense', 'bank']) as o(kind)
    order by 1, 2
    on conflict do nothing;
  end if;
  perform 1 from account
  where agent_id = any(p_agents) and currency = p_currency and kind = 'pending' order by id for update;
end $$;

-- Writes lines whose accounts are locked; for functions of the books alone. Lines with the same n form one
-- transaction; returns its id for each n.
create function ledger_enter(p_lines ledger_line[], p_actor text)
returns table (n integer, transaction_id bigint)
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  v_booked timestamptz := ref_now();
begin
  return query
  with line as materialized (
    select l.*, row_number() over together as line, first_value(l.number) over together as transaction_id,
           d.id as debit_id, d.seq as debit_seq, d.balance as debit_balance, ledger_is_agents(l.debit) as debit_counts,
           c.id as credit_id, c.seq as credit_seq, c.balance as credit_balance, ledger_is_agents(l.credit) as credit_counts
    from (select *, nextval('ledger_transaction_id_seq') as number
          from unnest(p_lines) with ordinality
               as u(n, kind, reference, agent_id, debit, credit, amount, currency, occurred_at, ord)) l
    left join lateral (
      select d.id, d.seq, d.balance from account d
      where d.agent_id = ledger_holder(l.debit, l.agent_id) and d.kind = l.debit and d.currency = l.currency
      offset 0) d on true
    left join lateral (
      select c.id, c.seq, c.balance from account c
      where c.agent_id = ledger_holder(l.credit, l.agent_id) and c.kind = l.credit and c.currency = l.currency
      offset 0) c on true
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

-- The only way into the books for the application: locks, then writes.
create function ledger_post(p_lines ledger_line[], p_actor text)
returns table (n integer, transaction_id bigint)
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  perform ledger_lock(l.agents, l.currency)
  from (select array_agg(distinct given.agent_id) as agents, given.currency from unnest(p_lines) given
        group by given.currency order by given.currency) l;
  return query select * from ledger_enter(p_lines, p_actor);
end $$;

-- The law, checked on every insert whoever makes it: a transaction arrives whole, is about one thing in one
-- currency, is booked now, and continues the count and the balance of every agent's account it touches.
-- It also stands in for foreign keys, whose share locks on the owner's few accounts would make every writer meet
-- there; accounts are never deleted and keep their currency.
create function ledger_check_entries() returns trigger language plpgsql as $$
declare
  v_bad bigint;
  v_now timestamptz := ref_now();
begin
  select min(a.transaction_id) into v_bad from added a
  where a.line < 1 or a.booked_at not between v_now - interval '1 minute' and v_now + interval '1 minute'
     or a.line > 1 and not exists (
       select 1 from added f
       where f.transaction_id = a.transaction_id and f.line = a.line - 1
         and (f.kind, f.reference, f.currency, f.occurred_at, f.booked_at, f.actor)
           = (a.kind, a.reference, a.currency, a.occurred_at, a.booked_at, a.actor));
  if v_bad is not null then
    raise exception 'ledger transaction % is not whole, not about one thing, or not booked now', v_bad
      using errcode = 'check_violation';
  end if;
  -- Triggers run when the whole statement is done, so the accounts already stand where the entries must end.
  select min(t.account_id) into v_bad
  from (select leg.*, a.id, a.agent_id as holder, a.kind, a.currency as held, a.seq as last, a.balance as final,
               row_number() over w as nth, coalesce(sum(delta) over (w rows between unbounded preceding
                                                                      and 1 preceding), 0) as later
        from (select debit_account_id as account_id, debit_seq as seq, debit_balance as balance, -amount as delta,
                     currency, agent_id
              from added
              union all
              select credit_account_id, credit_seq, credit_balance, amount, currency, agent_id from added) leg
        left join lateral (select * from account x where x.id = leg.account_id offset 0) a on true
        window w as (partition by leg.account_id order by leg.seq desc)) t
  where t.id is null or t.currency <> t.held or ledger_holder(t.kind, t.agent_id) <> t.holder
     or case when ledger_is_agents(t.kind)
             then t.seq is distinct from t.last - t.nth + 1 or t.balance is distinct from t.final - t.later
             else t.seq is not null or t.balance is not null end;
  if v_bad is not null then
    raise exception 'entries do not continue account %', v_bad using errcode = 'check_violation';
  end if;
  return null;
end $$;

-- A balance moves by exactly the entries that were added; it cannot be set.
create function ledger_check_balances() returns trigger language plpgsql as $$
declare
  v_bad bigint;
begin
  select min(c.id) into v_bad
  from changed c join before b on b.id = c.id
  cross join lateral (
    select count(*) as legs, sum(delta) as moved
    from (select amount as delta from entry where credit_account_id = c.id and credit_seq > b.seq and credit_seq <= c.seq
          union all
          select -amount from entry where debit_account_id = c.id and debit_seq > b.seq and debit_seq <= c.seq) leg) e
  where row(b.agent_id, b.kind, b.currency) <> row(c.agent_id, c.kind, c.currency)
     or e.legs = 0 or e.legs <> c.seq - b.seq or e.moved <> c.balance - b.balance;
  if v_bad is not null then
    raise exception 'account % was not moved by entries alone', v_bad using errcode = 'check_violation';
  end if;
  return null;
end $$;

-- An account begins empty.
create function ledger_check_new_accounts() returns trigger language plpgsql as $$
begin
  if exists (select 1 from opened where seq <> 0 or balance <> 0) then
    raise exception 'an account begins empty' using errcode = 'check_violation';
  end if;
  return null;
end $$;
"""

VIEWS = """
-- Entries as an accountant reads them: one row a side.
create view ledger_leg as
  select e.transaction_id, e.line, e.kind, e.reference, e.agent_id, 'debit' as side, e.debit_account_id as account_id,
         e.amount, e.currency, e.occurred_at, e.booked_at, e.actor, e.debit_seq as seq, e.debit_balance as balance
  from entry e
  union all
  select e.transaction_id, e.line, e.kind, e.reference, e.agent_id, 'credit', e.credit_account_id,
         e.amount, e.currency, e.occurred_at, e.booked_at, e.actor, e.credit_seq, e.credit_balance
  from entry e;
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            f"case when agent_id = '{HOUSE}' then kind in ('expense', 'bank')"
            " else kind in ('pending', 'available', 'frozen', 'in_payout') end",
            name=op.f("account_kind_check"),
        ),
        sa.CheckConstraint(
            "kind not in ('pending', 'frozen', 'in_payout') or balance >= 0",
            name=op.f("account_balance_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("account_pkey")),
        sa.UniqueConstraint("agent_id", "kind", "currency", name=op.f("account_agent_id_kind_currency_key")),
    )
    op.execute("create sequence ledger_transaction_id_seq")
    op.create_table(
        "entry",
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("debit_account_id", sa.BigInteger(), nullable=False),
        sa.Column("credit_account_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("occurred_at", moment, nullable=False),
        sa.Column("booked_at", moment, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("debit_seq", sa.BigInteger()),
        sa.Column("debit_balance", sa.BigInteger()),
        sa.Column("credit_seq", sa.BigInteger()),
        sa.Column("credit_balance", sa.BigInteger()),
        sa.CheckConstraint("amount > 0", name=op.f("entry_amount_check")),
        sa.CheckConstraint("debit_account_id <> credit_account_id", name=op.f("entry_sides_check")),
        sa.PrimaryKeyConstraint("transaction_id", "line", name=op.f("entry_pkey")),
    )
    op.create_index(
        "entry_debit_count_idx",
        "entry",
        ["debit_account_id", "debit_seq"],
        unique=True,
        postgresql_where=sa.text("debit_seq is not null"),
    )
    op.create_index(
        "entry_credit_count_idx",
        "entry",
        ["credit_account_id", "credit_seq"],
        unique=True,
        postgresql_where=sa.text("credit_seq is not null"),
    )
    op.execute(FUNCTIONS)
    op.execute(VIEWS)
    op.execute(
        "create trigger entry_is_lawful after insert on entry referencing new table as added"
        " for each statement execute function ledger_check_entries()"
    )
    op.execute(
        "create trigger account_follows_entries after update on account"
        " referencing old table as before new table as changed"
        " for each statement execute function ledger_check_balances()"
    )
    op.execute(
        "create trigger account_begins_empty after insert on account referencing new table as opened"
        " for each statement execute function ledger_check_new_accounts()"
    )
    op.execute(
        "create trigger account_stays before delete or truncate on account"
        " for each statement execute function refuse_change()"
    )
    refuse_changes("entry")
    for table in ("account", "entry", "ledger_leg"):
        grant(table, "select")
    op.execute(
        "revoke all on function ledger_post(ledger_line[], text), ledger_enter(ledger_line[], text),"
        " ledger_lock(uuid[], text) from public"
    )
    op.execute(
        "grant execute on function ledger_post(ledger_line[], text), ledger_lock(uuid[], text) to ref_app"
    )


def downgrade() -> None:
    op.execute("drop view ledger_leg")
    op.drop_table("entry")
    op.drop_table("account")
    op.execute("drop sequence ledger_transaction_id_seq")
    for function in (
        "ledger_post(ledger_line[], text)",
        "ledger_enter(ledger_line[], text)",
        "ledger_lock(uuid[], text)",
        "ledger_check_entries()",
        "ledger_check_balances()",
        "ledger_check_new_accounts()",
        "ledger_is_agents(text)",
        "ledger_holder(text, uuid)",
    ):
        op.execute(f"drop function {function}")
    op.execute("drop type ledger_line")
