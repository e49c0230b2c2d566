"""What is known of orders and payments. Staff see all; the owner's product asks by its own ids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.payments import rules
from erp.kernel.db import row, rows, scalar
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed
from erp.kernel.span import EVER, Span, within

ORDERS = """
  select o.id, o.reference, o.external_id, o.amount, o.currency, o.description, o.state, o.created_at, o.vat_bps,
         c.id as customer_id, c.reference as customer_reference, c.external_id as customer_external_id,
         p.reference as payment_reference, p.status as payment_status, p.payment_url, p.attention
  from customer_order o
  join customer c on c.id = o.customer_id
  left join payment p on p.order_id = o.id and p.is_current"""
COLUMNS = """
         p.id, p.reference, p.status, p.amount, p.currency, p.refunded_total, p.attention, p.error_code, p.is_current,
         p.provider, p.terminal_key, p.provider_payment_id, p.bank_order_id, p.payment_url, p.created_at,
         p.confirmed_at, p.checked_at, p.times_asked, p.fee_bps, p.charged_back, o.vat_bps,
         o.reference as order_reference, o.external_id as order_external_id, o.description, o.state as order_state, c.id as customer_id, c.reference as customer_reference,
         c.external_id as customer_external_id, c.name_cipher as customer_name_cipher,
         s.name as establishment_name, r.reference as referral_reference, e.evidence"""
TABLES = """
  from payment p
  join customer_order o on o.id = p.order_id
  join customer c on c.id = o.customer_id
  left join establishment s on s.id = c.establishment_id
  left join referral r on r.customer_id = c.id
  left join event e on e.source = p.provider and e.source_id = p.provider_payment_id || '\\:confirmed'"""
PAYMENTS = f"select {COLUMNS} {TABLES}"
MOMENTS = {"paid": "p.confirmed_at", "ordered": "p.created_at"}
"""The moments by which a list of payments can be cut; `refunded` cuts by what went back."""
REFUNDED_WITHIN = """(
    coalesce((select max(f.refunded_total) from event f
              where f.payment_id = p.id and (cast(:before as timestamptz) is null or f.occurred_at < :before)), 0)
    - coalesce((select max(f.refunded_total) from event f where f.payment_id = p.id and f.occurred_at < :since), 0))"""
"""What went back of a payment in a span: the growth of its cumulative total, so that spans add up."""
PAYMENT_SORTS = {
    "newest": "created_at desc, id desc",
    "oldest": "created_at, id",
    "amount": "amount, id",
    "-amount": "amount desc, id desc",
    "confirmed_at": "confirmed_at nulls last, id",
    "-confirmed_at": "confirmed_at desc nulls last, id desc",
}


def search_orders(*, text: str = "", state: str = "") -> Listed:
    """Orders, newest first; `text` is the beginning of a reference or an id of the owner's."""
    return Listed(
        f"""{ORDERS}
           where (:state = '' or o.state = :state)
             and (:text = '' or o.reference ilike :text || '%' or o.external_id ilike :text || '%'
                  or c.external_id ilike :text || '%')""",
        {"newest": "created_at desc, id desc"},
        params={"text": text.strip(), "state": state},
    )


def find_order(reference: str) -> sa.Row[Any]:
    """An order with its current payment. Raises `NotFound`."""
    return _found(row(f"{ORDERS} where o.reference = :reference", reference=reference))


def find_order_by_external_id(external_id: str) -> sa.Row[Any]:
    """The same by the owner's id. Raises `NotFound`."""
    return _found(row(f"{ORDERS} where o.external_id = :external_id", external_id=external_id))


def search_payments(
    *,
    text: str = "",
    status: str = "",
    attention: bool = False,
    customer: str = "",
    span: Span = EVER,
    dated_by: str = "paid",
    sort: str = "newest",
) -> Listed:
    """Payments; `text` is the beginning of a reference, of the bank's id or of an id of the owner's.

    `attention` leaves only those that a person must look at, `customer` those of one (`CUS-…`).
    `span` cuts by the moment that `dated_by`, a key of `MOMENTS`, names; with `refunded` it leaves the payments of
    which something went back in it. The column `refunded` is then that, and otherwise all that ever went back.
    """
    by_refunds = dated_by == "refunded"
    dated = f"{REFUNDED_WITHIN} > 0" if by_refunds else within(MOMENTS.get(dated_by, MOMENTS["paid"]))
    return Listed(
        f"""select {REFUNDED_WITHIN if by_refunds else "p.refunded_total"} as refunded, {COLUMNS} {TABLES}
           where (:status = '' or p.status = :status) and (not :attention or p.attention is not null)
             and (:customer = '' or c.reference = :customer) and {dated}
             and (:text = '' or p.reference ilike :text || '%' or o.reference ilike :text || '%'
                  or p.provider_payment_id like :text || '%' or o.external_id ilike :text || '%'
                  or c.external_id ilike :text || '%')""",
        PAYMENT_SORTS,
        sort,
        {
            "text": text.strip(),
            "status": status,
            "attention": attention,
            "customer": customer,
            **span.params,
        },
    )


