"""The law of attribution (invariant 5), and what the audit log owes about it (invariant 10)."""

from __future__ import annotations

from erp.kernel.db import rows, scalar
from erp.kernel.findings import Audited, Finding


def attribution_is_sound() -> Finding:
    """One referral per customer, shares of 10,000 in all, and nobody earns on themselves.

    A second hop cannot be written down, because an agent has no referrer; a customer who became an agent would
    show here as earning on themselves.
    """
    return Finding(
        5,
        "One referral per customer, shares sum to 10,000, no self-referral, no second hop",
        scalar("select count(*) from referral"),
        [*_doubled(), *_uneven(), *_own()],
    )


def _doubled() -> list[str]:
    found = rows(
        """select customer_id, string_agg(reference, ', ' order by registered_at, id) as referrals
           from referral group by customer_id having count(*) > 1"""
    )
    return [f"customer {customer} has referrals {referrals}" for customer, referrals in found]


def _uneven() -> list[str]:
    found = rows(
        """select r.reference, coalesce(sum(s.bps), 0) as bps
           from referral r left join referral_share s on s.referral_id = r.id
           group by r.id having coalesce(sum(s.bps), 0) <> 10000 order by r.reference"""
    )
    return [f"shares of referral {reference} sum to {bps}" for reference, bps in found]


def _own() -> list[str]:
    found = rows(
        """select r.reference, a.reference as agent
           from referral_share s join referral r on r.id = s.referral_id join customer c on c.id = r.customer_id
                join agent a on a.id = s.agent_id
           where a.phone_hash = c.phone_hash or a.email_hash = c.email_hash or a.inn_hash = c.inn_hash
           order by r.reference"""
    )
    return [f"in referral {reference} agent {agent} is the customer" for reference, agent in found]


AUDITED = [
    Audited("customer", "customer.signed_up", "signed_up_at"),
    Audited("referral", "referral.made", "registered_at"),
    Audited("attribution_case", "case.opened", "opened_at"),
    Audited("attribution_case", "case.upheld", "decided_at", "state = 'upheld'"),
    Audited("attribution_case", "case.transferred", "decided_at", "state = 'transferred'"),
]
