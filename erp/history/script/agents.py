"""Who the agents are: a few stars, some regulars, many who try it once in a while, and those who play foul."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from itertools import chain, repeat

from erp.history.deeds import Activate, Close, CorrectName, NameBank, Register, Suspend
from erp.history.script.names import Person, people
from erp.history.script.world import World


@dataclass(frozen=True)
class Persona:
    """How somebody works: bookings and sign-ups by code a week, and how many bookings end in a customer."""

    share: float
    bookings: float
    conversion: float
    codes: float
    weeks_active: float
    """On average; then they lose interest."""
    careless: float = 0.0
    """How likely a booking is left to expire instead of being given back."""


STAR = Persona(0.025, 1.15, 0.42, 0.3, 500, 0.1)
REGULAR = Persona(0.2, 0.3, 0.29, 0.08, 60, 0.4)
CASUAL = Persona(0.44, 0.09, 0.22, 0.03, 30, 0.6)
SLEEPER = Persona(0.26, 0.015, 0.1, 0.003, 20, 0.7)
HOARDER = Persona(0.04, 0.9, 0.05, 0.0, 40, 0.85)
"""Books far more than they ever visit."""
ROGUE = Persona(0.035, 0.35, 0.3, 0.1, 500, 0.5)
"""Types their code into other people's customers, and brings customers who want their money back."""
PERSONAS = (STAR, REGULAR, SLEEPER, HOARDER, ROGUE)

BANKS = (
    ("100000000004", "T-Bank"),
    ("100000000111", "Sberbank"),
    ("100000000008", "Alfa-Bank"),
    ("100000000005", "VTB"),
    ("100000000007", "Raiffeisenbank"),
    ("100000000001", "Gazprombank"),
)
STARTS_WITHIN = dt.timedelta(weeks=6)
MISNAMED = 0.03
"""How likely the bank knows another name for the phone, so that a payout to it fails."""
NAMELESS_PHONE, REFUSING_PHONE = "+79012345678", "+79041234567"
"""The bank gives no name for the one, and sends back what is sent to the other."""
SUSPICIONS = (
    "Two places say they never met this agent",
    "Its code appears in sign-ups of places that others had booked",
    "Three customers in a row asked for their money back within a week",
    "The papers have expired; waiting for new ones",
)


@dataclass(eq=False)
class Agent:
    number: int
    persona: Persona
    person: Person
    joined: dt.datetime
    leaves: dt.datetime
    state: str = "unknown"

    @property
    def is_rogue(self) -> bool:
        return self.persona is ROGUE

    def works(self, at: dt.datetime) -> bool:
        """Whether they look for customers at that moment."""
        return self.joined < at < self.leaves and self.state in ("pending", "active")


