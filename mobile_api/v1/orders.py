"""What the owner's product asks a customer to pay, and where the customer pays it."""

from __future__ import annotations

from typing import Any

from flask import Response, g
from pydantic import BaseModel, Field

from erp import config
from erp.domain import payments
from erp.gateways.tbank import Acquiring
from erp.kernel import clock
from erp.kernel.permissions import for_product
from erp.kernel.sentences import Sentence
from erp.kernel.transaction import transaction
from mobile_api.answers import answer
from mobile_api.errors import BankAway
from mobile_api.nouns import PRODUCT, noun
from mobile_api.schemas import (
    Amount,
    Currency,
    ExternalId,
    ExternalPath,
    Moment,
    Money,
    Shown,
    Text,
    example,
    money,
)

NOT_OPENED = ("asked", "unknown", "refused")
"""Payment statuses in which the bank has not told us where to pay."""
api = noun("orders", "Orders: what a customer is asked to pay through the bank", security=PRODUCT)


class Total(BaseModel):
    amount: Amount = Field(description="Minor units: kopecks", examples=[150000])
    currency: Currency = Field(examples=["RUB"])


class NewOrder(BaseModel):
    model_config = example(
        {
            "external_id": "invoice-77",
            "customer": "superapp-1001",
            "total": {"amount": 150000, "currency": "RUB"},
            "description": "SuperApp, November",
        }
    )

    external_id: ExternalId = Field(
        description="The owner's own id of the order; makes a repeated request harmless"
    )
    customer: ExternalId = Field(description="The external id under which the customer signed up")
    total: Total
    description: Text = Field(description="What the payer reads at the bank; 140 characters")
    plan: Text | None = Field(
        None, description="The product plan that is paid for, when terms tell plans apart"
    )
    prepaid_days: int | None = Field(
        None, ge=1, le=3650, description="For how many days from the payment on it pays, if for days ahead"
    )
    vat_bps: int | None = Field(
        None,
        ge=0,
        description="Rate of the VAT within the total, in basis points; without it, the ordinary rate of the day",
        examples=[2200],
    )


class Order(Shown):
    model_config = example(
        {
            "reference": "ORD-7K3M9QXD",
            "external_id": "invoice-77",
            "customer": "superapp-1001",
            "total": {"amount": 150000, "currency": "RUB"},
            "description": "SuperApp, November",
            "vat_bps": 2200,
            "state": "open",
            "payment": "PAY-9QXD7K3M",
            "payment_status": "NEW",
            "payment_url": "https://pay.bank.example/1",
            "created_at": "2026-11-22T04:30:00Z",
        }
    )

    reference: str
    external_id: str
    customer: str
    total: Money
    description: str
    vat_bps: int = Field(description="Rate of the VAT within the total, in basis points")
    state: str = Field(description="open, paid or refunded")
    payment: str | None = Field(description="Reference of the newest try to pay")
    payment_status: str | None = Field(description="The bank's word for it")
    payment_url: str | None = Field(description="Where to send the customer")
    created_at: Moment


@api.post("/orders", responses={201: Order, 404: None, 409: None, 503: None})
@for_product
def place_order(body: NewOrder) -> Response:
    """Place an order and open its payment at the bank.

    The same order again is the same order, and tells `payment_url` again; so after a 503 just repeat it.
    """
    with transaction():
        reference = payments.place_order(
            body.customer,
            amount=body.total.amount,
            currency=body.total.currency,
            description=body.description,
            external_id=body.external_id,
            vat_bps=body.vat_bps,
            plan=body.plan,
            prepaid_days=body.prepaid_days,
            by=g.actor,
            now=clock.now(),
        )
        order = payments.find_order(reference)
    if order.state == "open":
        order = _open_at_bank(reference)
    return answer(_shown(order), 201)


@api.get("/orders/<external_id>", responses={200: Order, 404: None})
@for_product
def show_order(path: ExternalPath) -> Response:
    """Show an order by the owner's own id."""
    return answer(_shown(payments.find_order_by_external_id(path.external_id)))


def _open_at_bank(reference: str) -> Any:
    """The order with a payment to pay it by. Raises `BankAway` when the bank did not open one."""
    bank = Acquiring.from_settings(config.get())
    payments.open_payment(reference, payments.Edge(bank, transaction, clock.now, g.actor))
    order = payments.find_order(reference)
    if order.payment_status in NOT_OPENED:
        raise BankAway(
            Sentence("The order is kept, but the bank has not opened its payment. Send the order again.")
        )
    return order


def _shown(order: Any) -> Order:
    return Order(
        reference=order.reference,
        external_id=order.external_id,
        customer=order.customer_external_id,
        total=money(order.amount, order.currency),
        description=order.description,
        vat_bps=order.vat_bps,
        state=order.state,
        payment=order.payment_reference,
        payment_status=order.payment_status,
        payment_url=order.payment_url,
        created_at=order.created_at,
    )
