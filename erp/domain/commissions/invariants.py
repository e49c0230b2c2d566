"""What must hold for the commission lines of any database."""

from __future__ import annotations

from erp.domain.commissions.engine import DIFFERENCES
from erp.kernel.db import rows, scalar
from erp.kernel.findings import Finding


def lines_are_single() -> Finding:
    """3: one accrual per event, rule and agent; one correction per accrual and cause; each has its booking."""
    bad = [
        f"commission {ids}: several accruals of one event, rule and agent"
        for (ids,) in rows(
            """select string_agg(id::text, ', ' order by id) from commission where kind = 'accrual'
               group by event_id, rule_id, agent_id having count(*) > 1"""
        )
    ]
    bad += [
        f"commission {ids}: several corrections of accrual {accrual} for one cause"
        for ids, accrual in rows(
            """select string_agg(id::text, ', ' order by id), accrual_id from commission where kind <> 'accrual'
               group by accrual_id, kind, cause_event_id having count(*) > 1"""
        )
    ]
    bad += [
        f"commission {id}: its ledger transaction says {booked}"
        for id, booked in rows(
            """select c.id, coalesce(e.amount::text, 'nothing') from commission c
               left join entry e on e.transaction_id = c.transaction_id and e.agent_id = c.agent_id
               where c.amount <> 0 and abs(c.amount) is distinct from e.amount order by c.id"""
        )
    ]
    bad += [
        f"commission {id}: neither on hold nor matured"
        for (id,) in rows(
            """select c.id from commission c where c.kind = 'accrual'
               and (exists (select 1 from hold h where h.commission_id = c.id))
                 = (exists (select 1 from maturity m where m.commission_id = c.id)) order by 1"""
        )
    ]
    return Finding(3, "One line per event, rule and agent", scalar("select count(*) from commission"), bad)


def lines_recompute() -> Finding:
    """6: computing every fact again under the pinned terms gives exactly what is booked."""
    bad = [
        f"commission {line.accrual_id or 'missing'} (event {line.source_id}): {line.kind} of {line.amount} is missing"
        for line in rows(DIFFERENCES)
    ]
    bad += [
        f"commission {id}: {base} × {rate} bps is not {uncapped}"
        for id, base, rate, uncapped in rows(
            """select id, base, rate_bps, uncapped from commission
               where kind = 'accrual' and uncapped <> (2 * base * rate_bps + 10000) / 20000 order by id"""
        )
    ]
    return Finding(
        6, "Each line recomputes to its stored amount", scalar("select count(*) from commission"), bad
    )


def corrections_stay_within() -> Finding:
    """7: reversals and true-ups never take back more than the commission."""
    bad = [
        f"commission {id}: {amount} with corrections leaves {net}"
        for id, amount, net in rows(
            """select c.id, c.amount, c.amount + sum(d.amount) from commission c join commission d on d.accrual_id = c.id
               where c.kind = 'accrual' group by c.id, c.amount
               having c.amount + sum(d.amount) < 0
                   or -sum(d.amount) filter (where d.kind = 'reversal')
                      > c.amount + coalesce(sum(d.amount) filter (where d.kind = 'true_up'), 0)
               order by c.id"""
        )
    ]
    return Finding(
        7,
        "Corrections stay within their commission",
        scalar("select count(*) from commission where kind <> 'accrual'"),
        bad,
    )
