"""The engine's text for one new fact that comes alone, which is what most facts are.

Nothing that was booked can change then, and nothing can go back yet: the line is what the rule earns, up to what is left
of the month. The arithmetic is that of `engine.py`; what is left out are the steps that compare with the books and that
count one line after the other, whose plans take longer to start than all rows to read. Whether a fact is of this kind is
looked up first, and otherwise the answer says which text has to book it.
"""

from erp.domain.commissions.engine import (
    BOOKED,
    CONNECTED,
    EARNED,
    NO_BONUS,
    NOT_COMMON,
    OF_MONTH,
    RATE,
    RULE_FITS,
    TIER,
    WRITTEN,
    confirmed,
    left_of,
    whole,
)
from erp.domain.commissions.facts import EARNING

NOT_ALONE = -2
"""Something was told of it before, or after it: BOOK_COMMON looks at that."""

OTHERWISE = f"""case
           when s.bps < 10000 or r.is_rerated or r.is_transferred or p.has_uncommon_terms then {NOT_COMMON}
           when e.original_event_id is not null or e.kind not in {EARNING}
                -- A line of the fact itself, or of one that came after it.
                or exists (select 1 from commission c
                           where c.agent_id = s.agent_id and c.programme_id = s.programme_id
                             and c.occurred_at >= e.occurred_at and c.kind = 'accrual')
                or exists (select 1 from event x where x.original_event_id = e.id)
                or exists (select 1 from event x
                           where x.customer_id = e.customer_id and x.occurred_at >= e.occurred_at
                             and x.kind = 'cancellation')
           then {NOT_ALONE} end"""
"""Who else has to book a fact, if anybody: for a fact without a referral nobody has to do anything."""

FACT = f"""
  select e.id as event_id, e.kind, e.source_id, e.amount, e.currency, e.occurred_at, e.evidence, e.plan, r.id as referral_id,
         r.terms_id, r.frozen, s.agent_id, t.programme_id, t.window_days, t.hold_days, t.vat_bps, t.fee_bps, t.fee_minimum,
         t.evidence as asked_evidence, p.currency as usual_currency, date_trunc('month', e.occurred_at, p.zone) as month,
         a.state, a.kind as agent_kind, {OTHERWISE} as otherwise
  from event e
  left join lateral (select * from referral r where r.customer_id = e.customer_id offset 0) r on true
  left join lateral (select * from referral_share s where s.referral_id = r.id offset 0) s on true
  left join lateral (select * from terms t where t.id = r.terms_id offset 0) t on true
  left join lateral (select * from programme p where p.id = t.programme_id offset 0) p on true
  left join lateral (select * from agent a where a.id = s.agent_id offset 0) a on true
  where e.id = :event_id offset 0"""
"""The fact, and under which agreement it is."""

LINES = f"""
  select u.id as rule_id, {WRITTEN} as line
  from rule u
  cross join lateral (select k.asked_evidence as evidence, k.vat_bps, k.fee_bps, k.fee_minimum) t
  cross join lateral (select {whole()} as base offset 0) w
  cross join lateral (
    select k.event_id, k.agent_id, k.programme_id, k.terms_id, k.occurred_at, k.month, k.window_days, u.id as rule_id,
           u.kind = 'percent' as is_percent, u.rate_bps as own_rate, u.line_cap, u.monthly_cap) f
  cross join lateral ({CONNECTED}) v(volume)
  cross join lateral ({TIER}) tier
  cross join lateral (select {RATE} as rate_bps, true as is_in_time) rate
  cross join lateral (select {EARNED.format(base="w.base")} as uncapped offset 0) earned
  cross join lateral (select f.*, least(f.line_cap, earned.uncapped) as line_capped) r
  cross join lateral (
    select coalesce(total(b.amount), 0) as before_accrued from ({OF_MONTH.format(asked="")}) b) month
  cross join lateral (select r.line_capped, r.monthly_cap, month.before_accrued) o
  cross join lateral (
    select 'accrual' as kind, k.event_id, f.rule_id, k.agent_id, k.referral_id, k.programme_id, k.terms_id,
           k.event_id as fresh_cause_id, {left_of("line_capped", "monthly_cap", "before_accrued")} as amount,
           coalesce(k.currency, k.usual_currency) as currency, coalesce(k.amount, 0) as paid, w.base, rate.rate_bps,
           tier.position as tier_position, v.volume, earned.uncapped as new_uncapped, r.line_capped as new_line_capped,
           r.line_capped as new_customer_capped, 0 as refunded, u.reward = 'credit' as is_credit, k.occurred_at,
           k.hold_days, k.frozen, k.source_id) l
  cross join lateral (select k.state, k.agent_kind as kind) a
  {NO_BONUS}
  where k.otherwise is null and u.terms_id = k.terms_id and {confirmed()} and {RULE_FITS}"""
"""What each rule earns for the fact `k`."""

BOOK_ALONE = f"""
with {BOOKED}
select coalesce(min(k.otherwise),
                commission_book(array_agg(l.line) filter (where l.rule_id is not null), :actor))
from ({FACT}) k left join lateral ({LINES}) l on true
"""
"""Compute what one new fact earned and book it; how many lines. Or NOT_ALONE or NOT_COMMON, and nothing is booked."""
