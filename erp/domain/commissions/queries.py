"""Reads of commissions: lists, one with its corrections, what is open for payout, where an agent stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.kernel.db import row, rows, scalar
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed
from erp.kernel.span import EVER, Span, within

LISTED = """
select c.id, c.agent_id, c.amount, c.net, c.currency, c.paid as payment_amount, c.base, c.rate_bps, c.volume,
       c.occurred_at, c.available_at, c.held_until, c.freeze_reason, c.matured_at, c.reversed, c.trued_up,
       c.forfeited_at, x.code as forfeited_code, f.id as freeze_id, f.role as decides, f.due_at, f.outcome as otherwise,
       f.frozen_at, f.code as freeze_code, v.on_agent_closed, v.evidence as terms_evidence, c.referral_id, c.event_id, a.reference as agent_reference, a.code as agent_code, e.source_id, c.booked_at, e.evidence, e.recorded_at,
       c.in_credit, c.deadline, e.kind as event_kind, u.kind as rule_kind, u.condition, u.condition_days, v.measure,
       t.name as tier_name, v.version as terms_version, p.name as programme_name, p.reference as programme_reference,
       r.reference as referral_reference, s.name as establishment_name, s.reference as establishment_reference,
       y.reference as payment_reference, coalesce(o.paid, 0) as paid_out,
       case when c.forfeited_at is not null then 'forfeited'
            when c.net = 0 and c.amount > 0 then 'reversed' when c.freeze_reason is not null then 'frozen'
            when c.held_until is not null then 'on_hold' when c.net <= 0 then 'nothing'
            when c.in_credit then 'credited'
            when coalesce(o.paid, 0) >= c.net then 'paid_out' else 'available' end as state
from commission_state c
join agent a on a.id = c.agent_id
join event e on e.id = c.event_id
join programme p on p.id = c.programme_id
join terms v on v.id = c.terms_id
join rule u on u.id = c.rule_id
join tier t on t.terms_id = c.terms_id and t.position = c.tier_position
join referral r on r.id = c.referral_id
left join establishment s on s.id = r.establishment_id
left join payment y on y.id = e.payment_id
left join hold h on h.commission_id = c.id
left join commission_freeze f on f.id = h.freeze_id
left join forfeiture x on x.commission_id = c.id
left join lateral (select sum(l.amount) as paid from open_payout_line l where l.commission_id = c.id) o on true
"""
MOMENTS = {
    "paid": "occurred_at",
    "release": "case when deadline is null then coalesce(held_until, available_at) end",
    "deadline": "deadline",
    "decision": "due_at",
}
"""The moments by which a list of commissions can be cut: the customer's payment, the end of the hold, the deadline of a
condition, by when somebody decides about what is frozen."""
SORTS = {
    "newest": "id desc",
    "oldest": "id",
    "occurred_at": "occurred_at, id",
    "-occurred_at": "occurred_at desc, id desc",
    "amount": "net, id",
    "-amount": "net desc, id desc",
}


def search(
    *,
    q: str = "",
    agent_id: UUID | None = None,
    state: str = "",
    rule: str = "",
    paid_as: str = "",
    span: Span = EVER,
    dated_by: str = "paid",
    sort: str = "newest",
) -> Listed:
    """Commissions, one row per accrual with its present net and state. `q`: an agent's code, or a reference.

    `rule` is what froze it, `paid_as` money or credit. `span` cuts by the moment that `dated_by`, a key of `MOMENTS`,
    names.
    """
    return Listed(
        f"""select * from ({LISTED}) c
            where (cast(:agent_id as uuid) is null or agent_id = :agent_id) and (:state = '' or state = :state)
              and (:rule = '' or freeze_reason = :rule) and (:paid_as = '' or in_credit = (:paid_as = 'credit'))
              and {within(MOMENTS.get(dated_by, MOMENTS["paid"]))}
              and (:q = '' or agent_code = upper(:q) or agent_reference = upper(:q) or referral_reference = upper(:q)
                   or payment_reference = upper(:q) or source_id = :q
                   or establishment_name ilike '%' || :q || '%')""",
        SORTS,
        sort,
        {
            "agent_id": agent_id,
            "state": state,
            "rule": rule,
            "paid_as": paid_as,
            "q": q.strip(),
            **span.params,
        },
    )


def of_agent(
    agent_id: UUID,
    *,
    state: str = "",
    span: Span = EVER,
    dated_by: str = "paid",
    before: int | None = None,
    limit: int = 50,
) -> Sequence[sa.Row[Any]]:
    """An agent's commissions, newest first, those with ids below `before`; cut as in `search`."""
    return rows(
        f"""select * from ({LISTED} where c.agent_id = :agent_id) c
            where (cast(:below as bigint) is null or id < :below) and (:state = '' or state = :state)
              and {within(MOMENTS[dated_by])}
            order by id desc limit :limit""",
        agent_id=agent_id,
        state=state,
        below=before,
        limit=limit,
        **span.params,
    )


def find(commission_id: int, *, agent_id: UUID | None = None) -> sa.Row[Any]:
    """One commission; with `agent_id`, a stranger's is `NotFound`."""
    found = row(
        f"{LISTED} where c.id = :id and (cast(:agent_id as uuid) is null or c.agent_id = :agent_id)",
        id=commission_id,
        agent_id=agent_id,
    )
    if found is None:
        raise NotFound
    return found


