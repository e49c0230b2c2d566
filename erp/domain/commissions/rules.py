"""How a tier follows from the moments at which an agent connected places."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

FREEZE_CODES = ("suspicion", "documents", "complaint", "wrong_customer", "other_reason")
"""Why somebody freezes by hand."""
RELEASE_CODES = ("found_right", "documents_received", "mistake", "other_reason")
"""Why somebody lets go."""


class Tier(NamedTuple):
    """A row of a schedule: from `threshold` connections within the window, `rate_bps` of what is paid."""

    name: str
    threshold: int
    rate_bps: int


class Move(NamedTuple):
    """At a moment, so many connections counted, and the agent went from one tier to another."""

    at: dt.datetime
    volume: int
    before: Tier
    after: Tier


def tier_at(volume: int, tiers: Sequence[Tier]) -> Tier:
    """The highest tier that a volume reaches. The lowest begins at nothing."""
    return max((tier for tier in tiers if tier.threshold <= volume), key=lambda tier: tier.threshold)


def moves(connected: Iterable[dt.datetime], window: dt.timedelta, tiers: Sequence[Tier]) -> list[Move]:
    """Every change of tier, oldest first, those to come as well if nothing more is connected.

    A connection counts from its moment until the window has passed, that end not included.
    """
    changes: Counter[dt.datetime] = Counter()
    for at in connected:
        changes[at] += 1
        changes[at + window] -= 1
    volume, before, made = 0, tier_at(0, tiers), []
    for at, change in sorted(changes.items()):
        volume += change
        after = tier_at(volume, tiers)
        if after != before:
            made.append(Move(at, volume, before, after))
        before = after
    return made
