"""Disputes that an agent raises: something earned nothing, an amount is wrong, or something was refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Response, g
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from erp.domain import disputes
from erp.kernel import clock
from erp.kernel.permissions import for_agent
from erp.language import say
from mobile_api import pages
from mobile_api.answers import answer
from mobile_api.idempotency import idempotent
from mobile_api.nouns import noun
from mobile_api.schemas import (
    Amount,
    Moment,
    Money,
    Named,
    Reference,
    ReferencePath,
    Shown,
    example,
    money,
    named,
    printable_lines,
)
from mobile_api.v1.commissions import LARGEST_ID

api = noun("disputes", "Disputes: an agent's objection, decided by a person or at its deadline")
Message = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=disputes.LONGEST),
    AfterValidator(printable_lines),
]
DISPUTE = {
    "reference": "DSP-7K3M9QXD",
    "kind": "wrong",
    "state": "open",
    "commission": 17,
    "referral": None,
    "payout": None,
    "establishment": None,
    "expected": {"amount": 150000, "currency": "RUB"},
    "opened_at": "2026-11-22T04:30:00Z",
    "decided_by": "finance",
    "due_at": "2026-12-02T04:30:00Z",
    "otherwise": "stay",
    "decided_at": None,
    "reason": None,
    "reason_text": None,
}


class NewDispute(BaseModel):
    model_config = example(
        {"kind": "wrong", "message": "15 % was promised", "commission": 17, "expected": 150000}
    )

    kind: Literal["missing", "wrong", "refused"] = Field(
        description="`missing`: a payment or customer earned nothing; `wrong`: the amount of a commission; `refused`:"
        " a sign-up or a payout was refused"
    )
    message: Message = Field(description="What is wrong, in the agent's own words")
    commission: int | None = Field(
        None, ge=1, le=LARGEST_ID, description="`id`; needed when an amount is wrong"
    )
    referral: Reference | None = Field(None, description="Reference of one of the agent's referrals")
    payout: Reference | None = Field(None, description="Reference of one of the agent's payouts")
    establishment: Reference | None = Field(None, description="Reference of the place it is about")
    expected: Amount | None = Field(None, description="What the commission should be, in its minor units")


class NewMessage(BaseModel):
    model_config = example({"message": "It was on Monday"})

    message: Message


class DisputeQuery(pages.PageQuery):
    state: Literal["", "open", "decided", "upheld", "partly", "rejected"] = Field(
        "", description="Only those that are open, were decided, or were decided like this"
    )


class Dispute(Shown):
    model_config = example(DISPUTE)

    reference: str
    kind: str = Field(description="missing, wrong or refused")
    state: str = Field(description="open, upheld, partly or rejected")
    commission: int | None = Field(description="`id` of the commission it is about")
    referral: str | None
    payout: str | None
    establishment: Named | None
    expected: Money | None = Field(description="What the agent says the commission should be")
    opened_at: Moment
    decided_by: str = Field(description="Which role of the owner's staff decides")
    due_at: Moment = Field(description="Until when somebody decides")
    otherwise: str = Field(description="What happens then if nobody has: stay (open), uphold or reject")
    decided_at: Moment | None
    reason: str | None = Field(description="The coded reason of the decision")
    reason_text: str | None = Field(description="The same in words")


class DisputeMessage(Shown):
    author: str = Field(description="agent, or staff; system when a deadline decided")
    kind: str = Field(description="message, or decision: the note that came with it")
    text: str
    written_at: Moment


class DisputeWithMessages(Dispute):
    model_config = example(
        {
            **DISPUTE,
            "messages": [
                {
                    "author": "agent",
                    "kind": "message",
                    "text": "15 % was promised",
                    "written_at": "2026-11-22T04:30:00Z",
                }
            ],
        }
    )

    messages: list[DisputeMessage] = Field(description="What both sides wrote, oldest first")


class Disputes(Shown):
    items: list[Dispute]
    next: str | None


@api.post("/disputes", responses={201: DisputeWithMessages, 409: None})
@for_agent
@idempotent
def open_dispute(body: NewDispute) -> Response:
    """Raise a dispute.

    It freezes nothing by itself. 409 `already_disputed` when one is open about the same commission or payout.
    """
    about = disputes.About(
        commission=body.commission,
        referral=body.referral,
        payout=body.payout,
        establishment=body.establishment,
    )
    made = disputes.open_dispute(
        g.agent.id, body.kind, body.message, about, expected=body.expected, by=g.actor, now=clock.now()
    )
    return answer(_whole(made), 201)


@api.get("/disputes", responses={200: Disputes})
@for_agent
def list_disputes(query: DisputeQuery) -> Response:
    """List the agent's disputes, newest first."""
    found = disputes.search(agent_id=g.agent.id, state=query.state, sort="newest")
    page = found.page(pages.page_number(query), query.limit)
    shown = [Dispute(**_shown(dispute)) for dispute in page.rows]
    return answer(Disputes(items=shown, next=pages.after(page)))


@api.get("/disputes/<reference>", responses={200: DisputeWithMessages, 404: None})
@for_agent
def show_dispute(path: ReferencePath) -> Response:
    """Show one of the agent's disputes with the words of both sides."""
    return answer(_whole(path.reference))


@api.post("/disputes/<reference>/messages", responses={201: DisputeWithMessages, 404: None, 409: None})
@for_agent
@idempotent
def write_to_dispute(path: ReferencePath, body: NewMessage) -> Response:
    """Add a message to an open dispute; 409 `dispute_decided` when it was decided."""
    found = disputes.find(path.reference, agent_id=g.agent.id)
    disputes.write(found.id, body.message, by=g.actor, now=clock.now())
    return answer(_whole(path.reference), 201)


def _whole(reference: str) -> DisputeWithMessages:
    found = disputes.find(reference, agent_id=g.agent.id)
    words = [
        DisputeMessage(
            author=one.written_by.partition(":")[0],
            kind=one.kind,
            text=one.text or "",
            written_at=one.written_at,
        )
        for one in disputes.messages(found.id)
    ]
    return DisputeWithMessages(**_shown(found), messages=words)


def _shown(dispute: Any) -> dict[str, Any]:
    return {
        "reference": dispute.reference,
        "kind": dispute.kind,
        "state": dispute.state,
        "commission": dispute.commission_id,
        "referral": dispute.referral_reference,
        "payout": dispute.payout_reference,
        "establishment": named(dispute.establishment_reference, dispute.establishment_name),
        "expected": money(dispute.expected, dispute.currency) if dispute.expected else None,
        "opened_at": dispute.opened_at,
        "decided_by": dispute.role,
        "due_at": dispute.due_at,
        "otherwise": dispute.outcome,
        "decided_at": dispute.decided_at,
        "reason": dispute.code,
        "reason_text": say(disputes.CODES[dispute.code]) if dispute.code else None,
    }
