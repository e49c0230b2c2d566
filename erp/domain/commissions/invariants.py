"""What must hold for the commission lines of any database."""

from __future__ import annotations

from erp.domain.commissions.engine import DIFFERENCES
from erp.domain.referrals import terms_at
from erp.kernel.db import rows, scalar
from erp.kernel.findings import Audited, Finding


def lines_are_single() -> Finding:
    """3: one accrual per event, rule and agent; one correction per accrual and cause; each has its booking."""
    return Finding(
        3,
        "One line per event, rule and agent",
        scalar("select count(*) from commission"),
        [*_doubled(), *_booked_otherwise(), *_booked_for_nothing(), *_held_matured_or_forfeited()],
    )


def _doubled() -> list[str]:
    accruals = rows(
        """select string_agg(id::text, ', ' order by id) from commission where kind = 'accrual'
           group by event_id, rule_id, agent_id having count(*) > 1"""
    )
    corrections = rows(
        """select string_agg(id::text, ', ' order by id), accrual_id from commission where kind <> 'accrual'
           group by accrual_id, kind, cause_event_id having count(*) > 1"""
    )
    return [
        *(f"commission {ids}: several accruals of one event, rule and agent" for (ids,) in accruals),
        *(f"commission {ids}: several corrections of accrual {of} for one cause" for ids, of in corrections),
    ]


def _booked_otherwise() -> list[str]:
    """Lines, maturities, releases and forfeitures whose ledger transaction is missing, or another agent's or amount."""
    return [
        f"{what} {id}: its ledger transaction says {booked}"
        for what, id, booked in rows(
            """with said as (
                 select 'commission' as what, id, agent_id, transaction_id, abs(amount) as amount
                 from commission where account <> 'forfeited'
                 union all
                 select 'forfeiture of commission', c.id, c.agent_id, f.transaction_id, f.amount
                 from forfeiture f join commission c on c.id = f.commission_id
                 union all
                 select 'maturity of commission', c.id, c.agent_id, m.transaction_id, m.amount
                 from maturity m join commission c on c.id = m.commission_id
                 union all
                 select 'freeze of commission', c.id, c.agent_id, f.transaction_id, f.amount
                 from commission_freeze f join commission c on c.id = f.commission_id
                 union all
                 select 'release of commission', c.id, c.agent_id, r.transaction_id, r.amount
                 from release r join commission c on c.id = r.commission_id)
               select s.what, s.id, coalesce(e.amount::text, 'nothing') from said s
               left join entry e on e.transaction_id = s.transaction_id and e.agent_id = s.agent_id
               where s.amount <> 0 and s.amount is distinct from e.amount order by 1, 2"""
        )
    ]


def _booked_for_nothing() -> list[str]:
    return [
        f"transaction {id}: {kind}, but no commission says so"
        for id, kind in rows(
            """select e.transaction_id, e.kind from entry e
               where e.kind in ('accrual', 'true_up', 'reversal', 'maturity', 'freeze', 'release', 'forfeiture')
                 and not exists (select 1 from commission c where c.transaction_id = e.transaction_id)
                 and not exists (select 1 from maturity m where m.transaction_id = e.transaction_id)
                 and not exists (select 1 from commission_freeze f where f.transaction_id = e.transaction_id)
                 and not exists (select 1 from release r where r.transaction_id = e.transaction_id)
                 and not exists (select 1 from forfeiture f where f.transaction_id = e.transaction_id)
               order by 1"""
        )
    ]


def _held_matured_or_forfeited() -> list[str]:
    """A line that was frozen after it had matured is both while the freeze lasts, or when it went back to the owner."""
    return [
        f"commission {id}: not exactly one of on hold, matured, forfeited"
        for (id,) in rows(
            """select c.id from commission c
               left join hold h on h.commission_id = c.id
               left join forfeiture x on x.commission_id = c.id
               left join maturity m on m.commission_id = c.id
               left join commission_freeze f on f.id = coalesce(h.freeze_id, x.freeze_id)
               where c.kind = 'accrual'
                 and num_nonnulls(h.commission_id, x.commission_id, m.commission_id)
                     <> case when f.taken_from <> 'pending' then 2 else 1 end order by 1"""
        )
    ]