def corrections(commission_id: int) -> Sequence[sa.Row[Any]]:
    """The reversals and true-ups of an accrual, oldest first, each with the event that caused it.

    `moved_at` is when a case about a customer was decided for another agent, if that caused it; `moved_away` when the
    customer is the accrual's own and went from its agent.
    """
    return rows(
        """select c.id, c.kind, c.amount, c.currency, c.refunded, c.rate_bps, c.volume, c.booked_at, c.account,
                  e.kind as cause, e.source_id as cause_source_id, e.occurred_at as cause_at,
                  d.reason, d.undoes_event_id is not null as is_undo, h.reference as reversal_reference,
                  k.decided_at as moved_at, (k.referral_id, k.holder_agent_id) = (a.referral_id, a.agent_id) as moved_away
           from commission c
           join event e on e.id = c.cause_event_id
           join commission a on a.id = c.accrual_id
           left join commission_decision d on d.event_id = c.cause_event_id
           left join manual_reversal h on h.event_id = c.cause_event_id
           left join lateral (
             select k.* from attribution_case k
             join event x on x.source = 'ref' and x.source_id = 'transfer:' || k.id
             where a.agent_id in (k.holder_agent_id, k.other_agent_id) and c.booked_at >= x.recorded_at
               and (e.id = a.event_id or e.customer_id = x.customer_id) and e.id <= x.id
             order by k.decided_at desc limit 1) k on true
           where c.accrual_id = :id order by c.id""",
        id=commission_id,
    )


def moved_to_its_terms(commission_id: int) -> sa.Row[Any] | None:
    """Since when, and for which coded reason, the referral follows the terms of a commission; none: since it was made."""
    return row(
        """select m.from_at, m.code from commission c
           cross join lateral (select * from referral_terms m where m.referral_id = c.referral_id
                                 and m.from_at <= c.occurred_at order by m.id desc limit 1) m
           join referral r on r.id = c.referral_id
           where c.id = :id and m.terms_id <> r.terms_id""",
        id=commission_id,
    )


def moved_here_at(commission_id: int) -> dt.datetime | None:
    """When a case gave the customer of an accrual to its agent, if the customer had paid by then."""
    moved: dt.datetime | None = scalar(
        """select k.decided_at from commission c
           join attribution_case k on k.referral_id = c.referral_id and k.other_agent_id = c.agent_id
           join event x on x.source = 'ref' and x.source_id = 'transfer:' || k.id
           where c.id = :id and c.event_id < x.id""",
        id=commission_id,
    )
    return moved


def transfers(commission_id: int) -> Sequence[sa.Row[Any]]:
    """The payouts that paid an accrual, wholly or in part, oldest first, each with its run."""
    return rows(
        """select p.reference, p.state, p.state_at, l.amount, p.currency, p.prepared_at, p.paid_at,
                  r.reference as run_reference, r.approved_at
           from payout_line l join payout p on p.id = l.payout_id join payout_run r on r.id = p.run_id
           where l.commission_id = :id order by p.id""",
        id=commission_id,
    )


def frozen_of_agent(agent_id: UUID) -> Sequence[sa.Row[Any]]:
    """What is frozen of an agent, by currency, reason and what its terms say of closed agents: (currency, reason,
    on_agent_closed, lines, net)."""
    return rows(
        """select c.currency, h.reason, t.on_agent_closed, count(*) as lines, sum(c.net)::bigint as net
           from hold h join commission_state c on c.id = h.commission_id join terms t on t.id = c.terms_id
           where h.agent_id = :agent_id and h.reason is not null
           group by c.currency, h.reason, t.on_agent_closed order by 1, 2, 3""",
        agent_id=agent_id,
    )


def open_amounts(agent_ids: Iterable[UUID], currency: str) -> Sequence[sa.Row[Any]]:
    """(agent_id, commission_id, open): what each matured commission still owes its agent in money, oldest first."""
    return rows(
        """select * from (
             select c.agent_id, c.id as commission_id,
                    (c.net - coalesce((select sum(l.amount) from open_payout_line l where l.commission_id = c.id), 0)
                    )::bigint as open
             from commission_state c
             where c.matured and c.freeze_reason is null and not c.in_credit
               and c.agent_id = any(:ids) and c.currency = :currency) x
           where open > 0 order by agent_id, commission_id""",
        ids=list(agent_ids),
        currency=currency,
    )


def totals() -> Sequence[sa.Row[Any]]:
    """Per currency and state: how many commissions, and their net sum."""
    return rows(
        f"""select currency, state, count(*) as number, sum(net) as net from ({LISTED}) c
            group by currency, state order by currency, state"""
    )


def earned_by_terms(programme_id: UUID) -> dict[UUID, int]:
    """What agents have earned under each version of a programme's terms, less what was taken back: minor units."""
    found = rows(
        "select terms_id, sum(amount)::bigint as earned from commission where programme_id = :id group by terms_id",
        id=programme_id,
    )
    return {terms.terms_id: terms.earned for terms in found}
