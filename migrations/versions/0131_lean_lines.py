"""Lines of a batch are numbered without sorting them, and their referrals are looked for in one go."""

from alembic import op

from migrations.helpers import as_made_by

revision = "0131_lean_lines"
down_revision = "0130_lean_books"

FUNCTIONS = """
-- Facts, referrals and lines are never removed, so what refers to them needs no lock on them, as a foreign key takes.
create or replace function commission_check_events() returns trigger language plpgsql as $$
declare
  v_event bigint;
  v_referral text;
begin
  select min(a.event_id) filter (where not exists (select 1 from event e where e.id = a.event_id offset 0)),
         min(a.referral_id::text) filter (where not exists (select 1 from referral r where r.id = a.referral_id offset 0))
  into v_event, v_referral from added a;
  if v_event is not null then
    raise exception 'there is no event % that a commission could be for', v_event
      using errcode = 'foreign_key_violation', constraint = 'commission_has_its_event';
  end if;
  if v_referral is not null then
    raise exception 'there is no referral % that a commission could come from', v_referral
      using errcode = 'foreign_key_violation', constraint = 'commission_has_its_referral';
  end if;
  return null;
end $$;

-- Books many commission lines and their ledger transactions together.
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
  ), line as materialized (
    select l.*,
           -- What a correction corrects is booked, or else among these lines.
           case when not l.is_accrual then coalesce(a.id, (
             select m.id from numbered m
             where m.is_accrual and m.event_id = l.event_id and m.rule_id = l.rule_id and m.agent_id = l.agent_id))
           end as accrual_id,
           a.in_credit as known_in_credit,
           case when a.id is null then case when l.freeze_reason is null then 'pending' else 'frozen' end
                when f.commission_id is not null then 'forfeited'
                when h.commission_id is null then case when a.in_credit then 'credit' else 'available' end
                when h.reason is null then 'pending' else 'frozen' end as account,
           -- In the books a reversal happened when the customer was refunded, not when he had paid.
           case when l.kind = 'reversal' then (select e.occurred_at from event e where e.id = l.cause_event_id)
                else l.occurred_at end as happened_at
    from numbered l
    left join lateral (
      select a.id, a.in_credit from commission a
      where not l.is_accrual and a.kind = 'accrual' and a.event_id = l.event_id and a.rule_id = l.rule_id
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
                            line_capped, customer_capped, refunded, in_credit, occurred_at, available_at, account,
                            transaction_id, booked_at)
    overriding system value
    select l.id, l.kind, l.event_id, l.rule_id, l.agent_id, l.referral_id, l.programme_id, l.terms_id, l.accrual_id,
           case when not l.is_accrual then l.cause_event_id end, l.amount, l.currency, l.paid, l.base, l.rate_bps,
           l.tier_position, l.volume, l.uncapped, l.line_capped, l.customer_capped, l.refunded,
           coalesce(l.known_in_credit, l.in_credit), l.occurred_at, l.available_at, l.account, p.transaction_id, v_now
    from line l left join posted p on p.n = l.n
  )
  insert into hold (commission_id, agent_id, until, deadline, reason)
  select id, agent_id, available_at, deadline, freeze_reason from line where is_accrual;
  return cardinality(p_lines);
end $$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)
    op.drop_constraint("commission_referral_id_fkey", "commission", type_="foreignkey")
    op.execute(
        "create trigger referral_stays before delete or truncate or update of id on referral"
        " for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    op.execute("drop trigger referral_stays on referral")
    op.create_foreign_key("commission_referral_id_fkey", "commission", "referral", ["referral_id"], ["id"])
    op.execute(as_made_by("0130_lean_books", "commission_check_events"))
    many = as_made_by("0011_commissions", "commission_book")
    op.execute(many.replace("commission_book(", "commission_book_many(", 1))
