"""What an agent has earned and where it stands on its way to the bank."""

from __future__ import annotations

from flask import Response, g
from pydantic import Field

from erp.domain import ledger
from erp.kernel.permissions import for_agent
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Shown, example

api = noun("balance", "What an agent has earned, by how near it is to being paid")


class CurrencyBalance(Shown):
    """Amounts in minor units of one currency."""

    model_config = example(
        {
            "currency": "RUB",
            "pending": 150000,
            "available": -20000,
            "frozen": 0,
            "in_payout": 0,
            "in_debt": True,
        }
    )

    currency: str
    pending: int = Field(description="Earned, and still within its hold")
    available: int = Field(description="Free to be paid out; below zero it is a debt after a refund")
    frozen: int = Field(description="Held until a person resolves the reason")
    in_payout: int = Field(description="On its way through the bank")
    in_debt: bool = Field(
        description="Later commissions repay the debt first; until then nothing is paid out"
    )


class Balance(Shown):
    items: list[CurrencyBalance] = Field(description="One per currency; none before the first commission")


@api.get("/balance", responses={200: Balance})
@for_agent
def show_balance() -> Response:
    """Show the balance of the signed-in agent, per currency."""
    return answer(Balance(items=[_in(currency) for currency in ledger.currencies(g.agent.id)]))


def _in(currency: str) -> CurrencyBalance:
    amounts = ledger.balances([g.agent.id], currency)[g.agent.id]
    return CurrencyBalance(
        currency=currency,
        pending=amounts["pending"],
        available=amounts["available"],
        frozen=amounts["frozen"],
        in_payout=amounts["in_payout"],
        in_debt=amounts["available"] < 0,
    )
