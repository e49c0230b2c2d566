"""Commission lines, their holds and what happened to them later."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import append_only, grant, refuse_changes

revision = "0011_commissions"
down_revision = "0010_ledger"

FUNCTIONS = """
create type commission_line as (
  kind text, event_id bigint, rule_id bigint, agent_id uuid, referral_id uuid, programme_id uuid,
  terms_id uuid, cause_event_id bigint, amount bigint, currency text, paid bigint, base bigint, rate_bps bigint,
  tier_position bigint, volume bigint, uncapped bigint, line_capped bigint, customer_capped bigint, refunded bigint,
  in_credit boolean, occurred_at timestamptz, available_at timestamptz, deadline timestamptz, freeze_reason text,
  source_id text
);

-- Locks every agent whose lines some events may change; a statement of its own, so that the next one sees all.
-- The statements that follow in the transaction are long, and the plan for one event is right for a thousand: they
-- are planned once a session.
create function commission_lock(p_events bigint[]) returns void language plpgsql as $$
begin
  perform set_config('plan_cache_mode', 'force_generic_plan', true);
  perform ledger_lock(array_agg(c.agent_id), p.currency)
  from (
    with told as materialized (
      select coalesce(e.original_event_id, e.id) as event_id, e.customer_id from event e where e.id = any(p_events)
    )
    select s.agent_id, s.programme_id from told t
    cross join lateral (select r.id from referral r where r.customer_id = t.customer_id offset 0) r
    cross join lateral (select s.agent_id, s.programme_id from referral_share s where s.referral_id = r.id offset 0) s
    union all
    select c.agent_id, c.programme_id from told t
    cross join lateral (select c.agent_id, c.programme_id from commission c
                        where c.event_id = t.event_id and c.kind = 'accrual' offset 0) c
  ) c join programme p on p.id = c.programme_id
  group by p.currency order by p.currency;
end $$;

