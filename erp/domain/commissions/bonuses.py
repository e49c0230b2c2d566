"""Bonuses that wait for a condition: let go when it is met, given back when its deadline passes."""

from __future__ import annotations

import datetime as dt

from erp.domain import integrations
from erp.domain.commissions.actions import accrue
from erp.domain.commissions.volume import COUNTS, MONEY_BACK
from erp.domain.integrations import NewEvent
from erp.kernel.actor import Actor
from erp.kernel.db import execute, rows

SETTLED_AT_ONCE = 500


def settle_bonuses(*, by: Actor, now: dt.datetime, limit: int = SETTLED_AT_ONCE) -> int:
    """Let bonuses go on to their hold when the customer has paid, and end those that waited in vain; how many.

    The hold of a bonus begins with the payment that it waited for. That a deadline passed is a fact of its own: the
    engine takes the bonus back for it, and gives it again if a payment from before the deadline is told late.
    """
    return _let_go(now, limit) + _end(by, now, limit)


def _let_go(now: dt.datetime, limit: int) -> int:
    return execute(
        f"""with m as materialized (
              select h.commission_id, paid.at + make_interval(hours => 24 * t.hold_days::integer) as until
              from hold h join commission c on c.id = h.commission_id join event e on e.id = c.event_id
              join terms t on t.id = c.terms_id
              cross join lateral (
                select min(p.occurred_at) as at from event p
                where p.customer_id = e.customer_id and {COUNTS} and p.occurred_at < h.deadline
                  and p.amount > (select {MONEY_BACK.format(until="")} from event x where x.original_event_id = p.id)
              ) paid
              where h.deadline is not null and paid.at <= :now
              order by h.commission_id limit :limit for update of h skip locked)
            update hold h set deadline = null, until = greatest(h.until, m.until)
            from m where h.commission_id = m.commission_id""",
        now=now,
        limit=limit,
    ).rowcount


def _end(by: Actor, now: dt.datetime, limit: int) -> int:
    over = rows(
        """select h.commission_id, h.deadline, c.event_id, e.customer_id
           from hold h join commission c on c.id = h.commission_id join event e on e.id = c.event_id
           where h.deadline <= :now order by h.deadline, h.commission_id limit :limit for update of h skip locked""",
        now=now,
        limit=limit,
    )
    if not over:
        return 0
    lapses = integrations.record_events(
        [
            NewEvent(
                "ref",
                f"lapse:{bonus.commission_id}",
                "lapse",
                bonus.customer_id,
                bonus.deadline,
                original_event_id=bonus.event_id,
            )
            for bonus in over
        ]
    )
    accrue([lapse for lapse in lapses if lapse is not None], by=by, now=now)
    execute(
        "update hold set deadline = null where commission_id = any(:ids)",
        ids=[bonus.commission_id for bonus in over],
    )
    return len(over)
