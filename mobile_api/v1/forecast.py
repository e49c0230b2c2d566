"""What an agent can expect and when: holds that end, what waits for whom, and the next payout."""

from __future__ import annotations

import datetime as dt

from flask import Response, g
from flask_babel import get_timezone
from pydantic import Field

from erp.domain import payouts
from erp.kernel import clock
from erp.kernel.permissions import for_agent
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, Shown, example

api = noun("forecast", "What becomes available on which day, as far as it is earned already")


class Release(Shown):
    """Holds that end on one day."""

    day: dt.date
    commissions: int = Field(description="How many; GET /commissions?state=on_hold&by=release lists them")
    net: int
    repays: int = Field(description="How much of it goes into the debt")
    available: int = Field(description="What there is then")


class Condition(Shown):
    """What waits for the first payment of a customer."""

    day: dt.date = Field(description="The last day; without a payment by then it is taken back")
    commissions: int = Field(description="How many; GET /commissions?state=on_hold&by=deadline lists them")
    net: int


class Decision(Shown):
    """What is frozen until a person decides."""

    day: dt.date = Field(description="Until when somebody decides")
    rule: str = Field(description="attribution_case, agent_suspended, agent_closed or by_hand")
    roles: list[str] = Field(description="Which role of the owner's staff decides")
    outcomes: list[str] = Field(
        description="What happens then if nobody has: release, take_back or stay; several if the owner changed it"
    )
    since: Moment = Field(description="When the first of them was frozen")
    commissions: int = Field(description="How many; GET /commissions?state=frozen&by=decision lists them")
    net: int


class NextPayout(Shown):
    minimum: int = Field(description="From how much on there is a payout")
    day: dt.date | None = Field(
        description="The first day on which that much is available; none while what is on hold does not reach it"
    )
    obstacle: str | None = Field(
        description="What must be put right before: not_active, not_paid_by_bank, no_name or no_bank"
    )
    under_way: bool = Field(description="Whether another payout has to end first")


class CurrencyForecast(Shown):
    """Amounts in minor units of one currency."""

    model_config = example(
        {
            "currency": "RUB",
            "in_credit": False,
            "available": -20000,
            "debt": 20000,
            "releases": [
                {"day": "2026-12-06", "commissions": 2, "net": 150000, "repays": 20000, "available": 130000}
            ],
            "conditions": [{"day": "2026-12-20", "commissions": 1, "net": 50000}],
            "decisions": [],
            "next_payout": {"minimum": 10000, "day": "2026-12-06", "obstacle": None, "under_way": False},
        }
    )

    currency: str
    in_credit: bool = Field(description="Whether this is credit with the owner, which is never paid out")
    available: int = Field(description="What there is now; below zero it is a debt")
    debt: int = Field(description="What releases repay first")
    releases: list[Release] = Field(
        description="By day, the next first; what is due today may come any minute"
    )
    conditions: list[Condition]
    decisions: list[Decision]
    next_payout: NextPayout | None = Field(description="None for credit")


class Forecast(Shown):
    zone: str = Field(description="Whose days these are", examples=["Europe/Moscow"])
    items: list[CurrencyForecast] = Field(
        description="One per currency, credit apart; none before the first commission"
    )


@api.get("/forecast", responses={200: Forecast})
@for_agent
def show_forecast() -> Response:
    """Show what becomes available on which day, what waits for whom, and when there can be a payout."""
    zone = str(get_timezone())
    found = payouts.forecast(g.agent.id, zone, clock.now())
    return answer(Forecast(zone=zone, items=[_in(known) for known in found]))


def _in(known: payouts.Forecast) -> CurrencyForecast:
    following = known.prospect
    return CurrencyForecast(
        currency=known.currency,
        in_credit=known.in_credit,
        available=known.available,
        debt=known.debt,
        releases=[Release.model_validate(row) for row in known.releases],
        conditions=[Condition.model_validate(row) for row in known.conditions],
        decisions=[Decision.model_validate(row) for row in known.decisions],
        next_payout=following
        and NextPayout(
            minimum=following.minimum,
            day=following.day,
            obstacle=following.obstacle,
            under_way=following.under_way is not None,
        ),
    )
