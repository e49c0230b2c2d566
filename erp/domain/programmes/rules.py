"""What makes a tier schedule sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from erp.kernel.errors import Invalid
from erp.kernel.sentences import Rate, Sentence


@dataclass(frozen=True)
class TierRow:
    """From `threshold` connections within the window, `rate_bps` basis points of what the customer pays."""

    name: str
    threshold: int
    rate_bps: int


class Evidence(StrEnum):
    """Which payments earn a commission."""

    BANK_CHECKED = "bank_checked"
    """Those that the bank has confirmed."""
    ATTESTED = "attested"
    """Those that the owner's system reports, too."""


class OnAgentClosed(StrEnum):
    """What becomes of what is frozen because its agent's account is closed."""

    RELEASE = "release"
    """It stays frozen until it is settled with the agent, then it is let go and paid."""
    FORFEIT = "forfeit"
    """It goes back to the owner."""


@dataclass(frozen=True)
class Limits:
    """Days and amounts of a terms version; amounts in minor units of the programme's currency."""

    window_days: int = 90
    hold_days: int = 14
    click_window_days: int = 30
    minimum_payout: int = 10_000
    monthly_cap: int | None = None
    evidence: str = Evidence.BANK_CHECKED
    on_agent_closed: str = OnAgentClosed.RELEASE


DAYS = {"window_days": (1, 3650), "hold_days": (0, 365), "click_window_days": (0, 365)}
"""The least and the most days that terms may say."""


def check(tiers: Sequence[TierRow], limits: Limits) -> None:
    """Raise `Invalid` with a sentence for every tier and every limit that cannot be."""
    if not tiers:
        raise Invalid(
            Sentence("Terms need at least one tier, beginning at 0 connections."),
            fields={"tiers": Sentence("At least one is needed.")},
        )
    wrong_tiers, wrong_limits = _wrong_tiers(tiers), _wrong_limits(limits)
    if wrong_tiers or wrong_limits:
        said = Sentence("The tiers do not fit together.") if wrong_tiers else None
        raise Invalid(said, fields=wrong_tiers | wrong_limits)


def _wrong_tiers(tiers: Sequence[TierRow]) -> dict[str, Sentence]:
    """Tiers that leave a gap, overlap, or pay less than the one below."""
    fields: dict[str, Sentence] = {}
    if tiers[0].threshold != 0:
        fields["tiers-0-threshold"] = Sentence(
            "The first tier begins at 0 connections, so that nobody is without a tier."
        )
    for index, tier in enumerate(tiers):
        if not 0 <= tier.rate_bps <= 10_000:
            fields[f"tiers-{index}-rate_bps"] = Sentence(
                "A rate lies between %(least)s and %(most)s.", least=Rate(0), most=Rate(10_000)
            )
        if not tier.name.strip():
            fields[f"tiers-{index}-name"] = Sentence("Name the tier.")
        if index and tier.threshold <= tiers[index - 1].threshold:
            fields[f"tiers-{index}-threshold"] = Sentence(
                "Each tier begins at more connections than the one before."
            )
        if index and tier.rate_bps < tiers[index - 1].rate_bps:
            fields[f"tiers-{index}-rate_bps"] = Sentence(
                "A higher tier does not pay less than the one below it."
            )
    return fields


def _wrong_limits(limits: Limits) -> dict[str, Sentence]:
    fields = {
        name: Sentence("Between %(least)s and %(most)s days.", least=least, most=most)
        for name, (least, most) in DAYS.items()
        if not least <= getattr(limits, name) <= most
    }
    if limits.minimum_payout < 0:
        fields["minimum_payout"] = Sentence("A payout cannot be less than nothing.")
    if limits.monthly_cap is not None and limits.monthly_cap <= 0:
        fields["monthly_cap"] = Sentence("A cap is more than nothing. Leave it empty for no cap.")
    if limits.evidence not in list(Evidence):
        fields["evidence"] = Sentence("Say which payments count.")
    if limits.on_agent_closed not in list(OnAgentClosed):
        fields["on_agent_closed"] = Sentence("Say what becomes of it.")
    return fields
