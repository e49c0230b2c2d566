"""The engine over a whole history: when nothing is booked, and everything that happened is looked at.

What a commission must be is worked out by the very expressions that book (`engine.py`, `volume.py`, `takings.py`). Live,
few facts are concerned among many, so each looks up by index what it needs, and is compared with what is booked. Here
all of an agent's facts are at hand, and there is nothing to compare with:

- `share`: the parts of agents in customers, numbered agent by agent; `told`: what happened to those customers, in narrow
  rows that name their share by its number. Both are read once, whatever is computed from them.
- `connected`, `followed`, `calendar`: the moments at which each agent's customers were connected, what came after each
  event, the months of each zone, gathered once and joined by hashes
- `deal`: each rule with its terms, tiers and months in one row, so that a fact is joined once with all that it is held to
- a cap is one window over the number of agent, rule and month
"""

from __future__ import annotations

from dataclasses import dataclass

from erp.domain.commissions.engine import (
    ALWAYS,
    COMMON,
    EARNED,
    ENDS_WITH_CANCELLATION,
    GONE,
    IN_TIME,
    OWN_PART,
    RULE_FITS,
    confirmed,
    left_of_cap,
    whole,
)
from erp.domain.commissions.facts import EARNING, FOLLOWED_BY
from erp.domain.commissions.takings import taken_back
from erp.domain.commissions.volume import VOLUME
from erp.domain.referrals import terms_at


@dataclass(frozen=True)
class Steps:
    """What the terms that a history is replayed under use beyond rates, tiers and caps of a line; a step that none of
    them uses is left out of the text."""

    customer_cap: bool = True
    monthly_cap: bool = True
    other_volume: bool = True
    """Volume is counted otherwise than as connections over rolling days."""
    time: bool = True
    """Something is earned for the first payment alone, or for some months."""
    condition: bool = True
    """A bonus waits for its condition."""


STEPS_USED = """
  coalesce(bool_or(u.customer_cap is not null), false) as customer_cap,
  coalesce(bool_or(u.monthly_cap is not null), false) as monthly_cap,
  coalesce(bool_or(t.measure <> 'connections' or t.window_kind <> 'rolling' or t.grace_days > 0 or t.freeze_tier), false)
    as other_volume,
  coalesce(bool_or(u.payments <> 'every' or u.months is not null), false) as time,
  coalesce(bool_or(u.condition is not null), false) as condition"""
"""`Steps` of some terms `t` with their rules `u`."""


def shares(source: str, which: str) -> str:
    """`share`, from rows `source` of referral_share; `which` of them, as `s`."""
    return f"""
    select row_number() over agents as share_no, dense_rank() over agents as agent_no, s.agent_id, s.programme_id,
           s.bps, s.connected_at, r.id as referral_id, r.customer_id, r.registered_at, r.terms_id, r.is_rerated
    from {source} s
    cross join lateral (select * from referral r where r.id = s.referral_id offset 0) r
    where {which}
    window agents as (order by s.agent_id, s.programme_id)"""


_TOLD = f"""
    select s.share_no, e.id as event_id, e.kind, e.kind in {EARNING} as earns, e.occurred_at, e.amount, e.evidence, e.plan,
           e.prepaid_days, e.original_event_id, e.refunded_total,
           case when r.is_rerated then {terms_at("e.occurred_at")} end as moved_to
    from share s
    cross join lateral (select s.referral_id as id, s.terms_id, s.is_rerated) r
    {{events}}"""
TOLD_TO_EACH = _TOLD.format(
    events="cross join lateral (select * from event e where e.customer_id = s.customer_id offset 0) e"
)
"""`told`, read customer by customer: the planner knows how many rows come of it."""
TOLD_TO_ALL = _TOLD.format(
    events="""join event e on e.customer_id = s.customer_id
    where e.customer_id = any(array(select customer_id from share))"""
)
"""`told`, for being kept in a table: the events of all customers at once, so that they can be read as they lie."""

TERMS_THEN = "coalesce(k.moved_to, s.terms_id)"
"""The terms that a referral followed at the moment of an event."""

