"""A customer cancels: all that they use, or what one order paid for. What is taken back, the terms of the referral say."""

from __future__ import annotations

import datetime as dt

from erp.domain import integrations, referrals
from erp.domain.integrations import NewEvent
from erp.domain.payments.news import ACCRUE
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import row
from erp.kernel.errors import Invalid
from erp.kernel.outbox import enqueue
from erp.kernel.sentences import Sentence

PRODUCT = "product"


def record_cancellation(
    customer_external_id: str,
    *,
    source_id: str,
    order_external_id: str | None = None,
    occurred_at: dt.datetime | None = None,
    by: Actor,
    now: dt.datetime,
) -> bool:
    """Keep the fact that a customer cancelled; whether it was new. `source_id` is the owner's own id of it.

    Raises `NotFound` for an unknown customer, and `Invalid` for a moment to come or an order that they never paid.
    """
    customer = referrals.customer_by_external_id(customer_external_id)
    if occurred_at is not None and occurred_at > now + referrals.CLOCK_SKEW:
        raise Invalid(fields={"occurred_at": Sentence("This lies in the future.")})
    event_id = integrations.record_event(
        NewEvent(
            PRODUCT,
            f"cancellation:{source_id}",
            "cancellation",
            customer.id,
            min(occurred_at or now, now),
            original_event_id=_paid(order_external_id, customer.reference) if order_external_id else None,
        )
    )
    if event_id is None:
        return False
    enqueue(ACCRUE, event_id)
    audit.record("customer.cancelled", "customer", customer.id, by=by, at=now, details={"event": event_id})
    return True


def _paid(order_external_id: str, customer_reference: str) -> int:
    """The event of an order's payment."""
    found = row(
        """select e.id from customer_order o join customer c on c.id = o.customer_id
           join payment p on p.order_id = o.id join event e on e.payment_id = p.id and e.kind = 'payment'
           where o.external_id = :external_id and c.reference = :customer order by e.id limit 1""",
        external_id=order_external_id,
        customer=customer_reference,
    )
    if found is None:
        raise Invalid(fields={"order": Sentence("The customer has paid no such order.")})
    event_id: int = found.id
    return event_id
