"""The relations from which the engine computes: what is concerned, and under which agreements.

`concerned` is an event that can earn, the referral of its customer with the terms it followed at that moment, an agent
with their share of it (none any more: null), and the fact because of which it is looked at.
"""

from erp.domain.commissions.volume import MONEY_BACK
from erp.domain.referrals import terms_at

EARNING = "('payment', 'connection', 'sign_up')"
"""Kinds of events that rules can earn for."""
FOLLOWED_BY = f"""{MONEY_BACK.format(until="")} as money, bool_or(x.kind = 'lapse') as has_lapsed,
             bool_or(x.kind = 'decision') as is_decided"""
"""What became of an event, from the events `x` about it."""
AS_TOLD = (
    "event_id, kind, source_id, amount, currency, occurred_at, evidence, plan, prepaid_days, customer_id"
)


def lines_where(condition: str) -> str:
    """All lines whose commission `c` meets a condition on agent, programme or time: reversals stand in no index by those,
    so they are found through what they take back."""
    return f"""
  select c.* from commission c where c.kind <> 'reversal' and {condition}
  union all
  select x.* from commission c join commission x on x.accrual_id = c.id and x.kind = 'reversal'
  where c.kind = 'accrual' and {condition}"""


REACHING = """
  -- Programmes in which a fact changes what was before it in its window, or a refund what comes after it.
  reaching as materialized (
    select t.programme_id, p.zone, bool_or(t.measure = 'revenue') as by_revenue,
           max(case when t.retroactive then array_position('{month,quarter,lifetime}', t.window_kind) end) as back
    from terms t join programme p on p.id = t.programme_id
    where t.state <> 'draft' and (t.measure = 'revenue' or t.retroactive) group by t.programme_id, p.zone
  ),"""
SINCE = """case r.back when 1 then date_trunc('month', s.told_at at time zone r.zone) at time zone r.zone
                           when 2 then date_trunc('quarter', s.told_at at time zone r.zone) at time zone r.zone
                           when 3 then '-infinity' else s.told_at end"""
BESIDES = f"""
    union all
    -- A cancellation is about what the customer did before it, a payment also about the bonus for their sign-up, whatever
    -- terms the referral followed then.
    select e.id, s.agent_id, s.cause_id
    from shared s
    cross join lateral (
      select e.id from event e
      where e.customer_id = s.customer_id and e.kind in {EARNING}
        and (e.kind <> 'payment' or s.kind = 'cancellation') offset 0) e
    where s.kind = 'cancellation'
       or s.kind = 'payment' and s.programme_id in (
         select t.programme_id from rule u join terms t on t.id = u.terms_id where u.condition = 'first_payment')"""


def _asked(terms: str) -> str:
    """What the events are about, and who shares in it under which `terms` of the referral `r`."""
    return f"""
  -- `offset 0` keeps the planner from taking a step apart, `materialized` also keeps its rows for several readers.
  asked as materialized (
    select p.*, told.cause_id, told.is_new, told.told_at
    from (select coalesce(e.original_event_id, e.id) as event_id, max(e.id) as cause_id,
                 bool_or(e.original_event_id is null) as is_new, min(e.occurred_at) as told_at
          from event e where e.id = any(:event_ids) group by 1) told
    cross join lateral (
      select p.id as event_id, p.customer_id, p.kind, p.source_id, p.amount, p.currency, p.occurred_at, p.evidence,
             p.plan, p.prepaid_days
      from event p where p.id = told.event_id offset 0) p
  ),
  shared as materialized (
    select a.*, r.referral_id, r.registered_at, r.terms_id, r.is_rerated, r.is_transferred, r.frozen, s.agent_id,
           s.programme_id, s.bps
    from asked a
    cross join lateral (
      select r.id as referral_id, r.registered_at, {terms} as terms_id, r.is_rerated, r.is_transferred, r.frozen
      from referral r where r.customer_id = a.customer_id offset 0) r
    cross join lateral (
      select s.agent_id, s.programme_id, s.bps from referral_share s where s.referral_id = r.referral_id offset 0) s
  )"""


CHANGES_LATER = "s.is_new and s.kind in ('payment', 'connection', 'transfer')"
"""Whether a fact that is told late may change every later line of its agents."""
OF_FORMER_AGENTS = """
    -- Of agents who no longer share in it.
    select c.event_id, c.agent_id, a.cause_id
    from asked a
    cross join lateral (
      select c.event_id, c.agent_id from commission c
      where c.event_id = a.event_id and c.kind = 'accrual' offset 0) c"""
