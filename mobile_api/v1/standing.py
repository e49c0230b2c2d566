"""Where an agent stands in the tiers, and what the next one takes."""

from __future__ import annotations

from typing import Any

from flask import Response, g
from pydantic import Field

from erp.domain import commissions
from erp.kernel import clock
from erp.kernel.permissions import for_agent
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Named, Shown, named

api = noun("standing", "Where an agent stands now in each programme's tiers, and why")


class Tier(Shown):
    name: str
    threshold: int = Field(description="From how many connections within the window")
    rate_bps: int = Field(description="Basis points of what the customer pays: 500 is 5 %")


class NextTier(Tier):
    missing: int = Field(description="Connections that are still missing")


class ProgrammeStanding(Shown):
    programme: Named
    terms_version: int
    currency: str
    window_days: int = Field(description="How far back connections count")
    volume: int = Field(description="Connections counted now")
    tier: Tier
    next_tier: NextTier | None = Field(description="None at the top")


class Standing(Shown):
    items: list[ProgrammeStanding]


@api.get("/standing", responses={200: Standing})
@for_agent
def show_standing() -> Response:
    """Show the agent's tier, counted connections and the next tier, per programme."""
    found = commissions.standing(g.agent.id, clock.now())
    return answer(Standing(items=[_in_programme(row) for row in found]))


def _in_programme(row: Any) -> ProgrammeStanding:
    following = None
    if row.next_name is not None:
        following = NextTier(
            name=row.next_name,
            threshold=row.next_threshold,
            rate_bps=row.next_rate_bps,
            missing=row.missing,
        )
    return ProgrammeStanding(
        programme=named(row.programme_reference, row.programme_name),
        terms_version=row.terms_version,
        currency=row.currency,
        window_days=row.window_days,
        volume=row.volume,
        tier=Tier(name=row.tier_name, threshold=row.threshold, rate_bps=row.rate_bps),
        next_tier=following,
    )
