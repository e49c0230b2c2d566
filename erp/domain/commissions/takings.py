"""What is taken back of a commission, as SQL over a computed line `d` of the engine: in closed form, from facts alone.

Taken back is the most that a refund, a cancellation or a failed condition asks for, and what people decided on top of
it; never more than was earned. Each is cumulative, so that parts, duplicates and order do no harm.
"""

from erp.domain.commissions.volume import COUNTS, MONEY_BACK

REFUNDED = """case when d.refunded = 0 then 0
       else div(2 * d.accrued::numeric * d.refunded + d.paid, 2 * d.paid)::bigint end"""
"""The share of the payment that has gone back, rounded half up."""

_CANCELLATION = """
  select min(c.occurred_at) as at from event c
  where c.customer_id = d.customer_id and c.kind = 'cancellation' and c.occurred_at >= d.occurred_at
    and (c.original_event_id is null or c.original_event_id = d.event_id)"""

_LEFT = """div(2 * d.accrued * (extract(epoch from d.occurred_at - c.at) * 1000000 + d.prepaid_days * 86400000000)
           + d.prepaid_days * 86400000000, 2 * d.prepaid_days * 86400000000)::bigint"""
"""The share of the time paid for that was left, to the microsecond, rounded half up."""

CANCELLED = f"""case when d.ends_with_cancellation then (
    select case when u.on_cancel = 'all'
                then case when c.at < d.occurred_at + make_interval(hours => 24 * u.cancel_days::integer)
                          then d.accrued else 0 end
                when c.at < d.occurred_at + make_interval(hours => 24 * d.prepaid_days::integer) then {_LEFT}
                else 0 end
    from rule u cross join lateral ({_CANCELLATION}) c where u.id = d.rule_id) else 0 end"""

_DEADLINE = "d.occurred_at + make_interval(hours => 24 * u.condition_days::integer)"

_PAYMENTS = f"""
  select bool_or(true) as any_came, bool_or(p.amount > (
           select {MONEY_BACK.format(until="")} from event x where x.original_event_id = p.id)) as some_stayed
  from event p where p.customer_id = d.customer_id and {COUNTS} and p.occurred_at < {_DEADLINE}"""

FAILED = f"""case when d.is_conditional then (
    select case when u.condition = 'stays' then case when c.at < {_DEADLINE} then d.accrued else 0 end
                when y.some_stayed then 0
                when y.any_came or d.has_lapsed then d.accrued
                else 0 end
    from rule u join terms t on t.id = u.terms_id
    cross join lateral ({_CANCELLATION}) c cross join lateral ({_PAYMENTS}) y where u.id = d.rule_id) else 0 end"""
"""All of a bonus whose condition was not met: the deadline passed without a payment, what was paid went back, or the
customer cancelled too soon."""

DECIDED = """case when d.is_decided then (
    select coalesce(sum(k.amount), 0)::bigint from commission_decision k join commission a on a.id = k.commission_id
    where a.kind = 'accrual' and a.event_id = d.event_id and a.rule_id = d.rule_id and a.agent_id = d.agent_id) else 0 end"""


def taken_back(*, common: bool) -> str:
    """What all of it takes back. `common` leaves out what common terms never ask for."""
    failed = "0" if common else FAILED
    return f"least(d.accrued, greatest({REFUNDED}, {CANCELLED}, {failed}) + {DECIDED})::bigint"
