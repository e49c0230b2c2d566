"""Eighty days in the life of three agents, small enough to work every figure out by hand.

| days ago | |
|---|---|
| 80 | Alice books Cafe One; it signs up 78 days ago and pays 3,000 ₽ 75 days ago and 1,000 ₽ 40 days ago |
| 50 | Bob books Cafe Two; it signs up 48 days ago and pays 2,000 ₽ 47 days ago, all of which goes back 4 days ago |
| 35, 32 | what was available to Alice (150 ₽), and to Bob (100 ₽), is paid out |
| 25 | Alice books and contacts Cafe Three; it signs up 20 days ago, pays 3,000 ₽ 18 days ago, of which 500 ₽ go back 5 days ago, and 800 ₽ 3 days ago |
| 22 | Alice books Cafe Four, meets it, and the booking expires |
| 12, 10 | Carol books Cafe Six, and Cafe Five, which agrees |
| 9 | a company signs up with a code that nobody has |

Every line earns 5 %, and is on hold for 14 days.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from erp.domain import bookings, commissions, payments
from erp.kernel.db import db, rows
from erp.kernel.transaction import transaction
from tests.support import cast, earnings, office
from tests.support.cast import SOMEBODY


@dataclass(frozen=True)
class Quarter:
    """Who there is, and the moment it all led to."""

    now: dt.datetime
    alice: UUID
    bob: UUID
    carol: UUID

    def ago(self, days: float) -> dt.datetime:
        return self.now - dt.timedelta(days=days)


def live_through(now: dt.datetime) -> Quarter:
    start = now - dt.timedelta(days=81)
    cast.programme(now=start)
    alice, bob, carol = (
        _agent(number, name, start) for number, name in enumerate(("Alice One", "Bob Two", "Carol Three"), 1)
    )
    here = Quarter(now, alice, bob, carol)
    one, two, three, four, five, six = cast.places(
        *(f"Cafe {name}" for name in ("One", "Two", "Three", "Four", "Five", "Six"))
    )
    _connect(alice, one.reference, "shop-1", booked=here.ago(80), at=here.ago(78))
    _pay("shop-1", "order-1", 300_000, here.ago(75))
    _connect(bob, two.reference, "shop-2", booked=here.ago(50), at=here.ago(48))
    returned = _pay("shop-2", "order-2", 200_000, here.ago(47))
    _pay("shop-1", "order-3", 100_000, here.ago(40))
    _mature(here.ago(35.5))
    earnings.pay_out(alice, now=here.ago(35))
    _mature(here.ago(32.5))
    earnings.pay_out(bob, now=here.ago(32))
    _connect(alice, three.reference, "shop-3", booked=here.ago(25), at=here.ago(20), stage="contacted")
    reduced = _pay("shop-3", "order-4", 300_000, here.ago(18))
    _book(alice, four.reference, here.ago(22), "meeting")
    with transaction():
        bookings.expire_overdue(now=here.ago(7), limit=10)
    _book(carol, six.reference, here.ago(12))
    _book(carol, five.reference, here.ago(10), "agreed")
    cast.sign_up("shop-9", kind="company", code="N0SUCH", now=here.ago(9), occurred_at=here.ago(9))
    _refund(reduced, 50_000, here.ago(5))
    _refund(returned, 200_000, here.ago(4))
    _pay("shop-3", "order-5", 80_000, here.ago(3))
    _mature(now)
    return here


def _agent(number: int, name: str, now: dt.datetime) -> UUID:
    id = cast.agent(number, name=name, now=now)
    office.give_bank(id, now)
    return id


def _book(agent: UUID, place: str, at: dt.datetime, stage: str = "") -> None:
    with transaction():
        made = bookings.book(agent, place, by=SOMEBODY, now=at)
        if stage:
            bookings.move_stage(made.id, stage, by=SOMEBODY, now=at)


def _connect(
    agent: UUID, place: str, customer: str, *, booked: dt.datetime, at: dt.datetime, stage: str = ""
) -> None:
    _book(agent, place, booked, stage)
    cast.sign_up(customer, establishment=place, now=at, occurred_at=at)
    _accrue(at)


def _pay(customer: str, order: str, amount: int, at: dt.datetime) -> str:
    reference = office.pay(customer, order, amount, at)
    _accrue(at)
    return reference


def _refund(payment: str, total: int, at: dt.datetime) -> None:
    with transaction():
        payments.attest_refunded_total(payment, total=total, note="cabinet", by=SOMEBODY, now=at)
    _accrue(at)


def _accrue(at: dt.datetime) -> None:
    with transaction():
        commissions.accrue([id for (id,) in rows("select id from event order by id")], by=SOMEBODY, now=at)


def _mature(at: dt.datetime) -> None:
    with transaction():
        commissions.mature(by=SOMEBODY, now=at)
    db.session.rollback()