CONCERNED = f"""
  concerned as not materialized (
    select k.event_id, k.kind, k.occurred_at, k.amount, k.evidence, k.plan, k.prepaid_days, {TERMS_THEN} as terms_id,
           s.share_no, s.agent_no, s.agent_id, s.bps, s.referral_id, s.customer_id, s.registered_at
    from told k left join share s on s.share_no = k.share_no where k.earns)"""

FOLLOWED = f"""
  followed as materialized (
    select x.original_event_id as event_id, {FOLLOWED_BY} from told x
    where x.original_event_id is not null group by x.original_event_id)"""
"""What became of each event that is about another one."""

CALENDAR = """
  calendar as materialized (
    select p.id as programme_id,
           array(select date_trunc('month', x.at, p.zone)
                 from generate_series(told.first, told.last + interval '31 days', interval '28 days') x(at)
                 group by 1 order by 1) as months
    from (select min(occurred_at) as first, max(occurred_at) as last from told) told cross join programme p)"""
"""The beginnings of the months of each programme's zone, from before the first fact to after the last."""

CONNECTED = """
  connected as materialized (
    select s.agent_no, s.agent_id, array_agg(s.connected_at order by s.connected_at) as moments
    from share s where s.connected_at is not null group by s.agent_no, s.agent_id)"""
"""The moments at which customers of each agent were connected, in order."""

DEAL = f"""
  schedule as (
    select t.terms_id, array_agg(t.threshold order by t.threshold) as thresholds,
           array_agg(t.rate_bps order by t.threshold) as rates, array_agg(t.position order by t.threshold) as positions
    from tier t group by t.terms_id),
  deal as materialized (
    select row_number() over (order by u.id) as rule_no, u.id as rule_id, u.terms_id, u.event_kind, u.plan, u.kind, u.base,
           u.amount, u.kind = 'percent' as is_percent, u.rate_bps as own_rate, u.line_cap, u.customer_cap, u.monthly_cap,
           u.on_cancel, {ALWAYS} as is_always, u.condition is not null as is_conditional,
           t.programme_id, t.evidence, t.vat_bps, t.fee_bps, t.fee_minimum, {COMMON} as is_common,
           make_interval(hours => 24 * t.window_days::integer) as volume_window,
           y.months, x.thresholds, x.rates, x.positions
    from rule u join terms t on t.id = u.terms_id join calendar y on y.programme_id = t.programme_id
    join schedule x on x.terms_id = t.id)"""

CONNECTIONS = """coalesce(width_bucket(f.occurred_at, c.moments)
             - width_bucket(f.occurred_at - f.volume_window, c.moments), 0)"""
"""Connections over rolling days: those up to the moment less those up to the beginning of its window."""

PER_CUSTOMER = "r.share_no, r.rule_no"
PER_MONTH = "(r.agent_no << 40) | (r.rule_no << 16) | r.month_no"
"""Whose sums the caps bound: one number where there are three, which sorts in half the time."""


def _capped(*, source: str, amount: str, cap: str, per: str, answer: str) -> str:
    """The steps that leave of `amount` what `cap` does, as `answer`; `per` says whose sum it bounds."""
    return f"""
  {answer}_after as (
    select r.*, total(r.{amount}) over (partition by {per} order by r.occurred_at, r.event_id
                                       rows unbounded preceding) - r.{amount} as before_{answer}
    from {source} r
  ),{left_of_cap(amount=amount, cap=cap, answer=answer)},"""


def _uncapped(*, source: str, amount: str, answer: str, **_: str) -> str:
    return f"""
  {answer}_worth as (select r.*, r.{amount} as {answer} from {source} r),"""


