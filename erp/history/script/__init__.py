"""The script: who does what when, from a seed alone. It knows the catalogue's file, but no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from erp.history.deeds import Approve, Deed, Retry
from erp.history.script.agents import Cast
from erp.history.script.arrivals import Arrivals
from erp.history.script.bookings import Bookings
from erp.history.script.catalogue import Place, Pool, catalogue_of
from erp.history.script.customers import Customers
from erp.history.script.office import Office
from erp.history.script.world import Plan, World

__all__ = ["Place", "Plan", "Scene", "catalogue_of", "scenes", "write"]

EVENING = dt.time(19, 0)
"""When a day ends (UTC), unless something happens later."""
AFTERWARDS = dt.timedelta(minutes=10)
"""What a deed may take, with its steps at the bank."""


@dataclass(frozen=True)
class Scene:
    """What happens until a moment, most often a day. Money leaves by itself in a scene of its own."""

    ends: dt.datetime
    deeds: tuple[Deed, ...]


def write(plan: Plan, places: Sequence[Place]) -> list[Deed]:
    """Everything that happens, in order of time."""
    world = World(plan)
    cast, pool, customers = Cast(world), Pool(world.rng, places), Customers(world)
    arrivals = Arrivals(world, cast, pool, customers)
    Bookings(world, cast, pool, arrivals)
    Office(world)
    return world.run()


def scenes(plan: Plan, deeds: Sequence[Deed]) -> Iterator[Scene]:
    """The deeds cut into scenes; days on which nothing happens are scenes too, for time passes."""
    by_day = {day: list(found) for day, found in groupby(deeds, key=lambda deed: deed.at.date())}
    day = plan.start.date()
    while day <= plan.until.date():
        ends = min(dt.datetime.combine(day, EVENING, dt.UTC), plan.until)
        yield from _of_day(by_day.get(day, []), ends)
        day += dt.timedelta(days=1)


def _of_day(deeds: list[Deed], evening: dt.datetime) -> Iterator[Scene]:
    begun: list[Deed] = []
    for deed in deeds:
        if isinstance(deed, (Approve, Retry)):
            yield _scene(begun, deed.at)
            yield Scene(deed.at, (deed,))
            begun = []
        else:
            begun.append(deed)
    yield _scene(begun, evening)


def _scene(deeds: list[Deed], ends: dt.datetime) -> Scene:
    return Scene(max([ends, *(deed.at + AFTERWARDS for deed in deeds)]), tuple(deeds))
