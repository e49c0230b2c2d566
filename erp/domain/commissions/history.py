"""The engine over a whole history: when nothing is booked, and everything that happened is looked at.

What a commission must be is worked out by the very expressions that book (`engine.py`, `volume.py`, `takings.py`). Live,
few facts are concerned among many, so each looks up by index what it needs, and is compared with what is booked. Here
all of an agent's facts are at hand: what followed each event (`followed`) and the moments of each agent's connections
(`connected`) are gathered once and joined, a cap is one window over narrow rows, and there is nothing to compare with.
"""

from __future__ import annotations

from dataclasses import dataclass

from erp.domain.commissions.engine import (
    EARNED,
    IN_TIME,
    PER_CUSTOMER,
    PER_MONTH,
    facts,
    left_of_cap,
)
from erp.domain.commissions.facts import FACTS_OF_ALL, FOLLOWED_BY
from erp.domain.commissions.takings import taken_back
from erp.domain.commissions.volume import VOLUME


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


def followed(told: str) -> str:
    """What became of each event that is about another one of the relation `told`."""
    return f"""
  followed as materialized (
    select x.original_event_id as event_id, {FOLLOWED_BY} from {told} x
    where x.original_event_id is not null group by x.original_event_id)"""


def calendar(told: str) -> str:
    """The beginnings of the months of each programme's zone, from before the first fact of `told` to after the last."""
    return f"""
  calendar as materialized (
    select p.id as programme_id,
           array(select date_trunc('month', x.at, p.zone)
                 from (select min(occurred_at) as first, max(occurred_at) as last from {told}) e
                 cross join lateral generate_series(e.first, e.last + interval '31 days', interval '28 days') x(at)
                 group by 1 order by 1) as months
    from programme p)"""


def connected(agents: str = "true") -> str:
    """The moments at which customers of each agent were connected, in order; `agents` says whose, of a share `s`."""
    return f"""
  connected as materialized (
    select s.agent_id, s.programme_id, array_agg(s.connected_at order by s.connected_at) as moments
    from referral_share s where s.connected_at is not null and {agents} group by s.agent_id, s.programme_id)"""


# Outer joins, and what found no rule dropped afterwards: so the planner keeps expecting as many rows as there are facts,
# and gathers by hashes whatever it knows or does not know of rules.
JOINED = """left join followed gone on gone.event_id = k.event_id
    left join calendar y on y.programme_id = t.programme_id"""

MONTH = "y.months[width_bucket(k.occurred_at, y.months)]"

CONNECTIONS = """coalesce(width_bucket(f.occurred_at, c.moments)
             - width_bucket(f.occurred_at - make_interval(hours => 24 * f.window_days::integer), c.moments), 0)"""
"""Connections over rolling days: those up to the moment less those up to the beginning of its window."""


def _capped(*, source: str, amount: str, cap: str, per: str, answer: str) -> str:
    """The steps that leave of `amount` what `cap` does, as `answer`; `per` says whose sum it bounds."""
    return f"""
  {answer}_after as (
    select r.*, (sum(r.{amount}) over (partition by {per} order by r.occurred_at, r.event_id
                                       rows unbounded preceding))::bigint - r.{amount} as before_{answer}
    from {source} r
  ),{left_of_cap(amount=amount, cap=cap, answer=answer)},"""


def _uncapped(*, source: str, amount: str, answer: str, **_: str) -> str:
    return f"""
  {answer}_worth as (select r.*, r.{amount} as {answer} from {source} r),"""


def earned(steps: Steps) -> str:
    """From `concerned`, `followed`, `calendar` and `connected` to `earned`: each commission, and what is taken back."""
    volume = (
        f"case when f.is_common then {CONNECTIONS} else {VOLUME} end" if steps.other_volume else CONNECTIONS
    )
    customer_cap = _capped if steps.customer_cap else _uncapped
    monthly_cap = _capped if steps.monthly_cap else _uncapped
    return f"""{facts(JOINED, join="left join", month=MONTH)},
  schedule as materialized (
    select t.terms_id, t.position, t.rate_bps, t.threshold,
           lead(t.threshold) over (partition by t.terms_id order by t.threshold) as next_threshold
    from tier t
  ),
  placed as (
    select f.*, {volume} as volume
    from facts f left join connected c on c.agent_id = f.agent_id and c.programme_id = f.programme_id
    where f.rule_id is not null
    offset 0
  ),
  rated as (
    select rate.*, least(rate.line_cap, rate.uncapped) as line_capped
    from (
      select rate.*, {EARNED.format(base="rate.base")} as uncapped
      from (
        select f.*, tier.position as tier_position,
               case when f.is_percent then coalesce(f.own_rate, tier.rate_bps) end as rate_bps,
               {f"f.is_always or {IN_TIME}" if steps.time else "true"} as is_in_time
        from placed f
        join schedule tier on tier.terms_id = f.terms_id and tier.threshold <= f.volume
                          and (f.volume < tier.next_threshold) is not false
        offset 0) rate
      offset 0) rate
    offset 0
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


REPLAYED = f"""
with {FACTS_OF_ALL}, {followed("event")}, {calendar("concerned")}, {connected()}, {earned(Steps())}
select l.event_id, l.rule_id, l.agent_id, l.accrued - l.taken_back as net from earned l
"""
"""What all facts earn under their own terms when nothing was ever booked: the net of every commission."""
