"""Tells the facts of a world to the books, and writes the same facts down for the oracle."""

from __future__ import annotations

import itertools
import json
from functools import cached_property
from typing import Any
from uuid import UUID

from erp.domain import commissions
from erp.domain.commissions import decisions
from erp.kernel.db import db, rows
from erp.kernel.transaction import transaction
from tests.commissions.worlds import Fact, World, at, told
from tests.support import earnings
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import LATER, accrue, agent, contested, customer_of

KEYS = (f"programme-{number}" for number in itertools.count(1))


class Teller:
    """What a fact needs to have happened before is recorded, not told."""

    def __init__(self, world: World):
        self.world = world
        self.key = next(KEYS)
        earnings.programme_of(world.terms, key=self.key, zone=world.zone)
        self.agents = [agent(), earnings.customer_agent(), agent(state="suspended")]
        self.recorded: dict[Fact, Any] = {}

    def tell(self) -> None:
        self._move()
        waiting, known = list(self.world.order), list[int]()
        for size, again, passing in zip(
            self.world.batches, self.world.again, self.world.passing, strict=True
        ):
            batch, waiting = waiting[:size], waiting[size:]
            events = [event for fact in batch for event in self.events(fact)]
            if known:
                events.append(known[again % len(known)])
            accrue(*events)
            known += events
            self._let_pass(passing)
        self._let_pass("bonuses")
        self._let_pass("mature")

    def _move(self) -> None:
        """Referrals are moved before anything is told: of what is to come, however late it is told."""
        for number, given in enumerate(self.world.customers):
            for step, is_called_off in given.moves:
                self._known("customer", number)
                earnings.move(
                    self.recorded["customer", number], self.other, at(step), called_off=is_called_off
                )

    @cached_property
    def other(self) -> UUID:
        """The version that referrals move to, in force when everything has happened."""
        assert self.world.other is not None
        id = earnings.look("select id from programme where key = :key", key=self.key)
        return earnings.next_version(id, self.world.other, at=LATER)

    def _let_pass(self, what: str) -> None:
        if what == "mature":
            earnings.mature()
        elif what == "bonuses":
            earnings.settle_bonuses()

    def events(self, fact: Fact) -> list[int]:
        """The events to tell for a fact, if there are any; what people decide is carried out at once."""
        if fact not in self.recorded:
            self.recorded[fact] = getattr(self, f"_{fact[0]}")(*fact[1:])
        if fact[0] == "customer":
            found = rows(
                "select id from event where customer_id = :id and kind in ('sign_up', 'connection') order by id",
                id=self.recorded[fact],
            )
            db.session.rollback()
            return [id for (id,) in found]
        return [] if fact[0] in ("transfer", "decision", "undoing") else [self.recorded[fact]]

    def _known(self, *fact: Any) -> Any:
        self.events(fact)
        return self.recorded[fact]

    def _customer(self, number: int) -> UUID:
        given = self.world.customers[number]
        if given.contested:
            return contested(self.agents[0], self.agents[1], at(given.step), programme=self.key)
        first = self.agents[next(iter(given.shares))]
        customer_id = customer_of(first, at(given.step), connected=given.connected, programme=self.key)
        earnings.share(customer_id, {self.agents[n]: bps for n, bps in given.shares.items()})
        return customer_id

    def _transfer(self, number: int) -> None:
        earnings.decide(self._known("customer", number), "transfer")

    def _payment(self, number: int) -> int:
        given = self.world.payments[number]
        return earnings.payment(
            self._known("customer", given.customer),
            given.amount,
            at(given.step),
            evidence="bank_checked" if given.checked else "attested",
            plan=given.plan,
            prepaid_days=given.prepaid_days,
        )

    def _refund(self, number: int, total: int, step: int) -> int:
        return earnings.refund(self._known("payment", number), total, at(step))

    def _chargeback(self, number: int, total: int, step: int) -> int:
        return earnings.refund(self._known("payment", number), total, at(step), kind="chargeback")

    def _chargeback_reversal(self, number: int, total: int, step: int) -> int:
        return earnings.refund(self._known("payment", number), total, at(step), kind="chargeback_reversal")

    def _cancellation(self, customer: int, of: int | None, step: int) -> int:
        of_event = None if of is None else self._known("payment", of)
        return earnings.cancellation(self._known("customer", customer), at(step), of=of_event)

    def _decision(self, number: int, share: int) -> int | None:
        """Somebody takes back some percent of what is left of one of the payment's commissions; the decision's event."""
        found = rows(
            """select id, net from commission_state where event_id = :id and net > 0 order by rule_id, agent_id limit 1""",
            id=self._known("payment", number),
        )
        db.session.rollback()
        for id, net in found:
            amount = max(1, int(net) * share // 100)
            with transaction():
                return commissions.take_back(id, amount=amount, reason="fraud", note="", by=SOMEBODY, now=NOW)
        return None

    def _undoing(self, number: int, share: int) -> None:
        """Somebody finds that it was wrong to take that back."""
        decision = self._known("decision", number, share)
        if decision is not None:
            with transaction():
                decisions.give_back(decision, reason="our_mistake", note="", by=SOMEBODY, now=NOW)

    def book(self) -> str:
        """The same facts, and what people decided, for the oracle."""
        facts = rows(
            """select e.id, e.kind, e.customer_id::text as customer, e.occurred_at as at, e.amount, e.evidence, e.plan,
                      e.prepaid_days, e.original_event_id as of, e.refunded_total as total
               from event e join referral r on r.customer_id = e.customer_id
               join programme p on p.id = r.programme_id where p.key = :key and e.kind not in ('lapse', 'decision', 'transfer')""",
            key=self.key,
        )
        decisions = rows(
            """select c.event_id as of, u.key as rule, c.agent_id::text as agent, d.amount,
                      exists (select 1 from commission_decision x where x.undoes_event_id = d.event_id) as undone
               from commission_decision d join commission c on c.id = d.commission_id join rule u on u.id = c.rule_id
               where d.undoes_event_id is null"""
        )
        db.session.rollback()
        return json.dumps(
            {
                "zone": self.world.zone,
                "as_of": LATER.isoformat(),
                "terms": told(self.world.terms),
                "others": [told(self.world.other)] if self.world.other else [],
                "customers": {
                    str(self._known("customer", number)): {
                        "shares": {
                            str(self.agents[n]): bps
                            for n, bps in ({1: 10_000} if given.contested else given.shares).items()
                        },
                        "signed_up_at": at(given.step).isoformat(),
                        "connected_at": at(given.step).isoformat() if given.connected else None,
                        "moves": [[at(step).isoformat(), 0] for step, is_off in given.moves if not is_off],
                    }
                    for number, given in enumerate(self.world.customers)
                },
                "facts": [
                    {
                        name: value
                        for name, value in fact._asdict().items()
                        if name != "total" or value is not None
                    }
                    | {"at": fact.at.isoformat()}
                    for fact in facts
                ],
                "decisions": [dict(decision._asdict()) for decision in decisions],
            }
        )
