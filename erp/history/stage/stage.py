"""The stage: the clock, transactions, news, and what has become of everybody so far."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from erp.config import Settings
from erp.domain import payouts
from erp.history.stage.bank import PastBank
from erp.kernel import clock, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import Row
from erp.kernel.errors import DomainError
from erp.kernel.transaction import transaction

BY = Actor.system("ref demo")
MOST_PAYOUTS = 1000
A_LITTLE = dt.timedelta(milliseconds=20)


@dataclass(frozen=True)
class Crew:
    """Who acts for the owner."""

    manager: Actor
    support: Actor
    finance: tuple[Actor, Actor]
    product: Actor

    def prepares(self, run: int) -> Actor:
        """The two of finance take turns; whoever does not prepare a run approves it."""
        return self.finance[run // 10 % 2]

    def approves(self, run: int) -> Actor:
        return self.finance[1 - run // 10 % 2]


@dataclass
class Known:
    """What the script's numbers have become in the books."""

    agents: dict[int, UUID] = field(default_factory=dict)
    phones: dict[int, str] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    bookings: dict[int, UUID] = field(default_factory=dict)
    holders: dict[int, Actor] = field(default_factory=dict)
    """The agents of the bookings."""
    clicks: dict[int, str] = field(default_factory=dict)
    cases: dict[int, UUID] = field(default_factory=dict)
    """By customer."""
    programmes: dict[str, UUID] = field(default_factory=dict)
    orders: dict[int, str] = field(default_factory=dict)
    runs: dict[int, str] = field(default_factory=dict)
    rerates: dict[int, str] = field(default_factory=dict)
    disputes: dict[int, str] = field(default_factory=dict)
    reversals: dict[int, str] = field(default_factory=dict)
    """Reversals by hand, by the order whose payment had earned it."""


class Ticker:
    """A clock that is set, and goes on a little whenever somebody looks, so that what follows is later."""

    def __init__(self, at: dt.datetime):
        self.at = at

    def __call__(self) -> dt.datetime:
        self.at += A_LITTLE
        return self.at


class Stage:
    """Everything a deed needs. `moment` is the script's time, which the mock clock has reached but not passed."""

    def __init__(self, settings: Settings, crew: Crew, programmes: dict[str, UUID]):
        self.crew = crew
        self.bank = PastBank(settings)
        self.known = Known(programmes=dict(programmes))
        self.news: list[outbox.News] = []
        self.heard: dict[str, dt.datetime] = {}
        """When something was to be heard of a payment, by its id; then it is asked about."""
        self.moment = dt.datetime.min.replace(tzinfo=dt.UTC)
        self.refused: Counter[str] = Counter()
        """Deeds that the domain refused, by code."""

    @contextmanager
    def lit(self) -> Iterator[None]:
        """While the stage is lit, news gathers here instead of going to workers."""
        with outbox.kept() as self.news:
            yield

    @contextmanager
    def refusable(self) -> Iterator[None]:
        """One deed among others of a transaction. The domain refuses before it writes, so that nothing is left of it."""
        try:
            yield
        except DomainError as refusal:
            self.refused[refusal.code] += 1

    def pass_time(self, to: dt.datetime) -> None:
        """Let the mock clock reach a moment of the script."""
        self.moment = max(self.moment, to)
        if to > clock.now():
            with transaction():
                clock.move(to, by=BY)

    def take_news(self, job: str) -> list[outbox.News]:
        """The news for one job, oldest first; say `outbox.done` in the transaction of the work."""
        mine = [one for one in self.news if one.job == job]
        self.news[:] = [one for one in self.news if one.job != job]
        return mine

    def ranked(self, run: int) -> list[Row]:
        """The payouts of a run, the largest first; equal ones by their agents' numbers."""
        if run not in self.known.runs:
            return []
        numbers = {agent_id: number for number, agent_id in self.known.agents.items()}
        found = payouts.search(run=self.known.runs[run]).first(MOST_PAYOUTS)
        return sorted(found, key=lambda payout: (-payout.amount, numbers.get(payout.agent_id, 0)))

    def next_job(self) -> str | None:
        """The job that has waited longest."""
        return self.news[0].job if self.news else None


def subjects(news: Sequence[outbox.News]) -> list[str]:
    """What the news is about, each once, in the order it came."""
    return list(dict.fromkeys(one.subject for one in news))
