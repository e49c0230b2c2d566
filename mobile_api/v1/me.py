"""The signed-in agent about itself."""

from __future__ import annotations

from typing import Literal

from flask import Response, g
from pydantic import BaseModel, Field

from erp import config
from erp.domain import agents
from erp.kernel import clock
from erp.kernel.permissions import for_agent
from erp.kernel.transaction import transaction
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, Shown, Text, example
from mobile_api.v1 import banks

api = noun("me", "The signed-in agent: code, state, and what is needed to pay it")


class AgentBank(Shown):
    member_id: str
    name: str


class Agent(Shown):
    """An agent as it sees itself."""

    model_config = example(
        {
            "reference": "AGT-7K3M9QXD",
            "code": "K7M29Q",
            "link": "https://ref.example/r/K7M29Q",
            "kind": "person",
            "state": "active",
            "name": "Ivan Ivanov",
            "phone": "+79012345678",
            "email": None,
            "inn": None,
            "bank": {"member_id": "100000000004", "name": "Т-Банк"},
            "language": "ru",
            "registered_at": "2026-11-01T09:00:00Z",
            "activated_at": "2026-11-02T09:00:00Z",
        }
    )

    reference: str
    code: str = Field(description="The agent's own for life; case, spaces and dashes do not matter")
    link: str = Field(description="Leads a visitor to the product and remembers who sent them")
    kind: str
    state: str = Field(description="pending, active, suspended or closed; payouts need active")
    name: str | None
    phone: str | None
    email: str | None
    inn: str | None
    bank: AgentBank | None = Field(description="Where payouts go, by phone number")
    language: str | None = Field(
        description="Of messages and of sentences in answers, whatever `Accept-Language` says; null follows it"
    )
    registered_at: Moment
    activated_at: Moment | None


class Changes(BaseModel):
    """What is absent stays; null removes it."""

    model_config = example({"name": "Ivan Ivanov", "bank_member_id": "100000000004"})

    name: Text | None = None
    email: Text | None = None
    inn: Text | None = None
    bank_member_id: Text | None = Field(None, description="An `id` of `GET /banks`")
    language: Literal["en", "ru"] | None = None


@api.get("/me", responses={200: Agent})
@for_agent
def show_me() -> Response:
    """Show the signed-in agent."""
    return answer(_myself())


@api.patch("/me", responses={200: Agent, 409: None, 503: None})
@for_agent
def change_me(body: Changes) -> Response:
    """Change the agent's own data."""
    changes = {name: getattr(body, name) or "" for name in body.model_fields_set}
    if "bank_member_id" in changes:
        changes["bank_name"] = banks.name_of(body.bank_member_id) if body.bank_member_id else ""
    with transaction():
        agents.update_profile(g.agent.id, **changes, by=g.actor, now=clock.now())
    return answer(_myself())


def _myself() -> Agent:
    found = agents.profile(g.agent.id)
    bank = (
        AgentBank(member_id=found.bank_member_id, name=found.bank_name or "")
        if found.bank_member_id
        else None
    )
    return Agent(
        reference=found.reference,
        code=found.code,
        link=f"{config.get().public_url.rstrip('/')}/r/{found.code}",
        kind=found.kind,
        state=found.state,
        name=found.name,
        phone=found.phone,
        email=found.email,
        inn=found.inn,
        bank=bank,
        language=found.language,
        registered_at=found.registered_at,
        activated_at=found.activated_at,
    )
