"""What was, or is being, paid to an agent by the bank."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g
from pydantic import Field

from erp.domain import payouts
from erp.kernel.permissions import for_agent
from mobile_api import pages
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, Money, ReferencePath, Shown, example, money

api = noun("payouts", "Payouts: transfers of available commissions to the agent's bank")
EXAMPLE = {
    "reference": "PO-7K3M9QXD",
    "state": "paid",
    "amount": {"amount": 150000, "currency": "RUB"},
    "bank": "Т-Банк",
    "approved_at": "2026-11-22T04:30:00Z",
    "paid_at": "2026-11-22T04:31:00Z",
    "ended_at": "2026-11-22T04:31:00Z",
    "failure_code": None,
}


class Payout(Shown):
    model_config = example(EXAMPLE)

    reference: str
    state: str = Field(description="approved, on its way through the bank, then paid, failed or returned")
    amount: Money
    bank: str | None = Field(description="Name of the bank it goes to")
    approved_at: Moment | None
    paid_at: Moment | None
    ended_at: Moment | None
    failure_code: str | None


class PayoutLine(Shown):
    commission: int = Field(description="`id` of the commission")
    amount: Money = Field(description="How much of it is in this payout")
    establishment: str | None = Field(description="Name of the establishment that paid")
    occurred_at: Moment


class PayoutWithLines(Payout):
    model_config = example(
        {
            **EXAMPLE,
            "lines": [
                {
                    "commission": 17,
                    "amount": {"amount": 150000, "currency": "RUB"},
                    "establishment": "Cafe Aino",
                    "occurred_at": "2026-11-01T09:00:00Z",
                }
            ],
        }
    )

    lines: list[PayoutLine]


class Payouts(Shown):
    items: list[Payout]
    next: str | None


@api.get("/payouts", responses={200: Payouts})
@for_agent
def list_payouts(query: pages.PageQuery) -> Response:
    """List the agent's payouts, newest first."""
    place = pages.place(query)
    found = payouts.of_agent(g.agent.id, before=UUID(str(place)) if place else None, limit=query.limit + 1)
    page, following = pages.cut(found, query)
    return answer(Payouts(items=[Payout(**_shown(payout)) for payout in page], next=following))


@api.get("/payouts/<reference>", responses={200: PayoutWithLines, 404: None})
@for_agent
def show_payout(path: ReferencePath) -> Response:
    """Show one payout and the commissions it pays."""
    payout = payouts.find(path.reference, agent_id=g.agent.id)
    lines = [
        PayoutLine(
            commission=line.commission_id,
            amount=money(line.amount, line.currency),
            establishment=line.establishment_name,
            occurred_at=line.occurred_at,
        )
        for line in payouts.lines_of(payout.reference)
    ]
    return answer(PayoutWithLines(**_shown(payout), lines=lines))


def _shown(payout: Any) -> dict[str, Any]:
    return {
        "reference": payout.reference,
        "state": payout.state,
        "amount": money(payout.amount, payout.currency),
        "bank": payout.bank_name,
        "approved_at": payout.approved_at,
        "paid_at": payout.paid_at,
        "ended_at": payout.ended_at,
        "failure_code": payout.failure_code,
    }
