"""The SQL of a back-test: the one engine over relations of its own.

- facts: all that is recorded of the agents of a batch, up to the event that was the last when it was asked for. They are
  read once, into tables that go with the transaction (`READ`), for their own terms and for every version
- agreements: every referral is held to a version as it was pinned then, or (position 0) to the terms it followed
- opening state: nothing is booked, so `history.py` is the text that goes over them

A common table that bears the name of a table stands in for it: so the engine's text reads `event` and sees the facts
up to that event, reads `terms`, `rule` and `tier` and sees the pinned version. Nothing of the text is repeated here.
"""

from __future__ import annotations

from functools import lru_cache

from erp.domain.commissions.facts import lines_where
from erp.domain.commissions.history import CONNECTIONS, TOLD_TO_ALL, TOLD_TO_EACH, Steps, earned, shares
from erp.kernel.span import within

KNOWN = """
  event as not materialized (select * from event where id <= :last_event_id),
  referral_share as not materialized (select * from referral_share where referral_id <= :last_referral_id)"""
"""The history as it was known when the back-test was asked for."""

OF_BATCH = """s.programme_id = :programme_id and s.agent_id between :first_agent_id and :last_agent_id
      and (cast(:agent_ids as uuid[]) is null or s.agent_id = any(:agent_ids))"""
_SHARES = shares("referral_share", OF_BATCH)

READ = (
    f"create temporary table share on commit drop as with {KNOWN} {_SHARES}",
    f"create temporary table recorded on commit drop as with {KNOWN} {TOLD_TO_ALL}",
)
"""All that is known of the customers of a batch, each fact read once."""
_READ_AT_ONCE = f"share as materialized ({_SHARES}), recorded as materialized ({TOLD_TO_EACH})"
"""The same within a statement."""

RULES_OF_ALL = "rule_of_all as not materialized (select id, key from rule)"
"""Stands before `_VERSION`, whose `rule` are those of the version alone."""

_VERSION = """
  pinned as materialized (
    select v.terms, v.rules, v.tiers from back_test_version v
    where v.back_test_id = :id and v.position = :position),
  terms as materialized (select t.* from pinned cross join jsonb_populate_record(cast(null as terms), pinned.terms) t),
  rule as materialized (select u.* from pinned cross join jsonb_populate_recordset(cast(null as rule), pinned.rules) u),
  tier as materialized (select t.* from pinned cross join jsonb_populate_recordset(cast(null as tier), pinned.tiers) t),
  -- What people took back by hand counts under the rule of the same name.
  commission as not materialized (
    select c.id, c.kind, c.event_id, c.agent_id, same.id as rule_id
    from commission c join rule_of_all own on own.id = c.rule_id join rule same on same.key = own.key)"""
"""The terms as they were when the back-test was asked for."""

_DEADLINE = "k.occurred_at + make_interval(hours => 24 * u.condition_days::integer)"
_TOLD = "told as not materialized (select * from recorded),"
_WITH_LAPSES = f"""
  -- Nobody has recorded that a bonus of this version was not earned in time: by the moment of asking it was not.
  told as materialized (
    select * from recorded
    union all
    select k.share_no, k.event_id, 'lapse', false, {_DEADLINE}, k.amount, k.evidence, k.plan, k.prepaid_days, k.event_id,
           k.refunded_total, k.moved_to
    from rule u join recorded k on k.kind = u.event_kind
    where u.condition = 'first_payment' and {_DEADLINE} <= :asked_at),"""


def _under_a_version(steps: Steps) -> str:
    """From what was read to commissions, every referral under a version."""
    return f"{_WITH_LAPSES if steps.condition else _TOLD}{earned(steps, of_one_version=True)}"


_MONTH = """((select months from calendar where programme_id = :programme_id)[{number}] at time zone :zone)::date"""
"""The first day of a month by its number in the programme's calendar."""
_LATEST_LINE = "array[date_part('epoch', l.occurred_at), l.event_id, l.rule_no, l.tier_position]"
"""The latest line is the greatest of (moment, event); a moment in seconds is told from the next, a microsecond later."""
_TIER_OF_LINE = """left join deal u on u.rule_no = s.latest[3]
    left join tier t on t.terms_id = u.terms_id and t.position = s.latest[4]"""
