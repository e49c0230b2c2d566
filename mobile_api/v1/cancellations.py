"""The owner's product tells that a customer has cancelled."""

from __future__ import annotations

from flask import Response, g
from pydantic import BaseModel, Field

from erp.domain import payments
from erp.kernel import clock
from erp.kernel.permissions import for_product
from erp.kernel.transaction import transaction
from mobile_api.answers import answer
from mobile_api.nouns import PRODUCT, noun
from mobile_api.schemas import ExternalId, Moment, Shown, example

api = noun(
    "cancellations", "Cancellations: customers who leave, told by the owner's product", security=PRODUCT
)


class NewCancellation(BaseModel):
    model_config = example({"source_id": "cancel-9", "customer": "superapp-1001"})

    source_id: ExternalId = Field(
        description="The owner's own id of the cancellation; makes a repeat harmless"
    )
    customer: ExternalId = Field(description="The external id under which the customer signed up")
    order: ExternalId | None = Field(
        None, description="External id of the order that it is about; everything when absent"
    )
    occurred_at: Moment | None = Field(None, description="When the customer cancelled; now when absent")


class Cancellation(Shown):
    model_config = example({"source_id": "cancel-9", "customer": "superapp-1001"})

    source_id: str
    customer: str


@api.post("/cancellations", responses={201: Cancellation, 404: None})
@for_product
def report_cancellation(body: NewCancellation) -> Response:
    """Tell that a customer has cancelled; what commissions give back for it, the terms say.

    The same cancellation again changes nothing.
    """
    with transaction():
        payments.record_cancellation(
            body.customer,
            source_id=body.source_id,
            order_external_id=body.order,
            occurred_at=body.occurred_at,
            by=g.actor,
            now=clock.now(),
        )
    return answer(Cancellation(source_id=body.source_id, customer=body.customer), 201)
