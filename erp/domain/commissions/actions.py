"""Verbs that write commission lines and move them on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from erp.domain import ledger
from erp.domain.commissions import engine
from erp.domain.commissions.alone import BOOK_ALONE, NOT_ALONE
from erp.domain.commissions.freezes import NETS, release_frozen
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, rows, scalar, together

MATURED_AT_ONCE = 1000


def accrue(event_ids: Sequence[int], *, by: Actor, now: dt.datetime) -> int:
    """Book what these events earn, take back or correct; how many lines that made.

    Payments, refunds and connections in any order, any number of times: a fact that is already accounted for makes
    no line. The agents' accounts stay locked until the transaction ends.
    """
    written = _book(list(event_ids), {"now": now, "actor": str(by)})
    if written:
        audit.record(
            "commissions.accrued",
            "event",
            event_ids[0],
            by=by,
            at=now,
            details={"events": len(event_ids), "lines": written},
        )
    return written


def _book(event_ids: list[int], given: dict[str, Any]) -> int:
    """Lock, and have the shortest text book that knows all that these events ask for; how many lines it wrote."""
    told = {"event_ids": event_ids}
    lock, given = (engine.LOCK, told), given | told
    if len(event_ids) == 1:
        _, booked = together(lock, (BOOK_ALONE, given | {"event_id": event_ids[0]}))
        if booked[0][0] == NOT_ALONE:
            [booked] = together((engine.BOOK_COMMON, given))
    else:
        _, booked = together(lock, (engine.BOOK_COMMON, given))
    written: int = booked[0][0]
    return scalar(engine.BOOK, **given) if written == engine.NOT_COMMON else written


def mature(*, by: Actor, now: dt.datetime, limit: int = MATURED_AT_ONCE) -> int:
    """Make available (credit: ready to be spent) what has been held long enough, oldest first; how many accruals.

    A bonus that waits for its condition stays until `settle_bonuses` has let it go.
    """
    due = rows(
        """select h.commission_id, h.agent_id, c.currency from hold h join commission c on c.id = h.commission_id
           where h.reason is null and h.deadline is null and h.until <= :now order by h.until limit :limit for update of h skip locked""",
        now=now,
        limit=limit,
    )
    for currency in sorted({found.currency for found in due}):
        ledger.lock({found.agent_id for found in due if found.currency == currency}, currency)
    execute(
        f"""with {NETS}, posted as materialized (
              select * from ledger_post((
                select array_agg(row(n, 'maturity', source_id, agent_id, 'pending',
                                     case when in_credit then 'credit' else 'available' end, net, currency,
                                     :now)::ledger_line order by n) from due where net > 0), :actor)
              where exists (select 1 from due where net > 0)),
            matured as (
              insert into maturity (commission_id, amount, matured_at, transaction_id)
              select d.id, d.net, :now, p.transaction_id from due d left join posted p on p.n = d.n)
            delete from hold where commission_id in (select id from due)""",
        ids=[found.commission_id for found in due],
        now=now,
        actor=str(by),
    )
    return len(due)


def settle_referral(referral_id: UUID, *, by: Actor, now: dt.datetime) -> int:
    """After a referral went to another agent: take back from one and give to the other, line by line.

    Tiers and caps of both change with it, so that all later lines of both are looked at again.
    """
    _lock_parties(referral_id)
    found = rows(
        """select e.id from event e join referral r on r.customer_id = e.customer_id
           where r.id = :id and e.kind in ('payment', 'connection', 'sign_up', 'transfer')
           union
           select c.event_id from referral r join attribution_case k on k.referral_id = r.id
           join commission c on c.agent_id = k.holder_agent_id and c.programme_id = r.programme_id
                            and c.kind = 'accrual'
                            and (c.occurred_at >= least(r.registered_at, (select min(e.occurred_at) from event e
                                                                          where e.customer_id = r.customer_id))
                                 or exists (select 1 from terms t where t.programme_id = r.programme_id and t.retroactive))
           where r.id = :id and k.state = 'transferred'
           order by 1""",
        id=referral_id,
    )
    written = accrue([event_id for (event_id,) in found], by=by, now=now)
    release_frozen(referral_id, by=by, now=now)
    return written


def _lock_parties(referral_id: UUID) -> None:
    parties = rows(
        """select p.currency, array_agg(x.agent_id) as agents
           from referral r join programme p on p.id = r.programme_id join attribution_case k on k.referral_id = r.id
           cross join lateral (values (k.holder_agent_id), (k.other_agent_id)) as x(agent_id)
           where r.id = :id group by p.currency""",
        id=referral_id,
    )
    for currency, agents in parties:
        ledger.lock(agents, currency)