_TIER_OF_MOMENT = f"""cross join (select volume_window, thresholds, positions from deal limit 1) u
    cross join lateral (select s.latest as occurred_at, u.volume_window) f
    left join connected c on c.agent_id = s.agent_id
    left join tier t on t.position = u.positions[width_bucket(({CONNECTIONS})::bigint, u.thresholds)]"""
"""Of one version that counts connections over rolling days: at a moment an agent has one tier, whatever the line."""


def _counted(*, by_moment: bool) -> str:
    """What a batch comes to, by agent and by month. The tier of an agent is that of their latest line."""
    latest, tier = ("l.occurred_at", _TIER_OF_MOMENT) if by_moment else (_LATEST_LINE, _TIER_OF_LINE)
    return f"""
  counted as (
    select l.agent_id, l.event_id, l.accrued, l.taken_back, l.registered_at, l.month_no, {latest} as latest
    from earned l where {within("l.occurred_at")}),
  summed as materialized (
    select agent_id, month_no, count(*) as lines, total(accrued) as accrued, total(taken_back) as taken_back,
           coalesce(total(accrued - taken_back) filter (where {within("registered_at")}), 0) as cost_of_new,
           max(latest) as latest
    from counted group by grouping sets ((agent_id), (month_no))),
  costs as (
    insert into back_test_month (back_test_id, batch, position, month, cost)
    select :id, :number, :position, {_MONTH.format(number="s.month_no")}, s.accrued - s.taken_back
    from summed s where s.agent_id is null),
  results as (
    insert into back_test_result (back_test_id, position, agent_id, lines, accrued, taken_back, cost, cost_of_new, tier,
                                  tier_position)
    select :id, :position, s.agent_id, s.lines, s.accrued, -s.taken_back, s.accrued - s.taken_back, s.cost_of_new, t.name,
           t.position
    from summed s
    {tier}
    where s.agent_id is not null)"""


def _part(amount: str) -> str:
    """SQL: the share in event `e` of `amount`, the remainder of all shares going to the largest one."""
    others = f"""(select coalesce(sum({amount} * o.bps / 10000), 0) from referral_share o
                  where o.referral_id = e.referral_id and o.agent_id <> e.agent_id)"""
    largest = """(select o.agent_id from referral_share o where o.referral_id = e.referral_id
                  order by o.bps desc, o.agent_id limit 1)"""
    return f"""case when e.bps = 10000 then {amount}
                    when e.agent_id = {largest} then {amount} - {others}
                    else {amount} * e.bps / 10000 end"""


_OF_THE_BATCH = f"""c.programme_id = :programme_id and c.agent_id between :first_agent_id and :last_agent_id
      and (cast(:agent_ids as uuid[]) is null or c.agent_id = any(:agent_ids)) and {within("c.occurred_at")}"""
_HISTORY = f"""
  paid as (
    select e.agent_id, width_bucket(e.occurred_at, y.months) as month_no,
           {_part("m.received")} as received, {_part("m.fee")} as fee
    from concerned e
    join terms t on t.id = e.terms_id
    join calendar y on y.programme_id = t.programme_id
    left join followed gone on gone.event_id = e.event_id
    cross join lateral (
      select greatest(0, e.amount - coalesce(gone.money, 0)) as received,
             greatest(t.fee_minimum, (2 * e.amount * t.fee_bps + 10000) / 20000) as fee) m
    where e.kind = 'payment' and {within("e.occurred_at")}),
  income as materialized (
    select agent_id, month_no, count(*) as payments, sum(received)::bigint as received, sum(fee)::bigint as fee
    from paid group by grouping sets ((agent_id), (month_no))),
  incomes as (
    insert into back_test_income (back_test_id, batch, month, received, fee)
    select :id, :number, {_MONTH.format(number="month_no")}, received, fee from income where agent_id is null),
  in_books as (
    select c.agent_id, c.event_id, sum(c.amount)::bigint as net from ({lines_where(_OF_THE_BATCH)}) c
    where c.event_id <= :last_event_id and coalesce(c.cause_event_id, 0) <= :last_event_id
    group by c.agent_id, c.event_id),
  proven as (
    select agent_id, coalesce(sum(b.net), 0)::bigint as booked,
           count(*) filter (where coalesce(b.net, 0) <> coalesce(o.net, 0)) as unequal
    from in_books b
    full join (select agent_id, event_id, sum(accrued - taken_back)::bigint as net from counted
               group by agent_id, event_id) o using (agent_id, event_id)
    group by agent_id),
  agents as (
    insert into back_test_agent (back_test_id, agent_id, payments, received, fee, booked, unequal)
    select :id, agent_id, coalesce(p.payments, 0), coalesce(p.received, 0), coalesce(p.fee, 0), coalesce(b.booked, 0),
           coalesce(b.unequal, 0)
    from (select * from income where agent_id is not null) p full join proven b using (agent_id))"""