def lines_recompute() -> Finding:
    """6: computing every fact again under the terms of its moment gives exactly what is booked."""
    return Finding(
        6,
        "Each line recomputes to its stored amount",
        scalar("select count(*) from commission"),
        [*_missing(), *_contradictory()],
    )


def _missing() -> list[str]:
    return [
        f"commission {line.accrual_id or 'missing'} (event {line.source_id}): {line.kind} of {line.amount} is missing"
        for line in rows(DIFFERENCES)
    ]


def _contradictory() -> list[str]:
    """Lines whose own figures do not lead from the event, over the tier, to the amount."""
    return [
        f"commission {found.id}: {found.why}"
        for found in rows(
            f"""select c.id, w.why
               from commission c
               left join event e on e.id = c.event_id
               left join referral r on r.id = c.referral_id and r.customer_id = e.customer_id
               left join terms v on v.id = c.terms_id
               left join rule u on u.id = c.rule_id and u.terms_id = c.terms_id
               left join lateral (select * from tier t where t.terms_id = c.terms_id and t.threshold <= c.volume
                                  order by t.threshold desc limit 1) t on true
               cross join lateral (values
                 (u.id is null or u.event_kind is distinct from e.kind, 'its rule is of other terms or for other events'),
                 (c.kind = 'accrual' and c.uncapped <> (2 * c.base * coalesce(c.rate_bps, 10000) + 10000) / 20000,
                  'its base times its rate is not what it says'),
                 (c.kind = 'accrual' and (c.line_capped <> least(c.uncapped, u.line_cap) or c.amount > c.customer_capped
                                          or c.customer_capped > c.line_capped),
                  'its caps do not lead to its amount'),
                 (row(c.paid, c.currency, c.occurred_at)
                    is distinct from row(coalesce(e.amount, 0), coalesce(e.currency, c.currency), e.occurred_at),
                  'its payment was of another amount, currency or time'),
                 (row(c.referral_id, c.terms_id, c.programme_id) is distinct from row(r.id, {terms_at("e.occurred_at")}, r.programme_id),
                  'its referral followed other terms then, or is of another customer'),
                 (e.kind = 'payment' and v.evidence <> 'attested' and e.evidence = 'attested', 'its payment is not proven as the terms demand'),
                 (row(c.tier_position, c.rate_bps) is distinct from
                    row(t.position, case when u.kind = 'percent' then coalesce(u.rate_bps, t.rate_bps) end),
                  'its volume is not of its tier and rate')) as w(broken, why)
               where w.broken order by c.id"""
        )
    ]


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


AUDITED = [
    Audited("reversal_limit", "reversal_limit.changed", "changed_at", of="x.currency", key="currency"),
    Audited("manual_reversal", "reversal.proposed", "proposed_at"),
    Audited("manual_reversal", "reversal.done", "ended_at", "state = 'done'"),
    Audited("manual_reversal", "reversal.withdrawn", "ended_at", "state = 'withdrawn'"),
    Audited("freeze_rule", "freeze_rule.changed", "changed_at", of="x.rule", key="rule"),
    Audited(
        "commission_freeze",
        "commission.frozen",
        "frozen_at",
        "rule = 'by_hand'",
        subject="commission",
        of="x.commission_id",
    ),
    Audited(
        "release",
        "commission.released",
        "released_at",
        "transaction_id is not null",
        subject="commission",
        of="x.commission_id",
        key="freeze_id",
    ),
    Audited(
        "forfeiture",
        "commission.forfeited",
        "forfeited_at",
        subject="commission",
        of="x.commission_id",
        key="commission_id",
    ),
]
"""What somebody, or a deadline, decided about a line."""
