"""The load of the disturbed run: many agents live the same months, chapter by chapter, over HTTP alone.

What each does is fixed by its number, so two runs book the same. A chapter ends when its facts are booked and no news
is waiting; then days pass on the mock clock, and the next one begins.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from erp.up import Instance
from erp.walk.narrator import Failed
from erp.walk.programs import Bank
from tests.chaos.clients import Clerk, Phone, Product

THREADS = 8
T_BANK = "100000000004"
NAME, SHORT_NAME = "Иванов Иван Иванович", "Иван Иванович И."
SETTLES_WITHIN = 300.0
"""Seconds a chapter may need until all is booked, recovery from every disturbance included."""
SETTINGS = {
    "REF_API_RATE": "1000000 per minute",
    "REF_AUTH_RATE": "1000000 per minute",
    "REF_LOG_LEVEL": "WARNING",
}

PAID = ("CONFIRMED", "PARTIAL_REFUNDED", "REFUNDED")

ACTIVE = "select count(*) from agent where state = 'active' and bank_member_id is not null"
CONNECTIONS = "select count(*) from referral_share where connected_at is not null"
PAYMENTS = "select count(*) from event where kind = 'payment'"
REFUNDS = "select count(*) from event where kind = 'refund'"
HELD = "select count(*) from hold"
PAID_OUT = "select count(*) from payout where state = 'paid'"
IN_DEBT = "select count(*) from account where kind = 'available' and balance < 0"
NEWS = "select count(*) from outbox"
GIVEN_UP = "select job || ': ' || last_error from outbox where given_up_at is not null"

Beside = Callable[[str], Callable[[], None]]
"""Prepares what is to happen beside a chapter, given its name, and returns what then runs in a thread of its own."""


def nothing(_chapter: str) -> Callable[[], None]:
    return lambda: None


@dataclass
class Person:
    """One agent of the load, and what the product knows of its customers' orders."""

    number: int
    phone: Phone
    payments: dict[int, str] = field(default_factory=dict)
    """Our reference of the payment, by the order's number."""

    @property
    def name(self) -> str:
        return f"agent-{self.number:03}"

    def customer(self, number: int) -> str:
        return f"{self.name}.customer-{number}"

    def order(self, number: int) -> str:
        return f"{self.name}.order-{number}"

    def price(self, order: int) -> int:
        """What an order costs, in kopecks: another sum for each agent and order, and never a round one."""
        return 900_001 + 10_007 * self.number + 101_111 * order