@lru_cache
def replay_own(steps: Steps) -> str:
    """Write what a batch that was read earned under its own terms, what customers paid, and how that compares with what is
    booked."""
    return f"with {KNOWN}, {_TOLD}{earned(steps)},{_counted(by_moment=False)},{_HISTORY} select count(*) from summed"


@lru_cache
def replay_version(steps: Steps) -> str:
    """Write what a batch that was read would have earned under a version."""
    counted = _counted(by_moment=not steps.other_volume)
    return f"with {RULES_OF_ALL},{_VERSION},{KNOWN}, {_under_a_version(steps)},{counted} select count(*) from summed"


CUT = """
select row_number() over (order by number) as number, (array_agg(agent_id order by agent_id))[1] as first_agent_id,
       (array_agg(agent_id order by agent_id desc))[1] as last_agent_id, count(*) as agents, sum(facts)::bigint as facts
from (select agent_id, facts, div(sum(facts) over (order by agent_id) - facts, :facts_at_once) as number
      from (select s.agent_id, count(*) as facts
            from referral_share s join referral r on r.id = s.referral_id join event e on e.customer_id = r.customer_id
            where s.programme_id = :programme_id and (cast(:agent_ids as uuid[]) is null or s.agent_id = any(:agent_ids))
              and r.id <= :last_referral_id
            group by s.agent_id) told) cut
group by number
"""
"""Agents in the order of their ids, as many to a batch as have `facts_at_once` facts between them. What was told since
the back-test was asked for is counted, too: so the index of events alone is read. It writes nothing, so that the database
may count in several processes."""

_LINES_OF_AGENT = """
  select l.event_id, u.key as rule_key, l.occurred_at, l.accrued - l.taken_back as net, l.paid, l.base, l.rate_bps,
         l.volume, l.uncapped, l.accrued, l.refunded, t.name as tier
  from earned l join rule u on u.id = l.rule_id left join tier t on t.terms_id = l.terms_id and t.position = l.tier_position"""

LINES_OF_AGENT = f"""
select event_id, rule_key, coalesce(a.occurred_at, b.occurred_at) as occurred_at, e.source_id, e.kind as event_kind,
       coalesce(e.currency, g.currency) as currency, e.amount as payment_amount, y.reference as payment_reference, c.reference as customer_reference,
       p.name as establishment_name, a.net as old_amount, b.net as new_amount,
       coalesce(b.net, 0) - coalesce(a.net, 0) as difference, a.tier as old_tier, b.tier as new_tier,
       a.volume as old_volume, b.volume as new_volume, a.rate_bps as old_rate, b.rate_bps as new_rate,
       a.base as old_base, b.base as new_base, a.uncapped as old_uncapped, b.uncapped as new_uncapped,
       a.accrued as old_accrued, b.accrued as new_accrued, a.refunded as old_refunded, b.refunded as new_refunded
from (with {KNOWN}, {_READ_AT_ONCE}, {_TOLD}{earned(Steps())} {_LINES_OF_AGENT}) a
full join (with {RULES_OF_ALL},{_VERSION},{KNOWN}, {_READ_AT_ONCE},{_under_a_version(Steps())} {_LINES_OF_AGENT}) b
     using (event_id, rule_key)
join event e on e.id = event_id
join customer c on c.id = e.customer_id
join programme g on g.id = :programme_id
left join establishment p on p.id = c.establishment_id
left join payment y on y.id = e.payment_id
where {within("coalesce(a.occurred_at, b.occurred_at)")}
"""
"""Every line of one agent (`first_agent_id` and `last_agent_id` are theirs) under their own terms beside the version."""
