"""The law of re-rates (part of invariant 5), and what the audit log owes about them (invariant 10)."""

from __future__ import annotations

from erp.kernel.db import rows, scalar
from erp.kernel.findings import Audited, Finding


def moves_are_decided() -> Finding:
    """5: a referral moves as two people decided: to terms of its own programme, on the day announced, told before it."""
    return Finding(
        5,
        "Referrals follow other terms only as a re-rate says",
        scalar("select count(*) from referral"),
        [
            f"referral {reference}, re-rate {rerate}: {why}"
            for reference, rerate, why in rows(
                """select r.reference, x.reference, w.why
                   from referral_terms m join referral r on r.id = m.referral_id join terms t on t.id = m.terms_id
                   left join rerate x on x.id = m.rerate_id
                   cross join lateral (values
                     (x.decided_at is null or x.state = 'refused', 'nobody approved it'),
                     (t.programme_id <> r.programme_id, 'it moved to terms of another programme'),
                     (m.from_at is distinct from x.from_at, 'it moved on another day'),
                     (m.decided_at >= m.from_at, 'it was decided when it had begun'),
                     (not r.is_rerated, 'the referral does not know of it'),
                     (x.state = 'withdrawn' and m.terms_id = x.terms_id and not exists (
                        select 1 from referral_terms o where o.referral_id = m.referral_id and o.id > m.id),
                      'it was withdrawn, and moved')) as w(broken, why)
                   where w.broken order by 1, 2, 3"""
            )
        ],
    )


AUDITED = [
    Audited("rerate", "rerate.proposed", "proposed_at"),
    Audited("rerate", "rerate.approved", "decided_at", "state in ('approved', 'withdrawn')"),
    Audited("rerate", "rerate.refused", "decided_at", "state = 'refused'"),
    Audited("rerate", "rerate.withdrawn", "withdrawn_at"),
]
