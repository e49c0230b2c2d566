"""What must hold of reversals by hand in any database."""

from __future__ import annotations

from erp.kernel.db import rows, scalar
from erp.kernel.findings import Finding


def decisions_are_whole() -> Finding:
    """7: a counter-decision undoes one decision by its whole amount; what somebody asked for is what was decided, and
    above the limit of that day two people did it."""
    return Finding(
        7,
        "Decisions are undone once and whole, and are what was asked for",
        scalar("select count(*) from commission_decision"),
        [*_undone_otherwise(), *_done_otherwise()],
    )


def _undone_otherwise() -> list[str]:
    return [
        f"decision {id}: it undoes another commission or amount"
        for (id,) in rows(
            """select d.event_id from commission_decision d
               left join commission_decision u on u.event_id = d.undoes_event_id
               where d.undoes_event_id is not null
                 and (u.commission_id, u.amount) is distinct from (d.commission_id, -d.amount) order by 1"""
        )
    ]


def _done_otherwise() -> list[str]:
    return [
        f"reversal {reference}: the decision is about another commission or amount"
        for (reference,) in rows(
            """select r.reference from manual_reversal r left join commission_decision d on d.event_id = r.event_id
               where r.state = 'done'
                 and (d.commission_id, abs(d.amount)) is distinct from (r.commission_id, r.amount) order by 1"""
        )
    ]