class Cast:
    """All agents, and what becomes of them."""

    def __init__(self, world: World):
        self._world = world
        self.agents = self._draw()
        for agent in self.agents:
            world.schedule(agent.joined, lambda at, agent=agent: self._join(agent, at))  # type: ignore[misc]

    def registered(self, at: dt.datetime) -> list[Agent]:
        return [agent for agent in self.agents if agent.joined < at]

    def _draw(self) -> list[Agent]:
        world, number = self._world, self._world.plan.agents
        personas = list(
            chain.from_iterable(
                repeat(persona, max(1, round(persona.share * number))) for persona in PERSONAS
            )
        )
        personas += repeat(CASUAL, number - len(personas))
        drawn = self._with_odd_phones(people(world.rng, number), personas)
        agents = [
            self._agent(at, persona, person)
            for at, (persona, person) in enumerate(zip(personas[:number], drawn, strict=True), start=1)
        ]
        return sorted(agents, key=lambda agent: agent.joined)

    def _with_odd_phones(self, drawn: list[Person], personas: list[Persona]) -> list[Person]:
        """Two regulars have the phones with which the bank behaves oddly."""
        regulars = [at for at, persona in enumerate(personas) if persona is REGULAR]
        odd = {regulars[0]: NAMELESS_PHONE, regulars[-1]: REFUSING_PHONE}
        return [replace(person, phone=odd.get(at, person.phone)) for at, person in enumerate(drawn)]

    def _agent(self, number: int, persona: Persona, person: Person) -> Agent:
        world = self._world
        length = world.today - world.start
        early = min(STARTS_WITHIN, length / 6) if persona in (STAR, ROGUE) else length
        joined = world.at_work(world.start + early * world.rng.random() ** 0.85)
        stays = dt.timedelta(weeks=world.rng.expovariate(1 / persona.weeks_active))
        return Agent(number, persona, person, joined, joined + stays)

    def _join(self, agent: Agent, at: dt.datetime) -> None:
        world, person = self._world, agent.person
        agent.state = "pending"
        bank = world.rng.choice(BANKS)
        hurried = world.chance(0.85) or agent.persona in (STAR, ROGUE)
        misnamed = agent.persona in (REGULAR, CASUAL) and world.chance(MISNAMED)
        world.tell(
            Register(
                at=at,
                agent=agent.number,
                name=person.name,
                phone=person.phone,
                email=person.email,
                bank=bank if hurried else None,
                called=_called(person, misnamed),
            )
        )
        if misnamed:
            corrected = world.later(at, 120, 200)
            world.schedule(
                corrected, lambda at: world.tell(CorrectName(at=at, phone=person.phone, called=person.called))
            )
        if not hurried:
            told = world.later(at, 5, 90)
            world.schedule(told, lambda at: world.tell(NameBank(at=at, agent=agent.number, bank=bank)))
        if agent.persona is not SLEEPER or world.chance(0.7):
            world.schedule(world.office_hours(at, 0.2, 5), lambda at: self._activate(agent, at))

    def _activate(self, agent: Agent, at: dt.datetime) -> None:
        world = self._world
        agent.state = "active"
        world.tell(Activate(at=at, agent=agent.number))
        if agent.is_rogue:
            self._will_be_found_out(agent, at)
        elif agent.persona is REGULAR and world.chance(0.08):
            suspended = world.office_hours(at, 30, 250)
            world.schedule(suspended, lambda at: self._suspend(agent, SUSPICIONS[-1], at))
        elif agent.persona is CASUAL and world.chance(0.05):
            world.schedule(world.office_hours(at, 40, 300), lambda at: self._close(agent, at))

    def _will_be_found_out(self, agent: Agent, at: dt.datetime) -> None:
        """Some long ago; others so lately that what they earned is still frozen today."""
        world = self._world
        reason = world.rng.choice(SUSPICIONS[:-1])
        if agent.number % 2:
            moment = world.office_hours(at, 60, 180)
        else:
            moment = world.at_work(world.today - dt.timedelta(days=world.rng.uniform(4, 30)))
        world.schedule(max(moment, at), lambda at: self._suspend(agent, reason, at))

    def _suspend(self, agent: Agent, reason: str, at: dt.datetime) -> None:
        world = self._world
        if agent.state != "active":
            return
        agent.state = "suspended"
        world.tell(Suspend(at=at, agent=agent.number, reason=reason))
        if not agent.is_rogue:
            world.schedule(world.office_hours(at, 4, 20), lambda at: self._activate_again(agent, at))
        elif world.days_left(at) > 60:
            world.schedule(world.office_hours(at, 14, 40), lambda at: self._end_suspension(agent, at))

    def _end_suspension(self, agent: Agent, at: dt.datetime) -> None:
        self._activate_again(agent, at) if self._world.chance(0.5) else self._close(agent, at)

    def _activate_again(self, agent: Agent, at: dt.datetime) -> None:
        agent.state = "active"
        self._world.tell(Activate(at=at, agent=agent.number))

    def _close(self, agent: Agent, at: dt.datetime) -> None:
        if agent.state != "closed":
            agent.state = "closed"
            self._world.tell(Close(at=at, agent=agent.number))


def _called(person: Person, misnamed: bool) -> str | None:
    if person.phone == NAMELESS_PHONE:
        return None
    return "Тест Тестович Т." if misnamed else person.called
