"""What must hold of freezes in any database: each says who decides by when, and its deadline is kept."""

from __future__ import annotations

from erp.domain import ledger
from erp.kernel.db import rows, scalar
from erp.kernel.findings import Finding


def freezes_are_whole() -> Finding:
    """3: what is frozen names its rule, evidence, who decides, by when and what happens otherwise, and that happens."""
    return Finding(
        3,
        "What is frozen says who decides by when",
        scalar("select count(*) from commission_freeze"),
        [*_frozen_otherwise(), *_ended_otherwise(), *_overdue(), *_frozen_money_differs()],
    )


def _frozen_otherwise() -> list[str]:
    return [
        f"commission {id}: it is held for {reason or 'nothing'}, but its freeze says {rule or 'nothing'}"
        for id, reason, rule in rows(
            """select h.commission_id, h.reason, f.rule from hold h
               left join commission_freeze f on f.id = h.freeze_id and f.commission_id = h.commission_id
                                              and f.agent_id = h.agent_id and f.evidence <> '{}'
               where h.reason is distinct from f.rule order by 1"""
        )
    ]


def _ended_otherwise() -> list[str]:
    return [
        f"commission {id}: freeze {freeze_id} does not last, or has not ended, exactly once"
        for id, freeze_id in rows(
            """select f.commission_id, f.id from commission_freeze f
               where (select count(*) from hold h where h.freeze_id = f.id)
                   + (select count(*) from release r where r.freeze_id = f.id and r.commission_id = f.commission_id)
                   + (select count(*) from forfeiture x where x.freeze_id = f.id and x.commission_id = f.commission_id)
                     <> 1 order by 1, 2"""
        )
    ]


def _overdue() -> list[str]:
    """A day is left to whoever carries them out."""
    return [
        f"commission {id}: nobody decided until {due_at:%Y-%m-%d}, and {outcome} was not carried out"
        for id, due_at, outcome in rows(
            """select f.commission_id, f.due_at, f.outcome from hold h join commission_freeze f on f.id = h.freeze_id
               where f.outcome <> 'stay' and f.due_at < ref_now() - interval '1 day' order by 1"""
        )
    ]


def _frozen_money_differs() -> list[str]:
    """Agents whose account of frozen money is not the sum of what is left of their frozen lines."""
    lines = {
        (found.agent_id, found.currency): found.net
        for found in rows(
            """select c.agent_id, c.currency, sum(c.net)::bigint as net
               from hold h join commission_state c on c.id = h.commission_id
               where h.reason is not null group by 1, 2 having sum(c.net) <> 0"""
        )
    }
    books = {
        (agent_id, currency): balance
        for (currency,) in rows("select distinct currency from programme order by 1")
        for agent_id, balance in ledger.not_empty("frozen", currency).items()
    }
    return [
        f"agent {of[0]}: {books.get(of, 0)} {of[1]} are frozen in the books, {lines.get(of, 0)} of its lines"
        for of in sorted(lines.keys() | books.keys(), key=str)
        if lines.get(of, 0) != books.get(of, 0)
    ]
