"""How a tier follows from what an agent did, moment by moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

FREEZE_CODES = ("suspicion", "documents", "complaint", "wrong_customer", "other_reason")
"""Why somebody freezes by hand."""
RELEASE_CODES = ("found_right", "documents_received", "mistake", "other_reason")
"""Why somebody lets go."""

REVERSAL_CODES = ("fraud", "wrong_customer", "wrong_sum", "agreed", "mistaken_reversal", "other_reason")
"""Why somebody takes back, or undoes it."""


FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)


class Tier(NamedTuple):
    """A row of a schedule: from a volume of `threshold` on, `rate_bps` of what is paid."""

    name: str
    threshold: int
    rate_bps: int


class Change(NamedTuple):
    """At a moment the volume grew, or shrank because money went back: connections, or minor units of revenue."""

    at: dt.datetime
    amount: int


class Step(NamedTuple):
    """From a moment on, until the next step, this much counts."""

    at: dt.datetime
    volume: int


class Move(NamedTuple):
    """At a moment, so much counted, and the agent went from one tier to another.

    `why`: "reached", "went_back" (money went back to a customer), "window_over" or "grace_over".
    """

    at: dt.datetime
    volume: int
    before: Tier
    after: Tier
    why: str


class Window(NamedTuple):
    """Over which time terms count: `kind` and `days` as in a draft, calendar windows in `zone`."""

    kind: str
    days: int | None
    zone: ZoneInfo
    retroactive: bool = False

    def counts(self, at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        """From when until when (not included) what happened at a moment counts."""
        if self.kind == "rolling":
            return at, at + dt.timedelta(days=self.days or 0)
        if self.kind == "lifetime":
            return (dt.datetime.min.replace(tzinfo=dt.UTC) if self.retroactive else at), FOREVER
        months, local = (1 if self.kind == "month" else 3), at.astimezone(self.zone)
        first = (local.month - 1) // months * months + 1
        begins = dt.datetime(local.year, first, 1, tzinfo=self.zone)
        following = local.year * 12 + first - 1 + months
        ends = dt.datetime(following // 12, following % 12 + 1, 1, tzinfo=self.zone)
        return (begins if self.retroactive else at), ends


def tier_at(volume: int, tiers: Sequence[Tier]) -> Tier:
    """The highest tier that a volume reaches. The lowest begins at nothing."""
    reached = max(0, volume)
    return max((tier for tier in tiers if tier.threshold <= reached), key=lambda tier: tier.threshold)


def steps(
    changes: Iterable[Change], counts: Callable[[dt.datetime], tuple[dt.datetime, dt.datetime]]
) -> list[Step]:
    """The volume over time, the future included if nothing more happens."""
    edges: dict[dt.datetime, int] = {}
    for change in changes:
        since, until = counts(change.at)
        edges[since] = edges.get(since, 0) + change.amount
        edges[until] = edges.get(until, 0) - change.amount
    volume, found = 0, []
    for at, amount in sorted(edges.items()):
        volume += amount
        found.append(Step(at, volume))
    return [step for step in found if step.at != FOREVER]


def graced(taken: Sequence[Step], grace: dt.timedelta) -> list[Step]:
    """The highest volume of any moment in (t - grace, t], over time."""
    if not grace:
        return list(taken)
    ends = [step.at for step in taken[1:]]
    lasting = [(step, end + grace) for step, end in zip(taken, ends, strict=False)]
    lasting += [(step, FOREVER) for step in taken[-1:]]
    edges = sorted({step.at for step in taken} | {end for _, end in lasting if end != FOREVER})
    return [Step(at, max(step.volume for step, end in lasting if step.at <= at < end)) for at in edges]


def moves(
    taken: Sequence[Step], tiers: Sequence[Tier], changes: Iterable[Change], *, has_grace: bool = False
) -> list[Move]:
    """Every change of tier, oldest first."""
    happened = {change.at: change.amount for change in sorted(changes)}
    before, made = tier_at(0, tiers), []
    for step in taken:
        after = tier_at(step.volume, tiers)
        if after != before:
            rose = after.threshold > before.threshold
            over = "grace_over" if has_grace else "window_over"
            why = "reached" if rose else "went_back" if happened.get(step.at, 0) < 0 else over
            made.append(Move(step.at, step.volume, before, after, why))
        before = after
    return made


def volume_at(taken: Sequence[Step], at: dt.datetime) -> int:
    """What counts at a moment."""
    return next((step.volume for step in reversed(taken) if step.at <= at), 0)
