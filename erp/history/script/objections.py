"""What people do about single commissions: agents dispute them, staff freeze them and take them back."""

from __future__ import annotations

import datetime as dt
from itertools import count
from random import Random

from erp.history.deeds import Pay
from erp.history.deeds_of_cases import (
    DecideDispute,
    FreezeByHand,
    LetGo,
    RaiseDispute,
    Reply,
    TakeBackByHand,
    UndoTakingBack,
)
from erp.history.script.agents import Agent
from erp.history.script.world import World

DISPUTED, FROZEN, TAKEN_BACK = 0.02, 0.016, 0.014
"""How likely a payment that stays leads to it."""
BEFORE_THE_END = dt.timedelta(days=5)
LATELY = 9
"""Days before the end in which nobody has decided yet."""
COMPLAINTS = (
    "My tier was higher on that day",
    "The other payment of this customer earned more",
    "I was promised the rate of the new terms",
)
ANSWERS = ("Which tier do you mean?", "We are looking into it", "Please send what you were promised")
RULINGS = (
    ("reject", "as_agreed", "The tier is that of the day of the payment"),
    ("reject", "as_agreed", "The referral is pinned to the terms of its day"),
    ("partly", "wrong_sum", "A connection had been told late; the line is corrected by now"),
    ("uphold", "wrong_sum", "You are right; the correction is booked"),
)
SUSPICIONS = (
    ("suspicion", "Two customers with one phone"),
    ("documents", "The contract is not signed yet"),
    ("complaint", "The customer says nobody visited"),
)
FINDINGS = (
    ("found_right", "Called the customer: all is well"),
    ("documents_received", "The contract came by post"),
)
REASONS = (
    ("agreed", "Agreed with the agent on the phone"),
    ("fraud", "The customer was the agent's relative"),
)


class Objections:
    """Chance of its own, so that what else happens does not depend on it."""

    def __init__(self, world: World):
        self._world = world
        self._rng = Random(f"{world.plan.seed}: objections")
        self._numbers = count(1)
        self._kept: list[tuple[Agent, Pay]] = []
        world.schedule(world.today - BEFORE_THE_END, self._lately)

    def of(self, agent: Agent | None, pay: Pay) -> None:
        """A payment earned something, and stays: perhaps somebody does something about it."""
        chance = self._rng.random()
        if agent is None:
            return
        if chance > DISPUTED + FROZEN + TAKEN_BACK:
            self._kept.append((agent, pay))
        elif chance < DISPUTED:
            self._dispute(agent, pay)
        elif chance < DISPUTED + FROZEN:
            self._freeze(pay)
        else:
            self._take_back(pay)

    def _dispute(self, agent: Agent, pay: Pay) -> None:
        number, at = next(self._numbers), self._later(pay.at, 2, 8)
        words = self._rng.choice(COMPLAINTS)
        self._world.tell(
            RaiseDispute(at=at, dispute=number, agent=agent.number, order=pay.order, words=words)
        )
        replied = self._later(at, 0.5, 2)
        self._world.tell(Reply(at=replied, dispute=number, words=self._rng.choice(ANSWERS)))
        decision, code, note = self._rng.choice(RULINGS)
        decided = self._later(replied, 1, 6)
        if self._world.days_left(decided) > LATELY:
            self._world.tell(
                DecideDispute(at=decided, dispute=number, decision=decision, code=code, note=note)
            )

    def _freeze(self, pay: Pay) -> None:
        at = self._later(pay.at, 1, 20)
        code, note = self._rng.choice(SUSPICIONS)
        self._world.tell(FreezeByHand(at=at, order=pay.order, code=code, note=note))
        code, note = self._rng.choice(FINDINGS)
        let_go = self._later(at, 3, 10)
        if self._world.days_left(let_go) > LATELY and self._rng.random() < 0.7:
            self._world.tell(LetGo(at=let_go, order=pay.order, code=code, note=note))

    def _take_back(self, pay: Pay) -> None:
        at, parts = self._later(pay.at, 3, 40), self._rng.choice((25, 50, 100))
        code, note = self._rng.choice(REASONS)
        waits = self._world.days_left(at) < LATELY
        self._world.tell(
            TakeBackByHand(at=at, order=pay.order, percent=parts, code=code, note=note, waits=waits)
        )
        if not waits and self._rng.random() < 0.35:
            self._world.tell(UndoTakingBack(at=self._later(at, 2, 9), order=pay.order))

    def _lately(self, at: dt.datetime) -> None:
        """Whatever chance brought, one of each kind waits for somebody in the end, and one was taken back and undone."""
        at += dt.timedelta(hours=9)
        minutes = (at + dt.timedelta(minutes=10 * number) for number in count())
        for deed, (agent, pay) in zip(
            ("dispute", "freeze", "undone", "waits"), self._kept[::-1], strict=False
        ):
            moment, order = next(minutes), pay.order
            reason = {"code": "agreed", "note": REASONS[0][1]}
            if deed == "dispute":
                words, number = COMPLAINTS[0], next(self._numbers)
                self._world.tell(
                    RaiseDispute(at=moment, dispute=number, agent=agent.number, order=order, words=words)
                )
            elif deed == "freeze":
                code, note = SUSPICIONS[0]
                self._world.tell(FreezeByHand(at=moment, order=order, code=code, note=note))
            else:
                waits = deed == "waits"
                percent = 100 if waits else 10
                self._world.tell(
                    TakeBackByHand(at=moment, order=order, percent=percent, waits=waits, **reason)
                )
            if deed == "undone":
                self._world.tell(UndoTakingBack(at=moment + dt.timedelta(hours=20), order=order))

    def _later(self, at: dt.datetime, least: float, most: float) -> dt.datetime:
        """A moment of an office day, by this chance alone."""
        day = at + dt.timedelta(days=self._rng.uniform(least, most))
        moment = day.replace(
            hour=7 + self._rng.randrange(9), minute=self._rng.randrange(60), second=0, microsecond=0
        )
        return max(moment, at + dt.timedelta(minutes=30))
