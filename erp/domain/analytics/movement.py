"""What moved in a span of time, and how far bookings came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from erp.domain import bookings
from erp.kernel.db import row, rows
from erp.kernel.span import Span, within

REFUNDS = """(
  select e.payment_id, e.occurred_at,
         greatest(0, e.refunded_total - coalesce(max(e.refunded_total) over (
           partition by e.payment_id order by e.occurred_at, e.id rows between unbounded preceding and 1 preceding), 0)
         ) as amount
  from event e where e.payment_id is not null and e.refunded_total is not null)"""
"""What went back with each refund: the growth of the payment's cumulative total."""
STEPS = ("day", "week", "month")


def moved(span: Span) -> sa.Row[Any]:
    """Sign-ups, connections, payments, refunds, commissions and payouts of a span: how many, and their sums."""
    found = row(
        f"""select (select count(*) from customer where {within("signed_up_at")}) as sign_ups,
                   (select count(*) from referral where establishment_id is not null and {within("registered_at")}
                   ) as connections,
                   p.payments, p.paid, f.refunds, f.refunded, c.commissions, c.earned, o.payouts, o.paid_out
            from (select count(*) as payments, coalesce(sum(amount), 0)::bigint as paid
                  from payment where confirmed_at is not null and {within("confirmed_at")}) p,
                 (select count(distinct payment_id) as refunds, coalesce(sum(amount), 0)::bigint as refunded
                  from {REFUNDS} f where amount > 0 and {within("occurred_at")}) f,
                 (select count(*) filter (where kind = 'accrual') as commissions, coalesce(sum(amount), 0)::bigint as earned
                  from commission where {within("occurred_at")}) c,
                 (select count(*) as payouts, coalesce(sum(amount), 0)::bigint as paid_out
                  from payout where state = 'paid' and {within("paid_at")}) o""",
        **span.params,
    )
    assert found is not None
    return found


FIGURES = {
    "sign_ups": ("count(*)", "customer", "signed_up_at"),
    "connections": ("count(establishment_id)", "referral", "registered_at"),
    "payments": ("count(*)", "payment", "confirmed_at"),
    "paid": ("sum(amount)", "payment", "confirmed_at"),
    "refunded": ("sum(amount)", f"{REFUNDS} f", "occurred_at"),
    "earned": ("sum(amount)", "commission", "occurred_at"),
    "paid_out": ("sum(amount) filter (where state = 'paid')", "payout", "paid_at"),
}
"""What is told of each day, week or month: how it is summed, of which rows, by which moment."""


def movement(first: dt.date, last: dt.date, step: str, zone: str) -> Sequence[sa.Row[Any]]:
    """`FIGURES` of the days from `first` to `last` as a zone has them, by day, week or month (`STEPS`).

    The first week or month counts from `first` on, though it is named by its own first day; the last counts up to `last`.
    """
    assert step in STEPS
    moved = " union all ".join(
        f"""select date_trunc(:step, {moment} at time zone :zone)::date as day, '{name}' as name, {figure} as figure
            from {table} where {moment} >= cast(:first as timestamp) at time zone :zone
              and {moment} < (cast(:last as timestamp) + interval '1 day') at time zone :zone group by 1"""
        for name, (figure, table, moment) in FIGURES.items()
    )
    figures = ", ".join(
        f"coalesce(sum(figure) filter (where name = '{name}'), 0)::bigint as {name}" for name in FIGURES
    )
    return rows(
        f"""select b.day::date as day, {figures}
            from generate_series(date_trunc(:step, cast(:first as timestamp)), cast(:last as timestamp),
                                 cast('1 ' || :step as interval)) as b(day)
            left join ({moved}) m on m.day = b.day group by b.day order by b.day""",
        step=step,
        first=first,
        last=last,
        zone=zone,
    )


def funnel(span: Span) -> dict[str, int]:
    """Of the bookings made in a span, how many came how far by now."""
    reached = ", ".join(
        f"count(*) filter (where {condition}) as {name}" for name, condition in bookings.REACHED.items()
    )
    found = row(
        f"select count(*) as booked, {reached} from booking b where {within('b.booked_at')}", **span.params
    )
    assert found is not None
    return found._asdict()
