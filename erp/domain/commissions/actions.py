"""Verbs that write commission lines and move them on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from erp.domain import ledger
from erp.domain.commissions import engine
from erp.domain.commissions.freezes import NETS, release_frozen
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, rows, together

MATURED_AT_ONCE = 1000


def accrue(event_ids: Sequence[int], *, by: Actor, now: dt.datetime) -> int:
    """Book what these events earn, take back or correct; how many lines that made.

    Payments, refunds and connections in any order, any number of times: a fact that is already accounted for makes
    no line. The agents' accounts stay locked until the transaction ends.
    """
    told = {"event_ids": list(event_ids)}
    _, booked = together((engine.LOCK, told), (engine.BOOK, {**told, "now": now, "actor": str(by)}))
    written: int = booked[0][0]
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


<<<<<<< HEAD
=======
NETS = """due as materialized (
  select c.id, c.agent_id, c.currency, c.in_credit, e.source_id, row_number() over (order by c.id)::integer as n,
         c.amount + coalesce((select sum(d.amount) from commission d where d.accrual_id = c.id), 0)::bigint as net
  from commission c join event e on e.id = c.event_id where c.id = any(:ids))"""


def release_frozen(referral_id: UUID, *, by: Actor, now: dt.datetime) -> int:
    """Let go of a referral's frozen lines after its case was decided: their ordinary hold goes on.

    Lines that were booked while their agent was suspended or closed stay frozen for that. Answers how many were let go.
    """
    execute(
        """update hold h set reason = 'agent_' || a.state from commission c, agent a
           where c.id = h.commission_id and c.referral_id = :referral_id and h.reason = 'attribution_case'
             and a.id = h.agent_id and a.state in ('suspended', 'closed')
             and c.booked_at >= coalesce(a.closed_at, a.suspended_at)""",
        referral_id=referral_id,
    )
    frozen = rows(
        """select h.commission_id, h.agent_id, c.currency from hold h join commission c on c.id = h.commission_id
           where c.referral_id = :referral_id and h.reason = 'attribution_case' order by 1 for update of h""",
        referral_id=referral_id,
    )
    return release_lines(frozen, "attribution_case", by=by, now=now)


def release_frozen_of_agent(agent_id: UUID, *, by: Actor, now: dt.datetime) -> int:
    """Let go of the lines that were frozen while an agent was suspended; how many."""
    frozen = rows(
        """select h.commission_id, h.agent_id, c.currency from hold h join commission c on c.id = h.commission_id
           where h.agent_id = :agent_id and h.reason = 'agent_suspended' order by 1 for update of h""",
        agent_id=agent_id,
    )
    return release_lines(frozen, "agent_suspended", by=by, now=now)


def release_lines(frozen: Sequence[Row], reason: str, *, by: Actor, now: dt.datetime) -> int:
    """Let go of accruals (commission_id, agent_id, currency) whose holds are locked and frozen for `reason`."""
    found = [(line.commission_id, line.agent_id, line.currency) for line in frozen]
    for currency in sorted({currency for _, _, currency in found}):
        ledger.lock({agent_id for _, agent_id, of in found if of == currency}, currency)
    execute(
        f"""with {NETS}, posted as materialized (
              select * from ledger_post((
                select array_agg(row(n, 'release', source_id, agent_id, 'frozen', 'pending', net, currency,
                                     :now)::ledger_line order by n) from due where net > 0), :actor)
              where exists (select 1 from due where net > 0)),
            released as (
              insert into release (commission_id, reason, amount, released_at, released_by, transaction_id)
              select d.id, :reason, d.net, :now, :actor, p.transaction_id from due d left join posted p on p.n = d.n)
            update hold set reason = null where commission_id in (select id from due)""",
        ids=[id for id, _, _ in found],
        now=now,
        actor=str(by),
        reason=reason,
    )
    for id, _, _ in found:
        audit.record("commission.released", "commission", id, by=by, at=now, details={"reason": reason})
    return len(found)


>>>>>>> 0c1e34f (Compute all that terms can say, and prove it by an oracle of its own)
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