NOT_ASKED = "(event_id, agent_id) not in (select event_id, agent_id from shared)"

CONCERNED_COMMONLY = f"""
  concerned as (
    select {AS_TOLD}, referral_id, registered_at, terms_id, frozen, agent_id, bps, cause_id, is_new
    from shared where kind in {EARNING}
  )"""
CONCERNS_MORE = f"""exists (
    select 1 from (
      select c.event_id, c.agent_id
      from (select s.agent_id, s.programme_id, s.told_at as since from shared s where {CHANGES_LATER}) l
      cross join lateral (
        select c.event_id, c.agent_id from commission c
        where c.agent_id = l.agent_id and c.programme_id = l.programme_id and c.occurred_at >= l.since
          and c.kind = 'accrual' offset 0) c) touched
    where {NOT_ASKED})"""
"""Whether other lines are concerned than those of what was asked about, because a fact came late."""

CONCERNED = f"""{REACHING}
  -- A late connection or payment may change every later line of its agents: since when, and because of which event.
  late as (
    select s.agent_id, s.programme_id, max(s.cause_id) as cause_id,
           min({SINCE}) as since
    from shared s left join reaching r on r.programme_id = s.programme_id
    where {CHANGES_LATER} or r.by_revenue and s.kind = 'payment'
    group by s.agent_id, s.programme_id
  ),
  touched as (
    select c.event_id, c.agent_id, l.cause_id
    from late l
    cross join lateral (
      select c.event_id, c.agent_id from commission c
      where c.agent_id = l.agent_id and c.programme_id = l.programme_id and c.occurred_at >= l.since
        and c.kind = 'accrual' offset 0) c
    union all{OF_FORMER_AGENTS}{BESIDES}
  ),
  concerned as materialized (
    select {AS_TOLD}, referral_id, registered_at, terms_id, frozen, agent_id, bps, cause_id
    from shared where kind in {EARNING}
    union all
    select k.event_id, e.kind, e.source_id, e.amount, e.currency, e.occurred_at, e.evidence, e.plan, e.prepaid_days,
           e.customer_id, r.id, r.registered_at, {terms_at("e.occurred_at")}, r.frozen, k.agent_id, s.bps, k.cause_id
    from (select event_id, agent_id, max(cause_id) as cause_id from touched
          where {NOT_ASKED}
          group by event_id, agent_id) k
    cross join lateral (select * from event e where e.id = k.event_id offset 0) e
    cross join lateral (select * from referral r where r.customer_id = e.customer_id offset 0) r
    left join lateral (select s.bps from referral_share s where s.referral_id = r.id and s.agent_id = k.agent_id
                       offset 0) s on true
  )
"""


def facts_of_events(*, common: bool) -> str:
    """What changed because of some events: for the live writer. `common` leaves out what common terms never need, and
    is for facts that concern nothing else (`CONCERNS_MORE`) and whose referral kept its terms and its agents."""
    if common:
        return f"{_asked('r.terms_id')},{CONCERNED_COMMONLY}"
    return f"{_asked(terms_at('a.occurred_at'))},{CONCERNED}"


FACTS_OF_EVENTS = facts_of_events(common=False)
"""What changed because of some events, whatever the terms."""

FACTS_OF_ALL = f"""
  concerned as materialized (
    select e.id as event_id, e.kind, e.source_id, e.amount, e.currency, e.occurred_at, e.evidence, e.plan,
           e.prepaid_days, e.customer_id, r.id as referral_id, r.registered_at, {terms_at("e.occurred_at")} as terms_id,
           r.frozen, k.agent_id, s.bps, e.id as cause_id
    from (select e.id as event_id, s.agent_id
          from event e join referral r on r.customer_id = e.customer_id join referral_share s on s.referral_id = r.id
          where e.kind in {EARNING}
          union
          select c.event_id, c.agent_id from commission c where c.kind = 'accrual') k
    join event e on e.id = k.event_id
    join referral r on r.customer_id = e.customer_id
    left join referral_share s on s.referral_id = r.id and s.agent_id = k.agent_id
  )
"""
"""Everything that ever happened: for proving that the books recompute."""
