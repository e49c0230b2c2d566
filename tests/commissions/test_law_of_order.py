"""Whatever facts there are, in whatever order, parts, batches and repetitions they are told: the books say what the
slow oracle says."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.commissions import oracle
from tests.support import earnings
from tests.support.earnings import (
    Tier,
    accrue,
    agent,
    balance,
    broken,
    connection,
    contested,
    customer_of,
    days,
)

KEYS = (f"programme-{number}" for number in itertools.count(1))
BEGIN, STEP, STEPS = days(-20), dt.timedelta(hours=12), 60
"""Moments are few, so that many coincide and many lie exactly on an edge; a month ends among them."""
ZONES = ("Europe/Moscow", "America/New_York", "Pacific/Auckland")


@dataclass(frozen=True)
class Customer:
    """`shares` of the agents 0, 1 and 2 in basis points; who has contested it goes to agent 1 when that is decided."""

    shares: dict[int, int]
    step: int
    connected: bool
    contested: bool


@dataclass(frozen=True)
class Payment:
    customer: int
    amount: int
    step: int
    refunded: list[int]
    checked: bool


@dataclass(frozen=True)
class World:
    tiers: list[Tier]
    cap: int | None
    window_days: int
    zone: str
    any_evidence: bool
    customers: list[Customer]
    payments: list[Payment]
    order: list[tuple[Any, ...]] = field(default_factory=list)
    """Facts as they are told: ("customer", n), ("payment", n), ("refund", n, total), ("decision", n)."""
    batches: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    """Which fact, told before, each batch repeats."""
    maturing: list[bool] = field(default_factory=list)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    thresholds = [0, *sorted(draw(st.sets(st.integers(1, 4), max_size=2)))]
    rates = sorted(draw(st.lists(st.integers(0, 10_000), min_size=len(thresholds), max_size=len(thresholds))))
    customers = draw(st.lists(_customers(), min_size=2, max_size=6))
    payments = draw(st.lists(_payments(len(customers)), min_size=3, max_size=8))
    facts: list[tuple[Any, ...]] = [("customer", n) for n, _ in enumerate(customers)]
    facts += [("decision", n) for n, customer in enumerate(customers) if customer.contested]
    facts += [("payment", n) for n, _ in enumerate(payments)]
    facts += [("refund", n, total) for n, payment in enumerate(payments) for total in payment.refunded]
    number = len(facts)
    return World(
        tiers=list(zip(thresholds, rates, strict=True)),
        cap=draw(st.sampled_from([None, 100, 1_000, 2_500])),
        window_days=draw(st.integers(1, 10)),
        zone=draw(st.sampled_from(ZONES)),
        any_evidence=draw(st.booleans()),
        customers=customers,
        payments=payments,
        order=draw(st.permutations(facts)),
        batches=draw(st.lists(st.integers(1, 5), min_size=number, max_size=number)),
        again=draw(st.lists(st.integers(0, 50), min_size=number, max_size=number)),
        maturing=draw(st.lists(st.booleans(), min_size=number, max_size=number)),
    )


@st.composite
def _customers(draw: st.DrawFn) -> Customer:
    is_contested = draw(st.integers(0, 4)) == 0
    cut = draw(st.sampled_from([10_000, 10_000, 5_000, 3_333, 1]))
    shares = {draw(st.integers(0, 2)): cut} if cut == 10_000 else {0: cut, 1: 10_000 - cut}
    if is_contested:
        shares = {0: 10_000}
    return Customer(shares, draw(st.integers(0, STEPS)), is_contested or draw(st.booleans()), is_contested)


@st.composite
def _payments(draw: st.DrawFn, customers: int) -> Payment:
    amount = draw(st.integers(1, 5_000))
    totals = draw(st.sets(st.integers(1, amount) | st.just(amount), max_size=3))
    return Payment(
        draw(st.integers(0, customers - 1)),
        amount,
        draw(st.integers(0, STEPS)),
        sorted(totals),
        draw(st.integers(0, 3)) > 0,
    )


class Teller:
    """Tells the facts of a world to the books; what a fact needs to have happened before is recorded, not told."""

    def __init__(self, world: World):
        self.world = world
        self.key = next(KEYS)
        earnings.programme(
            *world.tiers,
            key=self.key,
            zone=world.zone,
            monthly_cap=world.cap,
            window_days=world.window_days,
            evidence="attested" if world.any_evidence else "bank_checked",
        )
        self.agents = [agent(), agent(), agent(state="suspended")]
        self.recorded: dict[tuple[Any, ...], Any] = {}

    def tell(self) -> None:
        waiting, told = list(self.world.order), list[int]()
        for size, again, maturing in zip(
            self.world.batches, self.world.again, self.world.maturing, strict=True
        ):
            batch, waiting = waiting[:size], waiting[size:]
            events = [event for fact in batch for event in self.event(fact)]
            if told:
                events.append(told[again % len(told)])
            accrue(*events)
            told += events
            if maturing:
                earnings.mature()

    def event(self, fact: tuple[Any, ...]) -> list[int]:
        """The event to tell for a fact, if there is one; a decision is carried out at once."""
        if fact not in self.recorded:
            self.recorded[fact] = getattr(self, f"_{fact[0]}")(*fact[1:])
        if fact[0] == "customer":
            return [connection(self.recorded[fact])] if self.world.customers[fact[1]].connected else []
        return [] if fact[0] == "decision" else [self.recorded[fact]]

    def _known(self, *fact: Any) -> Any:
        self.event(fact)
        return self.recorded[fact]

    def _customer(self, number: int) -> UUID:
        given = self.world.customers[number]
        at = BEGIN + given.step * STEP
        if given.contested:
            return contested(self.agents[0], self.agents[1], at, programme=self.key)
        customer_id = customer_of(
            self.agents[next(iter(given.shares))], at, connected=given.connected, programme=self.key
        )
        earnings.share(customer_id, {self.agents[n]: bps for n, bps in given.shares.items()})
        return customer_id

    def _decision(self, number: int) -> None:
        earnings.decide(self._known("customer", number), "transfer")

    def _payment(self, number: int) -> int:
        given = self.world.payments[number]
        customer_id = self._known("customer", given.customer)
        evidence = "bank_checked" if given.checked else "attested"
        return earnings.payment(customer_id, given.amount, BEGIN + given.step * STEP, evidence=evidence)

    def _refund(self, number: int, total: int) -> int:
        return earnings.refund(self._known("payment", number), total)

    def book(self) -> oracle.Book:
        """The same facts for the oracle."""
        return {
            "zone": self.world.zone,
            "cap": self.world.cap,
            "window_days": self.world.window_days,
            "tiers": self.world.tiers,
            "any": self.world.any_evidence,
            "customers": {
                number: {
                    "shares": {
                        str(self.agents[n]): bps
                        for n, bps in ({1: 10_000} if given.contested else given.shares).items()
                    },
                    "connected_at": BEGIN + given.step * STEP if given.connected else None,
                }
                for number, given in enumerate(self.world.customers)
            },
            "payments": [
                {
                    "id": self.recorded["payment", number],
                    "customer": given.customer,
                    "amount": given.amount,
                    "at": BEGIN + given.step * STEP,
                    "refunded": given.refunded,
                    "checked": given.checked,
                }
                for number, given in enumerate(self.world.payments)
            ],
        }


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(world=worlds())
def test_the_books_say_what_the_oracle_says(context: None, world: World) -> None:
    teller = Teller(world)
    teller.tell()
    earnings.mature()
    book = teller.book()
    booked = {(event, str(id)): amount for (event, id), amount in earnings.nets(teller.agents).items()}
    expected = oracle.nets(book)
    assert {key: amount for key, amount in booked.items() if amount} == {
        key: amount for key, amount in expected.items() if amount
    }
    assert expected.keys() <= booked.keys()
    account = ("available", "available", "frozen")
    earned = oracle.balances(book)
    for id, kind in zip(teller.agents, account, strict=True):
        amount = earned.get(str(id), 0)
        assert balance(id) == ({kind: amount} if amount else {})
    assert broken() == []
