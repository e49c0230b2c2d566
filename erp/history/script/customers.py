"""What customers pay month by month, when they want it back, and when they leave."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from itertools import count

from erp.history.deeds import Attest, ChargeBack, Pay, Refund, RefundInCabinet, WinBack
from erp.history.script.agents import Agent
from erp.history.script.catalogue import BEAUTY, TERRACES
from erp.history.script.objections import Objections
from erp.history.script.world import World

PRICES = {
    "establishment": (490_000, 490_000, 990_000, 990_000, 1_490_000, 2_490_000),
    "company": (990_000, 1_490_000, 1_990_000, 3_990_000),
    "consumer": (59_000, 79_000, 99_000),
}
"""Kopecks a month."""
PRODUCTS = {"superapp": "SuperApp", "crm": "CRM"}
CARDS = ("2200770239097761", "2200770239097761", "2201382000000013", "2201382000000039")
FAILING_CARDS = ("2201382000000831", "2201382000000831", "2201382000000021")
"""Without money, twice; and one whose owner is not recognised, of which the bank sends no news."""
NEVER_PAYS, FAILS, ABANDONS, TRIES_AGAIN = 0.1, 0.06, 0.015, 0.85
CHURN_EARLY, CHURN_LATER, COMES_BACK = 0.07, 0.035, 0.12
"""How likely a customer leaves after a month: one of the first three, or a later one."""
REFUNDED, REFUNDED_BY_ROGUES, PAST_US = 0.05, 0.3, 0.004
CHARGEBACKS_EVERY, WON_AFTER = dt.timedelta(weeks=7), dt.timedelta(days=25)
WHY_ALL = ("Paid twice by mistake", "The contract was not signed in the end", "Ordered for the wrong branch")
WHY_SOME = ("Closed for two weeks of repairs", "Fewer tables than agreed", "Goodwill after an outage")
WHY_LATE = ("Closed for good; the rest of the term goes back", "The chain changed its supplier")


@dataclass(eq=False)
class Customer:
    number: int
    kind: str
    programme: str
    place_kind: str
    agent: Agent | None
    price: int
    months: int = 0
    gone: bool = False


class Customers:
    """Everybody who has signed up with the owner."""

    def __init__(self, world: World):
        self._world = world
        self._numbers, self._orders = count(1001), count(1)
        self._kept: list[Pay] = []
        self._objections = Objections(world)
        world.schedule(world.at_work(world.today - dt.timedelta(days=1)), self._refund_past_us_lately)
        world.schedule(world.start + CHARGEBACKS_EVERY, self._charge_back)

    def new(
        self, kind: str, programme: str, agent: Agent | None, at: dt.datetime, place_kind: str = ""
    ) -> int:
        """Somebody has signed up; their number. Most begin to pay in a while."""
        world = self._world
        price = world.rng.choice(PRICES[kind])
        customer = Customer(next(self._numbers), kind, programme, place_kind, agent, price)
        if not world.chance(NEVER_PAYS):
            first = world.later(at, 0.02, 2) if world.chance(0.6) else world.later(at, 7, 14)
            world.schedule(first, lambda at: self._month(customer, at))
        return customer.number

    def _month(self, customer: Customer, at: dt.datetime) -> None:
        """A month is paid for; then the next one, unless they leave."""
        world = self._world
        if customer.gone:
            return
        product = PRODUCTS[customer.programme]
        self._ask(customer, customer.price, f"{product}, one month", at)
        customer.months += 1
        self._seasonal(customer, at)
        churn = CHURN_EARLY if customer.months <= 3 else CHURN_LATER
        following = world.later(at, 29.6, 31)
        if world.chance(churn):
            customer.gone = True
            if world.chance(COMES_BACK):
                world.schedule(world.later(at, 70, 130), lambda at: self._come_back(customer, at))
        else:
            world.schedule(following, lambda at: self._month(customer, at))

    def _come_back(self, customer: Customer, at: dt.datetime) -> None:
        customer.gone = False
        self._month(customer, at)

    def _seasonal(self, customer: Customer, at: dt.datetime) -> None:
        """Terraces in summer, gift cards and parties in December: by use, to the kopeck."""
        world = self._world
        if customer.place_kind in TERRACES and at.month in (5, 6, 7, 8) and world.chance(0.4):
            self._ask_soon(customer, "Orders from terrace tables", at, 150_000, 900_000)
        if customer.place_kind in TERRACES + BEAUTY and at.month == 12 and world.chance(0.55):
            self._ask_soon(customer, "Gift cards and Christmas bookings", at, 200_000, 1_400_000)

    def _ask_soon(self, customer: Customer, what: str, at: dt.datetime, least: int, most: int) -> None:
        world = self._world
        amount = world.rng.randint(least, most)
        world.schedule(world.later(at, 3, 20), lambda at: self._ask(customer, amount, what, at))

    def _ask(self, customer: Customer, amount: int, description: str, at: dt.datetime) -> None:
        """Most pay at once; some cards fail, some people close the page."""
        world = self._world
        fails, abandons = world.chance(FAILS), world.chance(ABANDONS)
        card = world.rng.choice(FAILING_CARDS if fails else CARDS)
        pay = Pay(
            at=at,
            order=next(self._orders),
            customer=customer.number,
            amount=amount,
            description=description,
            card=None if abandons else card,
        )
        world.tell(pay)
        if not (fails or abandons):
            self._paid(customer, pay)
        elif world.chance(TRIES_AGAIN) and not abandons:
            world.schedule(world.later(at, 1, 3), lambda at: self._try_again(customer, pay, at))

    def _try_again(self, customer: Customer, first: Pay, at: dt.datetime) -> None:
        again = replace(first, at=at, card=CARDS[0])
        self._world.tell(again)
        self._paid(customer, again)

    def _paid(self, customer: Customer, pay: Pay) -> None:
        """Most payments stay; some go back soon, some after the commission on them has matured or was paid out."""
        world = self._world
        rogue = customer.agent is not None and customer.agent.is_rogue
        if world.chance(PAST_US):
            self._past_us(pay)
        elif world.chance(REFUNDED_BY_ROGUES if rogue else REFUNDED):
            kind = world.rng.choice(
                (self._all_soon, self._some_soon, self._some_later, self._late, self._late)
            )
            (self._late if rogue else kind)(customer, pay)
        else:
            self._kept.append(pay)
            self._objections.of(customer.agent, pay)

    def _all_soon(self, customer: Customer, pay: Pay) -> None:
        self._back(pay, pay.amount, WHY_ALL, 0.2, 5)

    def _some_soon(self, customer: Customer, pay: Pay) -> None:
        part = self._part(pay)
        back_at = self._back(pay, part, WHY_SOME, 1, 10)
        if self._world.chance(0.3):
            self._back(replace(pay, at=back_at), pay.amount - part, WHY_ALL, 2, 40)

    def _some_later(self, customer: Customer, pay: Pay) -> None:
        self._back(pay, self._part(pay), WHY_SOME, 16, 30)

    def _late(self, customer: Customer, pay: Pay) -> None:
        """After the payout: what the agent had becomes a debt."""
        self._back(pay, pay.amount, WHY_LATE, 32, 60)
        customer.gone = True

    def _part(self, pay: Pay) -> int:
        """A tenth to a half of a payment, in whole roubles."""
        return round(pay.amount * self._world.rng.uniform(0.1, 0.5) / 100) * 100

    def _back(
        self, pay: Pay, amount: int, reasons: tuple[str, ...], least: float, most: float
    ) -> dt.datetime:
        world = self._world
        at = world.office_hours(pay.at, least, most)
        world.tell(Refund(at=at, order=pay.order, amount=amount, reason=world.rng.choice(reasons)))
        return at

    def _past_us(self, pay: Pay) -> None:
        """Somebody refunds in the bank's cabinet; finance looks into it some days later."""
        world, part = self._world, self._part(pay)
        at = world.later(pay.at, 2, 20)
        world.tell(RefundInCabinet(at=at, order=pay.order, amount=part))
        world.tell(
            Attest(
                at=world.office_hours(at, 2, 6),
                order=pay.order,
                total=part,
                note="Seen in the bank's cabinet; the shop manager had refunded there",
            )
        )

    def _refund_past_us_lately(self, at: dt.datetime) -> None:
        """One that nobody has looked into yet."""
        for pay in self._kept[-10:-9]:
            self._world.tell(RefundInCabinet(at=at, order=pay.order, amount=self._part(pay)))

    def _charge_back(self, at: dt.datetime) -> None:
        """A payer's bank takes back a payment of some weeks ago; every other time the owner wins it back. By the calendar
        alone, not by chance."""
        world = self._world
        for pay in self._kept[-20:-19]:
            number, at_office = f"CB-{at:%y%m%d}", at.replace(hour=9)
            told = {"order": pay.order, "amount": pay.amount}
            world.tell(ChargeBack(at=at_office, number=number, **told))
            if at.isocalendar().week % 2:
                world.tell(WinBack(at=at_office + WON_AFTER, number=number, **told))
        world.schedule(at + CHARGEBACKS_EVERY, self._charge_back)
