"""The owner's product tells of a new customer; who brought it is decided then, once."""

from __future__ import annotations

from typing import Literal

from flask import Response, g
from pydantic import BaseModel, Field

from erp.domain import referrals
from erp.kernel import clock
from erp.kernel.permissions import for_product
from erp.kernel.transaction import transaction
from mobile_api.answers import answer
from mobile_api.nouns import PRODUCT, noun
from mobile_api.schemas import ExternalId, ExternalPath, Moment, Reference, Shown, Text, example

api = noun("sign-ups", "Sign-ups: new customers, told by the owner's product", security=PRODUCT)


class FromSource(BaseModel):
    """An establishment by its id in the list that the catalogue was imported from."""

    source: Text
    source_id: Text


class SignUp(BaseModel):
    """Everything known of how the customer came; the more, the better it is attributed."""

    model_config = example(
        {
            "external_id": "superapp-1001",
            "kind": "establishment",
            "name": "Cafe Aino",
            "phone": "+358 9 1234567",
            "code": "k7m 29q",
            "establishment": "EST-7K3M9QXD",
        }
    )

    external_id: ExternalId = Field(description="The owner's own id of the customer, for good")
    kind: Literal["establishment", "company", "consumer"]
    name: Text | None = None
    phone: Text | None = None
    email: Text | None = None
    inn: Text | None = None
    code: Text | None = Field(None, description="The agent's code as it was typed")
    click: Text | None = Field(None, description="The token that a referral link handed over")
    establishment: Reference | None = Field(None, description="Which place of the catalogue it is")
    establishment_source: FromSource | None = Field(None, description="The same, by its id at the source")
    programme: Text | None = Field(None, description="Key of the programme; the oldest one when absent")
    occurred_at: Moment | None = Field(None, description="When it signed up; now when absent")
    source_id: ExternalId | None = Field(None, description="The owner's own id of the event")


class SignedUp(Shown):
    model_config = example(
        {
            "external_id": "superapp-1001",
            "customer": "CUS-7K3M9QXD",
            "referral": "REF-7K3M9QXD",
            "agent_code": "K7M29Q",
            "basis": "booking",
            "case": None,
            "reason": None,
        }
    )

    external_id: str
    customer: str = Field(description="Reference of the customer")
    referral: str | None = Field(description="Reference of the referral, when somebody was attributed")
    agent_code: str | None = Field(description="Code of the agent who was attributed")
    basis: str | None = Field(description="booking, code or click")
    case: str | None = Field(description="Reference of the case, when two agents claim the customer")
    reason: str | None = Field(description="Why nobody was attributed")


@api.post("/sign-ups", responses={201: SignedUp, 409: None})
@for_product
def report_sign_up(body: SignUp) -> Response:
    """Tell that a customer has signed up, and learn whom it was attributed to.

    The same sign-up again gets the same answer; another one under the same external id is refused.
    """
    given = body.model_dump(exclude={"establishment_source"})
    if body.establishment is None and body.establishment_source is not None:
        given["establishment"] = (body.establishment_source.source, body.establishment_source.source_id)
    with transaction():
        signed_up = referrals.sign_up(referrals.SignUp(**given), by=g.actor, now=clock.now())
    return answer(
        SignedUp(
            external_id=body.external_id,
            customer=signed_up.customer,
            referral=signed_up.referral,
            agent_code=signed_up.agent_code,
            basis=signed_up.basis,
            case=signed_up.case,
            reason=signed_up.reason,
        ),
        201,
    )


@api.get("/sign-ups/<external_id>", responses={200: SignedUp, 404: None})
@for_product
def show_sign_up(path: ExternalPath) -> Response:
    """Show what became of a sign-up, by the owner's own id."""
    customer = referrals.customer_by_external_id(path.external_id)
    referral = referrals.find(customer.referral_reference) if customer.referral_reference else None
    cases = referrals.cases_of(referral.id) if referral else []
    return answer(
        SignedUp(
            external_id=customer.external_id,
            customer=customer.reference,
            referral=referral.reference if referral else None,
            agent_code=referral.agent_code if referral else None,
            basis=referral.basis if referral else None,
            case=cases[0].reference if cases else None,
            reason=customer.unattributed_reason,
        )
    )