-- Books commission lines and their ledger transactions together; the only way a line comes to be.
-- Called with the agents' accounts locked. Returns how many lines were written.
create function commission_book(p_lines commission_line[], p_actor text) returns integer
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
           a.in_credit as known_in_credit,
           case when a.id is null then case when l.freeze_reason is null then 'pending' else 'frozen' end
                when f.commission_id is not null then 'forfeited'
                when h.commission_id is null then case when a.in_credit then 'credit' else 'available' end
                when h.reason is null then 'pending' else 'frozen' end as account,
           -- In the books a reversal happened when the customer was refunded, not when he had paid.
           case when l.kind = 'reversal' then (select e.occurred_at from event e where e.id = l.cause_event_id)
                else l.occurred_at end as happened_at
    from (select u.*, nextval('commission_id_seq') as id from unnest(p_lines) with ordinality
          as u(kind, event_id, rule_id, agent_id, referral_id, programme_id, terms_id, cause_event_id, amount, currency, paid,
               base, rate_bps, tier_position, volume, uncapped, line_capped, customer_capped, refunded, in_credit,
               occurred_at, available_at, deadline, freeze_reason, source_id, n)) l
    left join lateral (
      select a.id, a.in_credit from commission a
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

OPEN_TO_APP = ("commission_lock(bigint[])", "commission_book(commission_line[], text)")

VIEWS = """
-- One row per accrual with all that happened to it since: the current state of a commission.
-- What was forfeited is worth nothing. The index of corrections leaves accruals out, and only a query that does so too
-- can use it.
create view commission_state as
  select c.*, case when f.commission_id is null then c.amount + coalesce(x.corrected, 0) else 0 end as net,
         coalesce(x.reversed, 0) as reversed, coalesce(x.trued_up, 0) as trued_up, h.until as held_until,
         h.reason as freeze_reason, h.deadline, m.matured_at, m.commission_id is not null as matured, f.forfeited_at
  from commission c
  left join lateral (select sum(d.amount) as corrected,
                            sum(d.amount) filter (where d.kind = 'reversal') as reversed,
                            sum(d.amount) filter (where d.kind = 'true_up') as trued_up
                     from commission d where d.accrual_id = c.id and d.kind <> 'accrual') x on true
  left join hold h on h.commission_id = c.id
  left join maturity m on m.commission_id = c.id
  left join forfeiture f on f.commission_id = c.id
  where c.kind = 'accrual';
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "commission",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.Column("accrual_id", sa.BigInteger()),
        sa.Column("cause_event_id", sa.BigInteger()),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("rate_bps", sa.BigInteger()),
        sa.Column("tier_position", sa.BigInteger(), nullable=False),
        sa.Column("volume", sa.BigInteger(), nullable=False),
        sa.Column("uncapped", sa.BigInteger(), nullable=False),
        sa.Column("line_capped", sa.BigInteger(), nullable=False),
        sa.Column("customer_capped", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("in_credit", sa.Boolean(), nullable=False),
        sa.Column("occurred_at", moment, nullable=False),
        sa.Column("available_at", moment, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger()),
        sa.Column("booked_at", moment, nullable=False),
        sa.CheckConstraint("kind in ('accrual', 'true_up', 'reversal')", name=op.f("commission_kind_check")),
        sa.CheckConstraint(
            "account in ('pending', 'frozen', 'available', 'credit', 'forfeited')",
            name=op.f("commission_account_check"),
        ),
        sa.CheckConstraint(
            "case when kind = 'accrual' then accrual_id is null and cause_event_id is null and amount >= 0"
            " else accrual_id is not null and cause_event_id is not null"
            " and (amount, uncapped, line_capped, customer_capped) <> (0, 0, 0, 0) end",
            name=op.f("commission_correction_check"),
        ),
        sa.CheckConstraint(
            "(transaction_id is null) = (amount = 0 or account = 'forfeited')",
            name=op.f("commission_transaction_id_check"),
        ),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("commission_event_id_fkey")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("commission_referral_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("commission_pkey")),
    )
    op.create_index(
        "one_accrual_per_event_rule_agent",
        "commission",
        ["event_id", "rule_id", "agent_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'accrual'"),
    )
    op.create_index(
        "one_correction_per_accrual_and_cause",
        "commission",
        ["accrual_id", "kind", "cause_event_id"],
        unique=True,
        postgresql_where=sa.text("kind <> 'accrual'"),
    )
    op.create_index(
        "commission_agent_time_idx", "commission", ["agent_id", "programme_id", "occurred_at", "event_id"]
    )
    op.create_table(
        "hold",
        sa.Column("commission_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("deadline", moment),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["commission_id"], ["commission.id"], name=op.f("hold_commission_id_fkey")),
        sa.PrimaryKeyConstraint("commission_id", name=op.f("hold_pkey")),
    )
    op.create_index("hold_until_idx", "hold", ["until"], postgresql_where=sa.text("reason is null"))
    op.create_index(
        "hold_deadline_idx", "hold", ["deadline"], postgresql_where=sa.text("deadline is not null")
    )
    op.create_table(
        "maturity",
        sa.Column("commission_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("matured_at", moment, nullable=False),
        sa.Column("transaction_id", sa.BigInteger()),
        sa.CheckConstraint("amount >= 0", name=op.f("maturity_amount_check")),
        sa.CheckConstraint(
            "(transaction_id is null) = (amount = 0)", name=op.f("maturity_transaction_id_check")
        ),
        sa.ForeignKeyConstraint(
            ["commission_id"], ["commission.id"], name=op.f("maturity_commission_id_fkey")
        ),
        sa.PrimaryKeyConstraint("commission_id", name=op.f("maturity_pkey")),
    )
    op.create_table(
        "release",
        sa.Column("commission_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("released_at", moment, nullable=False),
        sa.Column("released_by", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["commission_id"], ["commission.id"], name=op.f("release_commission_id_fkey")
        ),
        sa.PrimaryKeyConstraint("commission_id", name=op.f("release_pkey")),
    )
    op.create_table(
        "forfeiture",
        sa.Column("commission_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("forfeited_at", moment, nullable=False),
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
    op.create_table(
        "commission_decision",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("commission_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", moment, nullable=False),
        sa.Column("undoes_event_id", sa.BigInteger()),
        sa.CheckConstraint(
            "case when undoes_event_id is null then amount > 0 else amount < 0 end",
            name=op.f("commission_decision_amount_check"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("commission_decision_reason_check")),
        sa.ForeignKeyConstraint(
            ["commission_id"], ["commission.id"], name=op.f("commission_decision_commission_id_fkey")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("commission_decision_event_id_fkey")),
        sa.ForeignKeyConstraint(
            ["undoes_event_id"],
            ["commission_decision.event_id"],
            name=op.f("commission_decision_undoes_event_id_fkey"),
        ),
        sa.UniqueConstraint("undoes_event_id", name=op.f("commission_decision_undoes_event_id_key")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("commission_decision_pkey")),
    )
    op.create_index(op.f("commission_decision_commission_id_idx"), "commission_decision", ["commission_id"])
    op.execute(FUNCTIONS)
    op.execute(VIEWS)
    refuse_changes("commission")
    grant("commission", "select")
    grant("hold", "select, update, delete")
    append_only("maturity")
    append_only("release")
    append_only("forfeiture")
    append_only("commission_decision")
    grant("commission_state", "select")
    for function in OPEN_TO_APP:
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to ref_app")


def downgrade() -> None:
    op.execute("drop view commission_state")
    for table in ("commission_decision", "forfeiture", "release", "maturity", "hold", "commission"):
        op.drop_table(table)
    for function in OPEN_TO_APP:
        op.execute(f"drop function {function}")
    op.execute("drop type commission_line")
