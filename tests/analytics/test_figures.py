"""What analytics tells of a history whose every figure was worked out by hand (tests/support/quarter.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from erp.domain import analytics, commissions
from erp.kernel.span import EVER, Span
from tests.support.cast import NOW
from tests.support.quarter import Quarter, live_through

DAY = dt.timedelta(days=1)


@pytest.fixture
def quarter(context: None) -> Quarter:
    return live_through(NOW)


def test_what_moved_is_told_of_a_span_and_its_days_add_up(quarter: Quarter) -> None:
    after = analytics.moved(Span(quarter.ago(30), quarter.now))
    assert (after.sign_ups, after.connections) == (2, 1)
    assert (after.payments, after.paid) == (2, 380_000)
    assert (after.refunds, after.refunded) == (2, 250_000)
    assert (after.commissions, after.earned) == (2, 15_000 - 2_500 + 4_000)
    before = analytics.moved(Span(quarter.ago(60), quarter.ago(30)))
    assert (before.sign_ups, before.connections) == (1, 1)
    assert (before.payments, before.paid) == (2, 300_000)
    assert (before.refunds, before.refunded) == (0, 0)
    assert (before.commissions, before.earned) == (2, 5_000)  # Bob's 100 ₽ were taken back
    assert (before.payouts, before.paid_out) == (2, 25_000)
    first, last = quarter.ago(90).date(), quarter.now.date()
    ever = analytics.moved(EVER)
    for step in ("day", "week", "month"):
        rows = analytics.movement(first, last, step, "Europe/Helsinki")
        for name in ("sign_ups", "connections", "payments", "paid", "refunded", "earned", "paid_out"):
            assert sum(getattr(row, name) for row in rows) == getattr(ever, name), (step, name)
    days = analytics.movement(first, last, "day", "Europe/Helsinki")
    assert len(days) == 91
    paid = {row.day: row.paid for row in days if row.paid}
    told = {75: 300_000, 47: 200_000, 40: 100_000, 18: 300_000, 3: 80_000}
    assert paid == {quarter.ago(number).date(): amount for number, amount in told.items()}
    # 09:00 in UTC is the evening before in Honolulu
    evenings = analytics.movement(first, last, "day", "Pacific/Honolulu")
    assert {row.day for row in evenings if row.paid} == {day - DAY for day in paid}


FOUND: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"shop-1", "shop-2", "shop-3", "shop-9"}),
    ({"activity": "paying"}, {"shop-1", "shop-3"}),
    ({"activity": "stopped"}, {"shop-2"}),
    ({"activity": "never_paid"}, {"shop-9"}),
    ({"attribution": "nobody"}, {"shop-9"}),
    ({"attribution": "attributed"}, {"shop-1", "shop-2", "shop-3"}),
    ({"attribution": "code_refused"}, {"shop-9"}),
    ({"span": Span(NOW - 49 * DAY, NOW - 19 * DAY)}, {"shop-2", "shop-3"}),
    ({"paid_in": Span(NOW - 41 * DAY, NOW - 17 * DAY)}, {"shop-1", "shop-3"}),
]


def test_how_far_everybody_came_is_found(quarter: Quarter) -> None:
    last_30 = Span(quarter.ago(30), quarter.now)
    assert analytics.funnel(last_30) == {
        "booked": 4,
        "contacted": 3,
        "meeting": 3,
        "agreed": 2,
        "connected": 1,
        "paid": 1,
    }
    assert list(analytics.agents_in("silent", quarter.now)) == [quarter.bob]
    assert analytics.agents_in("silent", quarter.now - 4 * DAY) == []
    assert list(analytics.agents_in("in_debt", quarter.now)) == [quarter.bob]
    assert list(analytics.agents_in("money_available", quarter.now)) == [quarter.alice]
    assert analytics.stopped_paying(quarter.now) == 1
    # Paid 3 days ago and held for 14.
    (held,) = commissions.forecast("Europe/Moscow", quarter.now)
    assert (held.waits_for, held.day, held.commissions, held.net) == ("time", dt.date(2026, 3, 13), 1, 4_000)

    for asked, found in FOUND:
        customers = analytics.search_customers(now=quarter.now, **asked).first(50)
        assert {customer.external_id for customer in customers} == found, asked
    # Now is 2 March: Cafe One came on 13 December, Two on 13 January, Three and the company in February.
    rows = analytics.cohorts(dt.date(2025, 12, 1), dt.date(2026, 3, 1), "Europe/Moscow")
    told = {(row.month.month, row.paid_in and row.paid_in.month): (row.signed_up, row.paid) for row in rows}
    assert told == {(12, 12): (1, 1), (12, 1): (1, 1), (1, 1): (1, 1), (2, 2): (2, 1)}
