"""The customers who are attributed to an agent."""

from __future__ import annotations

from typing import Any

from flask import Response, g
from pydantic import Field

from erp.domain import referrals
from erp.kernel.permissions import for_agent
from mobile_api import pages
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, Named, Shown, example, named

api = noun("referrals", "Referrals: the one, permanent attribution of a customer, made when it signs up")


class Customer(Shown):
    reference: str
    kind: str = Field(description="establishment, company or consumer")
    name: str | None = Field(description="As told at sign-up; contacts are not shown")


class Referral(Shown):
    model_config = example(
        {
            "reference": "REF-7K3M9QXD",
            "customer": {"reference": "CUS-7K3M9QXD", "kind": "establishment", "name": "Cafe Aino"},
            "establishment": {"reference": "EST-7K3M9QXD", "name": "Cafe Aino"},
            "programme": {"reference": "PRG-7K3M9QXD", "name": "SuperApp"},
            "terms_version": 1,
            "basis": "booking",
            "contested": False,
            "registered_at": "2026-11-22T04:30:00Z",
        }
    )

    reference: str
    customer: Customer
    establishment: Named | None
    programme: Named
    terms_version: int = Field(description="The version of the terms it is pinned to")
    basis: str = Field(description="booking, code or click: what it was attributed by")
    contested: bool = Field(description="Whether somebody is still deciding whose it is; commissions wait")
    registered_at: Moment


class Referrals(Shown):
    items: list[Referral]
    next: str | None


@api.get("/referrals", responses={200: Referrals})
@for_agent
def list_referrals(query: pages.PageQuery) -> Response:
    """List the customers attributed to the agent, newest first."""
    page = referrals.of_agent(g.agent.id).page(pages.page_number(query), query.limit)
    names = referrals.customer_names([referral.customer_id for referral in page.rows])
    items = [_shown(referral, names[referral.customer_id]) for referral in page.rows]
    return answer(Referrals(items=items, next=pages.after(page)))


def _shown(referral: Any, customer_name: str | None) -> Referral:
    return Referral(
        reference=referral.reference,
        customer=Customer(
            reference=referral.customer_reference, kind=referral.customer_kind, name=customer_name
        ),
        establishment=named(referral.establishment_reference, referral.establishment_name),
        programme=named(referral.programme_reference, referral.programme_name),
        terms_version=referral.terms_version,
        basis=referral.basis,
        contested=referral.frozen,
        registered_at=referral.registered_at,
    )