def find_payment(reference: str) -> sa.Row[Any]:
    """One payment with its order and customer. Raises `NotFound`."""
    return _found(row(f"{PAYMENTS} where p.reference = :reference", reference=reference))


def payments_of_order(order_reference: str) -> Sequence[sa.Row[Any]]:
    """Every try to pay an order, newest first."""
    return rows(
        f"{PAYMENTS} where o.reference = :reference order by p.created_at desc", reference=order_reference
    )


def refunds_of(payment_reference: str) -> Sequence[sa.Row[Any]]:
    """What was given back of a payment, or is about to be, oldest first."""
    return rows(
        """select r.reference, r.amount, r.state, r.reason, r.asked_by, r.asked_at, r.sent_at, r.ended_at,
                  r.refunded_total_after, r.error_code
           from refund r join payment p on p.id = r.payment_id
           where p.reference = :reference order by r.asked_at, r.id""",
        reference=payment_reference,
    )


def notifications_of(payment_reference: str) -> Sequence[sa.Row[Any]]:
    """What the bank told us about a payment, oldest first."""
    return rows(
        """select n.id, n.status, n.amount, n.verdict, n.times, n.received_at, n.handled_at, n.provider_payment_id
           from bank_notification n join payment p on p.bank_order_id = n.bank_order_id
           where p.reference = :reference order by n.id""",
        reference=payment_reference,
    )


def search_notifications(*, verdict: str = "") -> Listed:
    """Everything the bank, or somebody who posed as it, told us; newest first."""
    return Listed(
        """select n.id, n.terminal_key, n.bank_order_id, n.provider_payment_id, n.status, n.amount, n.verdict, n.times,
                  n.received_at, n.handled_at
           from bank_notification n where (:verdict = '' or n.verdict = :verdict)""",
        {"newest": "id desc"},
        params={"verdict": verdict},
    )


def events_of_payment(payment_reference: str) -> Sequence[sa.Row[Any]]:
    """The facts that this payment became, in the order they happened."""
    return rows(
        """select e.id, e.source_id, e.kind, e.amount, e.currency, e.evidence, e.occurred_at, e.recorded_at,
                  e.refunded_total
           from event e join payment p on p.id = e.payment_id
           where p.reference = :reference order by e.occurred_at, e.id""",
        reference=payment_reference,
    )


def locked(payment_id: UUID) -> sa.Row[Any]:
    """The payment, held until the transaction ends, with its customer. Raises `NotFound`."""
    return _found(
        row(
            """select p.*, o.customer_id, o.vat_bps, o.plan, o.prepaid_days
               from payment p join customer_order o on o.id = p.order_id
               where p.id = :id for update of p""",
            id=payment_id,
        )
    )


def heard_at(payment: sa.Row[Any], status: str) -> dt.datetime | None:
    """When a genuine notification first told us of this status."""
    heard: dt.datetime | None = scalar(
        """select min(received_at) from bank_notification
           where bank_order_id = :order_id and status = :status and verdict = 'accepted'""",
        order_id=payment.bank_order_id,
        status=status,
    )
    return heard


def confirmed_id(payment: sa.Row[Any]) -> str:
    """The source id of the event that says this payment's money was received."""
    return f"{payment.provider_payment_id}:confirmed"


def refund_is_open(refund_id: UUID) -> bool:
    """Whether a refund still waits for the bank."""
    state = scalar("select state from refund where id = :id", id=refund_id)
    return state in rules.OPEN_REFUNDS


def _found(found: sa.Row[Any] | None) -> sa.Row[Any]:
    if found is None:
        raise NotFound
    return found