def earned(steps: Steps, *, of_one_version: bool = False) -> str:
    """From `share` and `told` to `earned`: each commission, and what is taken back of it. Either every fact is held to
    the terms that its referral followed, or `terms` are those `of_one_version`, and all facts are held to them."""
    held = "" if of_one_version else "u.terms_id = k.terms_id and "
    volume = (
        f"case when f.is_common then {CONNECTIONS} else {VOLUME} end" if steps.other_volume else CONNECTIONS
    )
    customer_cap = _capped if steps.customer_cap else _uncapped
    monthly_cap = _capped if steps.monthly_cap else _uncapped
    # Joins are outer ones, and what found no rule is dropped afterwards: so the planner keeps expecting as many rows as
    # there are facts, and gathers by hashes whatever it knows or does not know of rules. Where a step is used twice by
    # the next ones, `offset 0` keeps it from being worked out twice; elsewhere it would only copy rows.
    return f"""{CONCERNED},{FOLLOWED},{CALENDAR},{CONNECTED},{DEAL},
  facts as (
    select k.event_id, k.occurred_at, k.share_no, k.agent_no, k.agent_id, k.customer_id, k.referral_id, k.registered_at,
           k.prepaid_days, coalesce(k.amount, 0) as paid, u.terms_id, u.programme_id, u.rule_no, u.rule_id, u.line_cap,
           u.customer_cap, u.monthly_cap, u.is_percent, u.own_rate, u.thresholds, u.rates, u.positions, u.volume_window,
           u.is_common, u.is_always, u.is_conditional, {ENDS_WITH_CANCELLATION} as ends_with_cancellation,
           width_bucket(k.occurred_at, u.months) as month_no, {OWN_PART} as base, {GONE} as refunded,
           coalesce(gone.has_lapsed, false) as has_lapsed, coalesce(gone.is_decided, false) as is_decided
    from concerned k
    left join deal u on {held}{confirmed("u")}
               and {RULE_FITS}
    cross join lateral (select {whole("u")} as whole) w
    left join followed gone on gone.event_id = k.event_id
    offset 0
  ),
  placed as (
    select f.*, {volume} as volume
    from facts f left join connected c on c.agent_no = f.agent_no
    where f.rule_id is not null
    {"offset 0" if steps.other_volume else ""}
  ),
  tiered as (
    select f.*, width_bucket(f.volume::bigint, f.thresholds) as tier_no from placed f offset 0
  ),
  rate as (
    select f.*, f.positions[f.tier_no] as tier_position,
           case when f.is_percent then coalesce(f.own_rate, f.rates[f.tier_no]) end as rate_bps,
           {f"f.is_always or {IN_TIME}" if steps.time else "true"} as is_in_time
    from tiered f where f.tier_no > 0
    {"offset 0" if steps.time else ""}
  ),
  rated as (
    select rate.*, least(rate.line_cap, rate.uncapped) as line_capped
    from (select rate.*, {EARNED.format(base="rate.base")} as uncapped from rate) rate
  ),{
        customer_cap(
            source="rated",
            amount="line_capped",
            cap="customer_cap",
            per=PER_CUSTOMER,
            answer="customer_capped",
        )
    }{
        monthly_cap(
            source="customer_capped_worth",
            amount="customer_capped",
            cap="monthly_cap",
            per=PER_MONTH,
            answer="accrued",
        )
    }
  earned as (
    select d.*, {taken_back(common=not steps.condition)} as taken_back from accrued_worth d where d.is_in_time
  )"""


_OF_EVERYBODY = """(
      select s.referral_id, s.agent_id, s.programme_id, s.bps, s.connected_at from referral_share s
      union all
      -- Agents who no longer share in a customer, and earned by them.
      select distinct c.referral_id, c.agent_id, c.programme_id, null::bigint, null::timestamptz from commission c
      where c.kind = 'accrual' and not exists (
        select 1 from referral_share s where s.referral_id = c.referral_id and s.agent_id = c.agent_id))"""

RECORDED = f"share as materialized ({shares(_OF_EVERYBODY, 'true')}), told as materialized ({TOLD_TO_EACH})"
"""All that is known of everybody."""
REPLAYED = f"""
with {RECORDED},{earned(Steps())}
select l.event_id, l.rule_id, l.agent_id, l.accrued - l.taken_back as net from earned l
"""
"""What all facts earn under their own terms when nothing was ever booked: the net of every commission."""
