"""Where an agent stands in the tiers, and what the next one takes."""

from __future__ import annotations

from flask import Response, g
from pydantic import Field

from erp.domain import commissions
from erp.kernel import clock
from erp.kernel.permissions import for_agent
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, Named, Shown

api = noun("standing", "Where an agent stands now in each programme's tiers, and why")


class Tier(Shown):
    name: str
    threshold: int = Field(description="From which volume within the window")
    rate_bps: int = Field(description="Basis points of what the customer pays: 500 is 5 %")


class NextTier(Tier):
    missing: int = Field(description="How much volume is still missing")
    worth: int = Field(
        description="How much more it would have made of what was earned in the window, minor units, caps left aside"
    )


class Connection(Shown):
    referral: str = Field(description="Reference of the referral", examples=["REF-7K3M9QXD"])
    establishment: Named
    connected_at: Moment
    counts_until: Moment | None = Field(description="When it falls out of the window; none: never")


class Move(Shown):
    at: Moment
    volume: int = Field(description="What counts from then on")
    before: Tier
    after: Tier
    why: str = Field(description="reached, went_back, window_over or grace_over")


class ProgrammeStanding(Shown):
    programme: Named
    terms_version: int
    currency: str
    measure: str = Field(description="What is counted: connections, or revenue in minor units")
    window_kind: str = Field(description="rolling, month, quarter or lifetime")
    window_days: int | None = Field(description="How far back a rolling window counts")
    grace_days: int = Field(description="How long a tier is kept after it was lost")
    volume: int = Field(description="What counts now")
    tier: Tier
    next_tier: NextTier | None = Field(description="None at the top")
    connections: list[Connection] = Field(description="Those that count now, oldest first")
    moves: list[Move] = Field(
        description="Changes of tier under the terms in force, oldest first; those to come if nothing is added"
    )


class Standing(Shown):
    items: list[ProgrammeStanding]


@api.get("/standing", responses={200: Standing})
@for_agent
def show_standing() -> Response:
    """Show the agent's tier, counted connections and the next tier, per programme."""
    found = commissions.standing(g.agent.id, clock.now())
    return answer(Standing(items=[_in_programme(standing) for standing in found]))


def _in_programme(standing: commissions.Standing) -> ProgrammeStanding:
    following = standing.next_tier
    return ProgrammeStanding(
        programme=Named(reference=standing.programme_reference, name=standing.programme_name),
        terms_version=standing.terms_version,
        currency=standing.currency,
        measure=standing.measure,
        window_kind=standing.window_kind,
        window_days=standing.window_days,
        grace_days=standing.grace_days,
        volume=standing.volume,
        tier=Tier.model_validate(standing.tier),
        next_tier=NextTier(**following._asdict(), missing=standing.missing, worth=standing.next_worth)
        if following
        else None,
        connections=[
            Connection(
                referral=counted.referral_reference,
                establishment=Named(
                    reference=counted.establishment_reference, name=counted.establishment_name
                ),
                connected_at=counted.connected_at,
                counts_until=counted.counts_until,
            )
            for counted in standing.counted
        ],
        moves=[Move.model_validate(move) for move in standing.moves],
    )
