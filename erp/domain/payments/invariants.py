"""What must hold of payments in any database, proven from rows alone."""

from __future__ import annotations

from erp import config
from erp.kernel.db import rows, scalar
from erp.kernel.findings import Audited, Finding

AUDITED = [
    Audited("customer_order", "order.placed", "created_at"),
    Audited("payment", "payment.asked", "created_at"),
    Audited("payment", "payment.confirmed", "confirmed_at"),
    Audited("refund", "refund.asked", "asked_at", "state <> 'attested'"),
    Audited("refund", "refund.attested", "asked_at", "state = 'attested'"),
    Audited("refund", "refund.sent", "sent_at"),
    Audited("refund", "refund.done", "ended_at", "state = 'done'"),
]


def bank_references_agree() -> Finding:
    """9: every payment and every fact from the bank names the same provider, payment and amount.

    A payment that was received has one event of exactly its amount; its refunded total is that of its latest
    refund event; all payments are of the terminal this instance is stamped for.
    """
    bad = [
        f"{found.reference}: {found.why}"
        for found in rows(
            """select p.reference, w.why
               from payment p
               left join event e on e.source = p.provider and e.source_id = p.provider_payment_id || '\\:confirmed'
               left join lateral (select max(r.refunded_total) as total, bool_and(r.source = p.provider
                        and r.source_id = p.provider_payment_id || '\\:refunded\\:' || r.refunded_total) as named
                      from event r where r.payment_id = p.id and r.kind = 'refund') r on true
               cross join lateral (values
                 (p.status not in ('asked', 'unknown', 'refused') and p.provider_payment_id is null,
                  'the bank knows it but we have no bank id'),
                 (p.confirmed_at is not null and e.id is null, 'received, but there is no event'),
                 (p.confirmed_at is null and e.id is not null, 'not received, but there is an event'),
                 (e.amount <> p.amount or e.currency <> p.currency or e.id is not null and e.payment_id is distinct from p.id,
                  'its event has another amount, currency or payment'),
                 (p.refunded_total <> coalesce(r.total, 0), 'its refunded total is not that of its refund events'),
                 (not r.named, 'a refund event names another payment or total')) as w(broken, why)
               where w.broken order by p.reference"""
        )
    ]
    bad += [
        f"event {id}: it is from the bank but belongs to no payment of ours"
        for (id,) in rows("select id from event where source = 'tbank' and payment_id is null order by id")
    ]
    ours = config.get().tbank_terminal_key
    bad += [
        f"{reference}: of terminal {terminal}, not {ours}"
        for reference, terminal in rows(
            "select reference, terminal_key from payment where terminal_key <> :ours or provider <> 'tbank'",
            ours=ours,
        )
    ]
    return Finding(9, "Payments and bank references agree", scalar("select count(*) from payment"), bad)
