"""The ledger: accounts and two-sided entries that no role can bend."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import append_only, audited, grant, refuse_changes

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
  select kind in ('pending', 'available', 'frozen', 'in_payout', 'credit')
$$;

create function ledger_holder(kind text, agent_id uuid) returns uuid language sql immutable as $$
  select case when kind in ('pending', 'available', 'frozen', 'in_payout', 'credit') then agent_id
              else '00000000-0000-0000-0000-000000000000'::uuid end
$$;

-- Locks the agents' accounts in id order, in a statement of its own: what is counted after it is current.
-- Opens those that are missing, the owner's with the first of anybody. The owner (id zero) has nothing to lock.
create function ledger_lock(p_agents uuid[], p_currency text) returns void
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  if exists (select 1 from unnest(p_agents) as a(id)
             where not exists (select 1 from account x
                               where x.agent_id = a.id and x.currency = p_currency
                                 and x.kind = case when a.id = '00000000-0000-0000-0000-000000000000'::uuid
                                                   then 'clearing' else 'pending' end offset 0)) then
    insert into account (agent_id, kind, currency)
    select a.id, k.kind, p_currency
    from unnest(p_agents) as a(id),
         unnest(array['pending', 'available', 'frozen', 'in_payout', 'credit']) as k(kind)
    where a.id <> '00000000-0000-0000-0000-000000000000'::uuid
    union
    select '00000000-0000-0000-0000-000000000000'::uuid, o.kind, p_currency
    from unnest(array['clearing', 'bank', 'revenue', 'vat', 'fee', 'expense', 'contributions', 'payable',
                      'tax_withheld', 'bad_debt']) as o(kind)
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
  v_open timestamptz := (select max(p.ends_at) from period p);
begin
  -- An older snapshot would not see a month that was closed meanwhile.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'the books are written at READ COMMITTED'
      using errcode = 'check_violation', constraint = 'entry_isolation';
  end if;
  select min(a.transaction_id) into v_bad from added a where a.booked_at < v_open;
  if v_bad is not null then
    raise exception 'ledger transaction % is booked into a closed period; the books are open from %', v_bad, v_open
      using errcode = 'check_violation', constraint = 'entry_period';
  end if;
  select min(a.transaction_id) into v_bad from added a
  where a.booked_at not between v_now - interval '1 minute' and v_now + interval '1 minute';
  if v_bad is not null then
    raise exception 'ledger transaction % is not booked now', v_bad
      using errcode = 'check_violation', constraint = 'entry_booked_now';
  end if;
  select min(a.transaction_id) into v_bad from added a
  where a.line < 1
     or a.line > 1 and not exists (
       select 1 from added f
       where f.transaction_id = a.transaction_id and f.line = a.line - 1
         and (f.kind, f.reference, f.currency, f.occurred_at, f.booked_at, f.actor)
           = (a.kind, a.reference, a.currency, a.occurred_at, a.booked_at, a.actor));
  if v_bad is not null then
    raise exception 'ledger transaction % is not whole, or not about one thing', v_bad
      using errcode = 'check_violation', constraint = 'entry_whole';
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
    raise exception 'entries do not continue account %', v_bad
      using errcode = 'check_violation', constraint = 'entry_continues';
  end if;
  return null;
end $$;

-- A month is closed once, when it is over, after the one before it, and by two people; and race-free: the lock waits
-- for every writer who has begun and keeps others waiting until the closing has ended. They then find it closed.
create function ledger_close_period() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_last timestamptz;
begin
  lock table entry in share mode;
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'a period is closed at READ COMMITTED'
      using errcode = 'check_violation', constraint = 'period_isolation';
  end if;
  new.closed_at := ref_now();
  if new.ends_at > new.closed_at then
    raise exception 'period % is not over', new.month using errcode = 'check_violation', constraint = 'period_over';
  end if;
  select max(p.ends_at) into v_last from period p;
  if v_last is distinct from new.starts_at
     and (v_last is not null or exists (select 1 from entry e where e.booked_at < new.starts_at)) then
    raise exception 'period % does not follow what is closed', new.month
      using errcode = 'check_violation', constraint = 'period_follows';
  end if;
  if not exists (select 1 from period_closing c
                 where c.id = new.closing_id and c.month = new.month and c.approved_by is not null
                   and c.withdrawn_at is null) then
    raise exception 'nobody has approved that period % is closed', new.month
      using errcode = 'check_violation', constraint = 'period_approved';
  end if;
  return new;
end $$;

-- The trial balance with which a period is closed: what the one before it left, and what was booked in it.
create function ledger_keep_balances() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into period_balance (month, kind, currency, opening, debit, credit, closing)
  select new.month, b.kind, b.currency, sum(b.opening), sum(b.debit), sum(b.credit),
         sum(b.opening) + sum(b.credit) - sum(b.debit)
  from (
    select p.kind, p.currency, p.closing as opening, 0 as debit, 0 as credit
    from period_balance p where p.month = new.month - interval '1 month'
    union all
    select a.kind, a.currency, 0, s.debit, s.credit
    from (
      select side.account_id, sum(side.debit) as debit, sum(side.credit) as credit
      from entry e
      cross join lateral (values (e.debit_account_id, e.amount, 0::bigint), (e.credit_account_id, 0, e.amount))
            as side(account_id, debit, credit)
      where e.booked_at >= new.starts_at and e.booked_at < new.ends_at
      group by side.account_id) s
    join account a on a.id = s.account_id) b
  group by b.kind, b.currency;
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
    raise exception 'account % was not moved by entries alone', v_bad
      using errcode = 'check_violation', constraint = 'account_follows_entries';
  end if;
  return null;
end $$;

-- An account begins empty.
create function ledger_check_new_accounts() returns trigger language plpgsql as $$
begin
  if exists (select 1 from opened where seq <> 0 or balance <> 0) then
    raise exception 'an account begins empty'
      using errcode = 'check_violation', constraint = 'account_begins_empty';
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
            f"case when agent_id = '{HOUSE}' then kind in ('clearing', 'bank', 'revenue', 'vat', 'fee', 'expense',"
            " 'contributions', 'payable', 'tax_withheld', 'bad_debt')"
            " else kind in ('pending', 'available', 'frozen', 'in_payout', 'credit') end",
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
    _periods()
    _write_offs()
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
    op.execute(
        "create trigger period_is_closed_lawfully before insert on period"
        " for each row execute function ledger_close_period()"
    )
    op.execute(
        "create trigger period_keeps_balances after insert on period"
        " for each row execute function ledger_keep_balances()"
    )
    audited("write_off")
    grant("write_off", "select, insert, update")
    append_only("period")
    refuse_changes("period_balance")
    grant("period_closing", "select, insert, update")
    audited("period_closing")
    for table in ("account", "entry", "ledger_leg", "period_balance"):
        grant(table, "select")
    op.execute(
        "revoke all on function ledger_post(ledger_line[], text), ledger_enter(ledger_line[], text),"
        " ledger_lock(uuid[], text) from public"
    )
    op.execute(
        "grant execute on function ledger_post(ledger_line[], text), ledger_lock(uuid[], text) to ref_app"
    )


def _periods() -> None:
    """Months of the owner's books: who proposed and approved to close them, and what they were closed with."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "period_closing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", moment, nullable=False),
        sa.Column("withdrawn_by", sa.Text()),
        sa.Column("withdrawn_at", moment),
        sa.Column("approved_by", sa.Text()),
        sa.Column("approved_at", moment),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("period_closing_two_people_check")),
        sa.CheckConstraint(
            "(approved_by is null) = (approved_at is null)", name=op.f("period_closing_approved_check")
        ),
        sa.CheckConstraint(
            "(withdrawn_by is null) = (withdrawn_at is null)", name=op.f("period_closing_withdrawn_check")
        ),
        sa.CheckConstraint(
            "approved_at is null or withdrawn_at is null", name=op.f("period_closing_ended_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("period_closing_pkey")),
    )
    op.create_index(
        "one_standing_closing_per_month",
        "period_closing",
        ["month"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at is null"),
    )
    op.create_table(
        "period",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("starts_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("closing_id", sa.Uuid(), nullable=False),
        sa.Column("closed_at", moment, nullable=False),
        sa.CheckConstraint(
            "extract(day from month) = 1 and starts_at = timezone('Europe/Moscow', month::timestamp)"
            " and ends_at = timezone('Europe/Moscow', month + interval '1 month')",
            name=op.f("period_month_check"),
        ),
        sa.ForeignKeyConstraint(["closing_id"], ["period_closing.id"], name=op.f("period_closing_id_fkey")),
        sa.UniqueConstraint("ends_at", name=op.f("period_ends_at_key")),
        sa.PrimaryKeyConstraint("month", name=op.f("period_pkey")),
    )
    op.create_table(
        "period_balance",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("debit", sa.BigInteger(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.Column("closing", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("closing = opening + credit - debit", name=op.f("period_balance_closing_check")),
        sa.ForeignKeyConstraint(["month"], ["period.month"], name=op.f("period_balance_month_fkey")),
        sa.PrimaryKeyConstraint("month", "kind", "currency", name=op.f("period_balance_pkey")),
    )


def _write_offs() -> None:
    """Debts that are given up: who asked, who decided, and the transaction that booked it."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "write_off",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", moment),
        sa.Column("decision_note", sa.Text()),
        sa.Column("transaction_id", sa.BigInteger()),
        sa.CheckConstraint("amount > 0", name=op.f("write_off_amount_check")),
        sa.CheckConstraint(
            "reason in ('uncollectable', 'agent_gone', 'too_small', 'our_mistake')",
            name=op.f("write_off_reason_check"),
        ),
        sa.CheckConstraint("note <> ''", name=op.f("write_off_note_check")),
        sa.CheckConstraint("state in ('asked', 'approved', 'refused')", name=op.f("write_off_state_check")),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_by is null)", name=op.f("write_off_decided_by_check")
        ),
        sa.CheckConstraint(
            "(decided_by is null) = (decided_at is null)", name=op.f("write_off_decided_at_check")
        ),
        sa.CheckConstraint(
            "state <> 'approved' or decided_by <> asked_by", name=op.f("write_off_two_people_check")
        ),
        sa.CheckConstraint(
            "(state = 'approved') = (transaction_id is not null)", name=op.f("write_off_transaction_id_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("write_off_pkey")),
        sa.UniqueConstraint("reference", name=op.f("write_off_reference_key")),
    )
    op.create_index(op.f("write_off_agent_id_idx"), "write_off", ["agent_id"])
    op.create_index(op.f("write_off_asked_at_idx"), "write_off", ["asked_at"])
    op.create_index(
        "one_open_write_off_per_agent",
        "write_off",
        ["agent_id", "currency"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )


def downgrade() -> None:
    op.execute("drop view ledger_leg")
    for table in ("write_off", "period_balance", "period", "period_closing"):
        op.drop_table(table)
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
        "ledger_close_period()",
        "ledger_keep_balances()",
        "ledger_is_agents(text)",
        "ledger_holder(text, uuid)",
    ):
        op.execute(f"drop function {function}")
    op.execute("drop type ledger_line")
