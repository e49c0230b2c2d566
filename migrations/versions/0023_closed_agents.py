"""What is frozen for a closed agent is let go or forfeited, as the terms say."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import append_only

revision = "0023_closed_agents"
down_revision = "0022_saved_views"

BOOK = """
-- Books commission lines and their ledger transactions together; the only way a line comes to be.
-- Called with the agents' accounts locked. Returns how many lines were written.
create or replace function commission_book(p_lines commission_line[], p_actor text) returns integer
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  v_now timestamptz := ref_now();
begin
  if p_lines is null then
    return 0;
  end if;
  with line as materialized (
    select l.*, l.kind = 'accrual' as is_accrual,
           case when l.kind <> 'accrual'
                then coalesce(a.id, first_value(l.id) over (partition by l.event_id, l.rule_id, l.agent_id
                                                            order by l.kind)) end as accrual_id,
           case when a.id is null then case when l.freeze_reason is null then 'pending' else 'frozen' end
                when f.commission_id is not null then 'forfeited'
                when h.commission_id is null then 'available'
                when h.reason is null then 'pending' else 'frozen' end as account,
           -- In the books a reversal happened when the customer was refunded, not when he had paid.
           case when l.kind = 'reversal' then (select e.occurred_at from event e where e.id = l.cause_event_id)
                else l.occurred_at end as happened_at
    from (select u.*, nextval('commission_id_seq') as id from unnest(p_lines) with ordinality
          as u(kind, event_id, rule_id, agent_id, referral_id, programme_id, terms_id, cause_event_id, amount, currency, paid,
               base, rate_bps, tier_position, volume, uncapped, refunded, occurred_at, available_at, freeze_reason,
               source_id, n)) l
    left join lateral (
      select a.id from commission a
      where l.kind <> 'accrual' and a.kind = 'accrual' and a.event_id = l.event_id and a.rule_id = l.rule_id
        and a.agent_id = l.agent_id offset 0) a on true
    left join lateral (select h.commission_id, h.reason from hold h where h.commission_id = a.id offset 0) h on true
    left join lateral (select f.commission_id from forfeiture f where f.commission_id = a.id offset 0) f on true
  ), posted as materialized (
    select * from ledger_enter((
      select array_agg(row(n, kind, source_id, agent_id,
                           case when amount > 0 then 'expense' else account end,
                           case when amount > 0 then account else 'expense' end,
                           abs(amount), currency, happened_at)::ledger_line order by n)
      from line where amount <> 0 and account <> 'forfeited'), p_actor)
  ), written as (
    insert into commission (id, kind, event_id, rule_id, agent_id, referral_id, programme_id, terms_id, accrual_id,
                            cause_event_id, amount, currency, paid, base, rate_bps, tier_position, volume, uncapped,
                            refunded, occurred_at, available_at, account, transaction_id, booked_at)
    overriding system value
    select l.id, l.kind, l.event_id, l.rule_id, l.agent_id, l.referral_id, l.programme_id, l.terms_id, l.accrual_id,
           case when not l.is_accrual then l.cause_event_id end, l.amount, l.currency, l.paid, l.base, l.rate_bps,
           l.tier_position, l.volume, l.uncapped, l.refunded, l.occurred_at, l.available_at, l.account,
           p.transaction_id, v_now
    from line l left join posted p on p.n = l.n
  )
  insert into hold (commission_id, agent_id, until, reason)
  select id, agent_id, available_at, freeze_reason from line where is_accrual;
  return cardinality(p_lines);
