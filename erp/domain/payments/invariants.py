"""What must hold of payments in any database, proven from rows alone."""

from __future__ import annotations

from erp import config
from erp.domain import ledger
from erp.domain.payments import books
from erp.kernel import money
from erp.kernel.db import Row, rows, scalar
from erp.kernel.findings import Audited, Finding

AUDITED = [
    Audited("customer_order", "order.placed", "created_at"),
    Audited("payment", "payment.asked", "created_at"),
    Audited("payment", "payment.confirmed", "confirmed_at"),
    Audited("refund", "refund.asked", "asked_at", "state <> 'attested'"),
    Audited("refund", "refund.attested", "asked_at", "state = 'attested'"),
    Audited("refund", "refund.sent", "sent_at"),
    Audited("refund", "refund.done", "ended_at", "state = 'done'"),
    Audited("chargeback", "chargeback.recorded", "recorded_at", "kind = 'chargeback'"),
    Audited("chargeback", "chargeback_reversal.recorded", "recorded_at", "kind = 'chargeback_reversal'"),
    Audited("settlement", "settlement.recorded", "recorded_at"),
    Audited("settlement", "settlement.voided", "voided_at"),
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
               left join lateral (select coalesce(sum(case b.kind when 'chargeback' then b.amount else -b.amount end), 0) as total
                      from chargeback b where b.payment_id = p.id) b on true
               left join lateral (select coalesce(max(c.refunded_total) filter (where c.kind = 'chargeback'), 0)
                        - coalesce(max(c.refunded_total) filter (where c.kind = 'chargeback_reversal'), 0) as total
                      from event c where c.payment_id = p.id) c on true
               cross join lateral (values
                 (p.status not in ('asked', 'unknown', 'refused') and p.provider_payment_id is null,
                  'the bank knows it but we have no bank id'),
                 (p.confirmed_at is not null and e.id is null, 'received, but there is no event'),
                 (p.confirmed_at is null and e.id is not null, 'not received, but there is an event'),
                 (e.amount <> p.amount or e.currency <> p.currency or e.id is not null and e.payment_id is distinct from p.id,
                  'its event has another amount, currency or payment'),
                 (p.refunded_total <> coalesce(r.total, 0), 'its refunded total is not that of its refund events'),
                 (p.charged_back <> b.total or p.charged_back <> c.total,
                  'what was charged back is not what its rows and its events say'),
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


def books_follow_payments() -> Finding:
    """2: revenue, VAT and fee of every payment are in the books, less what went back; every settlement is; and so the
    acquirer holds what was received less what went back, its fees and what it has settled."""
    booked = ledger.by_fact(books.OF_PAYMENTS)
    payments = rows(
        """select p.reference, p.provider_payment_id, p.amount, p.refunded_total, p.charged_back, p.fee_bps, p.confirmed_at,
                  p.currency, o.vat_bps from payment p join customer_order o on o.id = p.order_id order by p.reference"""
    )
    owed = {found.provider_payment_id: _owed(found) for found in payments if found.confirmed_at is not None}
    bad = [
        f"{found.reference}: the books hold {booked.get(found.provider_payment_id, {})} for it,"
        f" not {owed.get(found.provider_payment_id, {})}"
        for found in payments
        if _not_zero(booked, found) != _not_zero(owed, found)
    ]
    ours = {found.provider_payment_id for found in payments}
    bad += [f"entries of {fact}: there is no such payment" for fact in sorted(booked.keys() - ours)]
    return Finding(2, "The owner's books follow the payments", len(owed), [*bad, *_settled_otherwise()])


def _not_zero(sums: dict[str, dict[str, int]], payment: Row) -> dict[str, int]:
    return {
        account: amount for account, amount in sums.get(payment.provider_payment_id, {}).items() if amount
    }


def _owed(payment: Row) -> dict[str, int]:
    """What a payment must have left on the owner's accounts, credits less debits."""
    returned = payment.refunded_total + payment.charged_back
    vat = books.vat_within(payment.amount, payment.vat_bps)
    vat -= books.vat_returned(payment.amount, payment.vat_bps, returned)
    fee = money.share(payment.amount, payment.fee_bps)
    left = {
        "clearing": fee - (payment.amount - returned),
        "revenue": payment.amount - returned - vat,
        "vat": vat,
        "fee": -fee,
    }
    return left


def _settled_otherwise() -> list[str]:
    booked = ledger.by_fact((books.SETTLED, books.UNSETTLED))
    settlements = rows("select reference, amount, voided_at from settlement order by reference")
    owed = {
        found.reference: {"bank": 0, "clearing": 0}
        if found.voided_at
        else {"bank": -found.amount, "clearing": found.amount}
        for found in settlements
    }
    return [
        f"{reference}: the books hold {booked.get(reference)} for it, not {owed.get(reference)}"
        for reference in sorted(booked.keys() | owed.keys())
        if booked.get(reference) != owed.get(reference)
    ]
