"""What the owner keeps back from a payout for the state, and what it pays on top, by the kind of the agent.

Whom the bank pays today pay their own taxes: they work under a contract for services as self-employed, entrepreneurs or
organisations. So nothing is kept back from anybody. Whoever adds a kind of agent that the owner is the tax agent of
gives it its rates here, and payouts, the bank's transfers and the books follow.
"""

from __future__ import annotations

from dataclasses import dataclass

from erp.kernel import money

ROUBLE = 100
"""Tax is counted in whole roubles."""


@dataclass(frozen=True)
class Rates:
    """Basis points of what an agent has earned."""

    withheld_bps: int = 0
    contributions_bps: int = 0


@dataclass(frozen=True)
class Taxes:
    """Of one payout, in kopecks: kept back from the agent, and paid on top by the owner."""

    withheld: int
    contributions: int


RATES = {"person": Rates(), "organisation": Rates(), "customer": Rates(), "sales_rep": Rates()}


def taxes_of(kind: str, amount: int, rates: dict[str, Rates] = RATES) -> Taxes:
    """The taxes of `amount` kopecks that an agent of a kind has earned: tax half-up to whole roubles."""
    of_kind = rates[kind]
    return Taxes(
        money.ratio(amount, of_kind.withheld_bps, money.WHOLE * ROUBLE) * ROUBLE,
        money.share(amount, of_kind.contributions_bps),
    )