end $$;
"""
FORFEITED = {
    "when f.commission_id is not null then 'forfeited'": "",
    "left join lateral (select f.commission_id from forfeiture f where f.commission_id = a.id offset 0) f on true": "",
    " and account <> 'forfeited'": "",
}
"""What the function did not know before."""
VIEW = """
create view commission_state as
  select c.*, {net} as net, coalesce(x.reversed, 0) as reversed,
         coalesce(x.trued_up, 0) as trued_up, h.until as held_until, h.reason as freeze_reason,
         m.matured_at, m.commission_id is not null as matured{forfeited_at}
  from commission c
  left join lateral (select sum(d.amount) as corrected,
                            sum(d.amount) filter (where d.kind = 'reversal') as reversed,
                            sum(d.amount) filter (where d.kind = 'true_up') as trued_up
                     from commission d where d.accrual_id = c.id and d.kind <> 'accrual') x on true
  left join hold h on h.commission_id = c.id
  left join maturity m on m.commission_id = c.id{forfeiture}
  where c.kind = 'accrual'
"""
CORRECTED = "c.amount + coalesce(x.corrected, 0)"
IMMUTABLE = """
create or replace function refuse_change_of_terms() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.state = 'active' and new.state = 'retired' and {same} then
    return new;
  end if;
  if old.state <> 'draft' then
    raise exception 'terms version % is % and cannot change', old.version, old.state
      using errcode = 'restrict_violation', hint = 'make a new draft';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$
"""
SAME = "to_jsonb(new) - 'state' - 'retired_at' = to_jsonb(old) - 'state' - 'retired_at'"
"""Whatever terms come to say, retiring them changes nothing of it."""
SAME_BEFORE = """row(new.programme_id, new.version, new.window_days, new.hold_days, new.click_window_days,
      new.minimum_payout, new.effective_from)
    = row(old.programme_id, old.version, old.window_days, old.hold_days, old.click_window_days,
      old.minimum_payout, old.effective_from)"""


def upgrade() -> None:
    op.add_column("terms", sa.Column("on_agent_closed", sa.Text(), server_default="release", nullable=False))
    op.create_check_constraint(
        op.f("terms_on_agent_closed_check"), "terms", "on_agent_closed in ('release', 'forfeit')"
    )
    op.execute(IMMUTABLE.format(same=SAME))
    op.create_table(
        "forfeiture",
        sa.Column("commission_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("forfeited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forfeited_by", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger()),
        sa.CheckConstraint("amount >= 0", name=op.f("forfeiture_amount_check")),
        sa.CheckConstraint(
            "(transaction_id is null) = (amount = 0)", name=op.f("forfeiture_transaction_id_check")
        ),
        sa.ForeignKeyConstraint(
            ["commission_id"], ["commission.id"], name=op.f("forfeiture_commission_id_fkey")
        ),
        sa.PrimaryKeyConstraint("commission_id", name=op.f("forfeiture_pkey")),
    )
    append_only("forfeiture")
    _check_accounts(
        "account in ('pending', 'frozen', 'available', 'forfeited')",
        "(transaction_id is null) = (amount = 0 or account = 'forfeited')",
    )
    op.execute(BOOK)
    _view(
        net=f"case when f.commission_id is null then {CORRECTED} else 0 end",
        forfeited_at=", f.forfeited_at",
        forfeiture=" left join forfeiture f on f.commission_id = c.id",
    )


def downgrade() -> None:
    _view(net=CORRECTED, forfeited_at="", forfeiture="")
    before = BOOK
    for known, unknown in FORFEITED.items():
        before = before.replace(known, unknown)
    op.execute(before)
    _check_accounts(
        "account in ('pending', 'frozen', 'available')", "(transaction_id is null) = (amount = 0)"
    )
    op.drop_table("forfeiture")
    op.execute(IMMUTABLE.format(same=SAME_BEFORE))
    op.drop_constraint(op.f("terms_on_agent_closed_check"), "terms")
    op.drop_column("terms", "on_agent_closed")


def _check_accounts(account: str, transaction_id: str) -> None:
    for name, check in (("account", account), ("transaction_id", transaction_id)):
        op.drop_constraint(op.f(f"commission_{name}_check"), "commission")
        op.create_check_constraint(op.f(f"commission_{name}_check"), "commission", check)


def _view(**parts: str) -> None:
    op.execute("drop view commission_state")
    op.execute(VIEW.format(**parts))
    op.execute("grant select on commission_state to ref_app")
