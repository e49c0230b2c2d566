"""The world that the script is written in: chance, time, an agenda of what comes next, and the deeds told so far."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random

from erp.history.deeds import Deed

Happening = Callable[[dt.datetime], None]

OPENS, CLOSES = dt.time(6, 0), dt.time(17, 30)
"""Between these hours (UTC) people work: 9 to 20:30 in Helsinki and Moscow."""
UNFINISHED = dt.timedelta(minutes=15)
"""How long before the end nothing new begins, so that what began has its bank steps behind it."""
SEASON = (0.75, 0.8, 0.95, 1.1, 1.25, 1.35, 1.1, 1.0, 1.0, 0.95, 1.05, 1.4)
"""How lively each month of the year is: terraces in early summer, parties in December."""


@dataclass(frozen=True)
class Plan:
    """What a history is made from. Equal plans over equal catalogues make equal scripts; of two that end on one day,
    the shorter is the beginning of the longer."""

    seed: int
    until: dt.datetime
    weeks: int = 52
    agents: int = 200

    @property
    def today(self) -> dt.datetime:
        """The midnight (UTC) of the last day. Chance does not depend on its hour."""
        return dt.datetime.combine(self.until.date(), dt.time(), dt.UTC)

    @property
    def start(self) -> dt.datetime:
        """The midnight of the first day."""
        return self.today - dt.timedelta(weeks=self.weeks)


class World:
    """Happenings are performed in the order of their moments; each may put others on the agenda."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.rng = Random(plan.seed)
        self.start, self.today, self.until = plan.start, plan.today, plan.until - UNFINISHED
        self.deeds: list[Deed] = []
        self._agenda: list[tuple[dt.datetime, int, Happening]] = []
        self._order = count()

    def schedule(self, at: dt.datetime, happening: Happening) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), happening))

    def tell(self, deed: Deed) -> None:
        if self.start <= deed.at <= self.until:
            self.deeds.append(deed)

    def run(self) -> list[Deed]:
        """Everything until the end, in order of time."""
        while self._agenda and self._agenda[0][0] <= self.until:
            at, _, happening = heapq.heappop(self._agenda)
            happening(at)
        return sorted(self.deeds, key=lambda deed: deed.at)

    def chance(self, likelihood: float) -> bool:
        return self.rng.random() < likelihood

    def later(self, at: dt.datetime, least: float, most: float) -> dt.datetime:
        """Some moment of a working hour, between `least` and `most` days after `at` but never before it."""
        day = at + dt.timedelta(days=self.rng.uniform(least, most))
        moment = self.at_work(day)
        return moment if moment > at else at + dt.timedelta(minutes=self.rng.randint(5, 40))

    def at_work(self, day: dt.datetime) -> dt.datetime:
        """A moment of that day's working hours."""
        opens = dt.datetime.combine(day.date(), OPENS, dt.UTC)
        length = dt.datetime.combine(day.date(), CLOSES, dt.UTC) - opens
        return (opens + length * self.rng.random()).replace(microsecond=0)

    def between(self, at: dt.datetime, end: dt.datetime) -> dt.datetime:
        """Some moment in the first half of that time, of a working hour if there is one."""
        moment = self.at_work(at + (end - at) * self.rng.uniform(0.2, 0.45))
        return moment if at < moment < end else (at + (end - at) / 3).replace(microsecond=0)

    def office_hours(self, at: dt.datetime, least: float, most: float) -> dt.datetime:
        """The same, but staff do not work at weekends."""
        moment = self.later(at, least, most)
        return moment + dt.timedelta(days=max(0, 7 - moment.weekday())) if moment.weekday() > 4 else moment

    def wait(self, at: dt.datetime, per_week: float) -> dt.datetime:
        """When the next of something comes that comes so often, in this season."""
        days = self.rng.expovariate(per_week * SEASON[at.month - 1] / 7)
        return self.later(at, days, days)

    def days_left(self, at: dt.datetime) -> float:
        return (self.today - at) / dt.timedelta(days=1)
