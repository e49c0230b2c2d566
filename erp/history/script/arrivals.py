"""How customers come: from a booking, by somebody's code or link, or by themselves; and who disputes it."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from erp.history.deeds import Click, Decide, SignUp
from erp.history.script.agents import Agent, Cast
from erp.history.script.catalogue import Place, Pool
from erp.history.script.customers import Customers
from erp.history.script.names import company
from erp.history.script.world import World

TYPES_CODE = 0.55
"""How often a place that was booked types its agent's code as well."""
DISPUTED, DISPUTED_LATELY = 0.11, 0.5
"""How often it types somebody else's; lately more often, until enough cases wait for a decision."""
LATELY, ENOUGH = 8, 4
"""Days before the end, and cases."""
UNPROMPTED = 1.4
"""Customers a week whom nobody brought."""
BY_LINK, AT_A_PLACE, A_CONSUMER, WANTS_CRM = 0.35, 0.3, 0.2, 0.4
CRM_AFTER = dt.timedelta(weeks=10)
UPHELD = 0.6
DECISIONS = {
    "uphold": (
        "The holder visited twice before the code was typed",
        "The place confirmed on the phone who had been there",
        "The code came from a poster; nobody had talked to them",
    ),
    "transfer": (
        "The place knows only the agent whose code it typed",
        "The booking was never worked: no visit, no call",
        "The holder agreed in writing",
    ),
}


class Arrivals:
    """Every sign-up, and the cases that some open."""

    def __init__(self, world: World, cast: Cast, pool: Pool, customers: Customers):
        self._world, self._cast, self._pool, self._customers = world, cast, pool, customers
        self._clicks = count(1)
        self._open_lately = 0
        for agent in cast.agents:
            self._next_by_code(agent, agent.joined)
        self._next_unprompted(world.start)

    def of_booked(self, place: Place, agent: Agent, at: dt.datetime) -> None:
        """A place that an agent worked on signs up."""
        world = self._world
        rival = self._rival(agent, at)
        typed = rival or (agent if world.chance(TYPES_CODE) else None)
        customer = self._sign_up(at, "establishment", place.name, agent, place=place, typed=typed)
        if rival is not None:
            self._dispute(customer, at)

    def _rival(self, holder: Agent, at: dt.datetime) -> Agent | None:
        """Somebody whose code was typed instead; rather one who makes a habit of it."""
        world = self._world
        lately = world.days_left(at) < LATELY and self._open_lately < ENOUGH
        others = [
            agent for agent in self._cast.registered(at) if agent is not holder and agent.state == "active"
        ]
        if not others or not world.chance(DISPUTED_LATELY if lately else DISPUTED):
            return None
        rogues = [agent for agent in others if agent.is_rogue]
        return world.rng.choice(rogues if rogues and world.chance(0.6) else others)

    def _dispute(self, customer: int, at: dt.datetime) -> None:
        world = self._world
        waits = world.days_left(at) < LATELY
        self._open_lately += waits
        decision = "uphold" if world.chance(UPHELD) else "transfer"
        decided = world.office_hours(at, 10, 20) if waits else world.office_hours(at, 2, 12)
        note = world.rng.choice(DECISIONS[decision])
        world.tell(Decide(at=decided, customer=customer, decision=decision, note=note))

    def _next_by_code(self, agent: Agent, at: dt.datetime) -> None:
        if agent.persona.codes:
            world = self._world
            world.schedule(world.wait(at, agent.persona.codes), lambda at: self._by_code(agent, at))

    def _by_code(self, agent: Agent, at: dt.datetime) -> None:
        """Somebody whom an agent told of us comes by the agent's code or link."""
        world = self._world
        if at < agent.leaves and agent.state != "closed":
            self._next_by_code(agent, at)
        if not agent.works(at):
            return
        if world.chance(AT_A_PLACE) and (place := self._pool.take()):
            self._sign_up(at, "establishment", place.name, agent, place=place, typed=agent)
        elif world.chance(BY_LINK):
            click = next(self._clicks)
            world.tell(Click(at=at, click=click, agent=agent.number))
            world.schedule(world.later(at, 0.01, 20), lambda at: self._by_itself_or(agent, at, click=click))
        else:
            self._by_itself_or(agent, at, typed=agent)

    def _by_itself_or(self, agent: Agent | None, at: dt.datetime, **how: Any) -> None:
        """A company or a consumer."""
        world = self._world
        if world.chance(A_CONSUMER):
            self._sign_up(at, "consumer", "", agent, **how)
        else:
            self._sign_up(at, "company", company(world.rng), agent, **how)

    def _next_unprompted(self, at: dt.datetime) -> None:
        world = self._world
        world.schedule(world.wait(at, UNPROMPTED), self._unprompted)

    def _unprompted(self, at: dt.datetime) -> None:
        """Nobody is to be paid for these: no code, a wrong one, or the agent's own company."""
        world = self._world
        self._next_unprompted(at)
        known = self._cast.registered(at)
        how = world.rng.choice(("nothing", "misspelt", "misspelt", "own", "place"))
        if how == "own" and known:
            agent = world.rng.choice(known)
            self._by_itself_or(None, at, typed=agent, own_phone=agent.number)
        elif how == "place" and (place := self._pool.take()):
            self._sign_up(at, "establishment", place.name, None, place=place)
        else:
            self._by_itself_or(None, at, misspelt=how == "misspelt")

    def _sign_up(
        self,
        at: dt.datetime,
        kind: str,
        name: str,
        agent: Agent | None,
        *,
        place: Place | None = None,
        typed: Agent | None = None,
        click: int | None = None,
        own_phone: int | None = None,
        misspelt: bool = False,
    ) -> int:
        world = self._world
        crm = kind == "company" and at > world.start + CRM_AFTER and world.chance(WANTS_CRM)
        programme = "crm" if crm else "superapp"
        place_kind = place.kind if place else ""
        customer = self._customers.new(kind, programme, agent, at, place_kind)
        world.tell(
            SignUp(
                at=at,
                customer=customer,
                kind=kind,
                name=name,
                programme=programme,
                place=place.key if place else None,
                agent=typed.number if typed else None,
                click=click,
                own_phone=own_phone,
                misspelt=misspelt,
            )
        )
        return customer