class Load:
    """Everybody who acts on one instance. `seconds` tells how long each chapter took."""

    def __init__(self, instance: Instance, agents: int):
        self.instance = instance
        self.agents = agents
        self.demo = json.loads((Path(instance.env["REF_VAR"]) / "demo.json").read_text())
        self.bank = Bank(instance.env["REF_TBANK_URL"])
        self.product = Product(instance.url, self.demo["product_key"])
        self.admin = self._clerk("admin")
        self.manager = self._clerk("manager")
        self.finance = self._clerk("finance")
        self.checker = self._clerk("finance", 1)
        self.people: list[Person] = []
        self.places: list[str] = []
        self.seconds: dict[str, float] = {}

    def _clerk(self, role: str, number: int = 0) -> Clerk:
        logins = [login for login in self.demo["staff"] if role in login["roles"]]
        return Clerk(self.instance.url, logins[number]["email"], logins[number]["password"])

    def play(self, beside: Beside = nothing) -> None:
        """All chapters, each with whatever happens beside it."""
        many = self.agents
        chapters: list[tuple[str, int, Callable[[], object], dict[str, int]]] = [
            ("registration", 0, self._everybody_registers, {ACTIVE: many}),
            ("sign-ups", 1, lambda: self._each(self._bring_customers), {CONNECTIONS: 2 * many}),
            ("payments", 1, lambda: self._each(self._earn_thrice), {PAYMENTS: 3 * many}),
            ("refunds", 1, lambda: self._each(self._refund_a_third), {REFUNDS: many}),
            ("maturity", 15, lambda: None, {HELD: 0}),
            ("payouts", 1, self._pay_out, {PAID_OUT: many}),
            ("debts", 1, lambda: self._each(self._refund_all), {REFUNDS: 2 * many, IN_DEBT: many}),
            ("repayment", 1, lambda: self._each(self._earn_again), {PAYMENTS: 4 * many}),
            ("second maturity", 15, lambda: None, {HELD: 0, IN_DEBT: 0}),
        ]
        for name, days, deed, facts in chapters:
            began = time.monotonic()
            happening = beside(name)
            with ThreadPoolExecutor(1) as aside:
                aside_done = aside.submit(happening)
                self.let_pass(days=days)
                deed()
                aside_done.result()
            self._settle(name, facts)
            self.seconds[name] = time.monotonic() - began

    def names(self) -> dict[str, str]:
        """What each agent's reference is called in this load."""
        return {person.phone.reference: person.name for person in self.people}

    def money_moved(self) -> Counter[tuple[str, str, int]]:
        """What the bank itself holds as moved, in names of the load: payments, refunds and transfers to agents."""
        bank = self.bank.operations()
        orders = {
            payment: person.order(number)
            for person in self.people
            for number, payment in person.payments.items()
        }
        agents = {person.phone.phone.lstrip("+"): person.name for person in self.people}
        return Counter(
            [
                ("payment", orders[one["order_id"]], one["amount"])
                for one in bank["payments"]
                if one["status"] in PAID
            ]
            + [("refund", orders[one["order_id"]], one["amount"]) for one in bank["refunds"]]
            + [("transfer", agents[one["phone"]], one["amount"]) for one in bank["payouts"] if one["paid_at"]]
        )

    def let_pass(self, *, days: int = 0, minutes: int = 0) -> None:
        """Time passes on the mock clock."""
        if days or minutes:
            to = self.scalar("select ref_now()").astimezone(dt.UTC) + dt.timedelta(days=days, minutes=minutes)
            page = self.admin.open("/mock/clock")
            self.admin.submit(page, "/mock/clock", to=to.strftime("%Y-%m-%dT%H:%M:%S"))

    def scalar(self, sql: str) -> Any:
        with psycopg.connect(self.instance.env["DATABASE_URL"]) as connection:
            found = connection.execute(sql).fetchone()
        return found and found[0]

    def _settle(self, chapter: str, facts: dict[str, int]) -> None:
        """Until the facts are as they must be and no news waits. Raises `Failed` telling what is not so."""
        expected = {**facts, NEWS: 0}
        deadline = time.monotonic() + SETTLES_WITHIN
        while (seen := {sql: self.scalar(sql) for sql in expected}) != expected:
            if given_up := self.scalar(GIVEN_UP):
                raise Failed(f"during {chapter} a job was given up: {given_up}")
            if time.monotonic() > deadline:
                amiss = [
                    f"{sql}: {seen[sql]}, not {expected[sql]}"
                    for sql in expected
                    if seen[sql] != expected[sql]
                ]
                raise Failed(f"{chapter} did not settle within {SETTLES_WITHIN:.0f} s: {'; '.join(amiss)}")
            time.sleep(0.25)

    def _each(self, deed: Callable[[Person], None]) -> None:
        self._all(deed, self.people)

    @staticmethod
    def _all(deed: Callable[[Any], Any], given: Iterable[Any]) -> list[Any]:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(deed, given))

    def _everybody_registers(self) -> None:
        self.people = self._all(self._register, range(1, self.agents + 1))
        self.places = self._free_places(2 * self.agents)

    def _register(self, number: int) -> Person:
        """By a code on the phone; says where to be paid, and is verified by a manager."""
        number_called = f"+7916{number:07}"
        self.bank.name_recipient(number_called, SHORT_NAME)
        phone = Phone(self.instance.url, self.instance.env["REF_SMS_URL"], number_called, NAME)
        phone.ask("PATCH", "/me", json={"bank_member_id": T_BANK}).raise_for_status()
        self.manager.submit(self.manager.open(f"/agents/{phone.reference}"), "/activation")
        return Person(number, phone)

    def _free_places(self, wanted: int) -> list[str]:
        found: list[str] = []
        cursor: dict[str, Any] = {}
        while len(found) < wanted:
            page = self.people[0].phone.get("/establishments", state="free", limit=100, **cursor)
            found += [place["reference"] for place in page["items"]]
            cursor = {"cursor": page["next"]}
        return found

    def _bring_customers(self, person: Person) -> None:
        """Books two places, and both sign up with the agent's code: two connections, the second tier."""
        for number in (1, 2):
            place = self.places[2 * (person.number - 1) + number - 1]
            person.phone.post(f"/establishments/{place}/booking")
            self.product.post(
                "/sign-ups",
                {
                    "external_id": person.customer(number),
                    "kind": "establishment",
                    "name": f"Place {number}",
                    "establishment": place,
                    "code": person.phone.code,
                },
            )

    def _earn_thrice(self, person: Person) -> None:
        for order, customer in ((1, 1), (2, 1), (3, 2)):
            self._pay(person, order, customer)

    def _earn_again(self, person: Person) -> None:
        self._pay(person, 4, 2, times=3)

    def _pay(self, person: Person, order: int, customer: int, times: int = 1) -> None:
        """The product places an order, and its customer pays it at the bank."""
        placed = self.product.post(
            "/orders",
            {
                "external_id": person.order(order),
                "customer": person.customer(customer),
                "total": {"amount": times * person.price(order), "currency": "RUB"},
                "description": "SuperApp, one month",
            },
        )
        person.payments[order] = placed["payment"]
        self.bank.pay(placed["payment_url"])

    def _refund_a_third(self, person: Person) -> None:
        self._refund(person, 1, person.price(1) // 3)

    def _refund_all(self, person: Person) -> None:
        """Of a payment whose commission was paid out: what is taken back becomes a debt."""
        self._refund(person, 2, person.price(2))

    def _refund(self, person: Person, order: int, kopecks: int) -> None:
        page = self.finance.open(f"/payments/{person.payments[order]}")
        amount = f"{kopecks // 100}.{kopecks % 100:02}"
        answer = self.finance.submit(page, "/refunds", amount=amount, reason="The customer asked for it")
        if answer.status != 200:
            raise Failed(f"the refund was refused: {answer.text[:300]}")

    def _pay_out(self) -> None:
        """Finance prepares a run for all, a different person approves."""
        prepared = self.finance.submit(self.finance.open("/payout-runs/new"), "/payout-runs", note="Load")
        run = prepared.url.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]
        if not run.startswith("RUN-"):
            raise Failed(f"no run was prepared: {prepared.text[:300]}")
        self.checker.submit(self.checker.open(f"/payout-runs/{run}"), "/approval")
