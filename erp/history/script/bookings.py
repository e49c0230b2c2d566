"""Places of the catalogue: booked, worked through stages, given back or forgotten, lost, or won."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import count

from erp.history.deeds import Book, Extend, Move, Release
from erp.history.script.agents import Agent, Cast
from erp.history.script.arrivals import Arrivals
from erp.history.script.catalogue import Place, Pool
from erp.history.script.world import World

TERM = dt.timedelta(days=14)
"""How long a booking lasts, as the domain has it; here only to know when somebody else may try."""
STEPS = (("contacted", 0.85), ("meeting", 0.65), ("agreed", 0.7))
"""How likely an agent whose booking comes to nothing gets so far, each from the one before."""
BY_SUPPORT = 0.06
EXTENDED = 0.1
NOTES = (
    "The owner of the place is on holiday until next week",
    "They want to see the contract with their accountant first",
    "The meeting was put off twice by them, not by the agent",
)


@dataclass(eq=False)
class Booking:
    number: int
    agent: Agent
    place: Place
    ends: dt.datetime


class Bookings:
    """Who looks for places, and what comes of each that they book."""

    def __init__(self, world: World, cast: Cast, pool: Pool, arrivals: Arrivals):
        self._world, self._pool, self._arrivals = world, pool, arrivals
        self._numbers = count(1)
        for agent in cast.agents:
            self._next_booking(agent, agent.joined)

    def _next_booking(self, agent: Agent, at: dt.datetime) -> None:
        world = self._world
        world.schedule(world.wait(at, agent.persona.bookings), lambda at: self._look_around(agent, at))

    def _look_around(self, agent: Agent, at: dt.datetime) -> None:
        if at < agent.leaves and agent.state != "closed":
            self._next_booking(agent, at)
        if agent.works(at) and (place := self._pool.take()):
            self._book(agent, place, at)

    def _book(self, agent: Agent, place: Place, at: dt.datetime) -> None:
        world = self._world
        booking = Booking(next(self._numbers), agent, place, at + TERM)
        by_support = world.chance(BY_SUPPORT)
        world.tell(
            Book(at=at, booking=booking.number, agent=agent.number, place=place.key, by_support=by_support)
        )
        persona = agent.persona
        if world.chance(persona.conversion):
            self._win(booking, at)
        elif world.chance(persona.careless):
            self._forget(booking, at)
        elif world.chance(0.5):
            self._lose(booking, at)
        else:
            self._give_back(booking, at)

    def _win(self, booking: Booking, at: dt.datetime) -> None:
        world, agent = self._world, booking.agent
        won = world.later(at, 4, 13)
        self._advance(booking, at, won, certain=True)
        if world.chance(EXTENDED):
            self._extend(booking, at)
            won = world.later(booking.ends - TERM, 1, 12)
        world.schedule(won, lambda at: self._arrivals.of_booked(booking.place, agent, at))

    def _forget(self, booking: Booking, at: dt.datetime) -> None:
        """Nothing more is heard of it, and it expires."""
        world = self._world
        self._advance(booking, at, world.later(at, 3, 10))
        if world.chance(EXTENDED):
            self._extend(booking, at)
        self._free_again(booking, booking.ends + dt.timedelta(days=1))

    def _lose(self, booking: Booking, at: dt.datetime) -> None:
        world = self._world
        lost = world.later(at, 2, 12)
        self._advance(booking, at, lost)
        world.schedule(lost, lambda at: world.tell(Move(at=at, booking=booking.number, stage="lost")))
        self._free_again(booking, lost + dt.timedelta(days=30))

    def _give_back(self, booking: Booking, at: dt.datetime) -> None:
        world = self._world
        released = world.later(at, 1, 12)
        self._advance(booking, at, released)
        world.schedule(released, lambda at: world.tell(Release(at=at, booking=booking.number)))
        self._free_again(booking, released + dt.timedelta(days=1))

    def _advance(self, booking: Booking, at: dt.datetime, end: dt.datetime, *, certain: bool = False) -> None:
        """Through the stages, as far as it goes, in the time there is."""
        world = self._world
        for stage, likelihood in STEPS:
            if not (certain or world.chance(likelihood)):
                return
            at = world.between(at, end)
            world.tell(Move(at=at, booking=booking.number, stage=stage))

    def _extend(self, booking: Booking, at: dt.datetime) -> None:
        world = self._world
        extended = world.later(at, 9, 12.5)
        world.tell(Extend(at=extended, booking=booking.number, note=world.rng.choice(NOTES)))
        booking.ends += TERM

    def _free_again(self, booking: Booking, at: dt.datetime) -> None:
        self._world.schedule(at, lambda _: self._pool.give_back(booking.place))
