"""The story of one thing: told whole, in order, and of nothing else (the history of tests/support/quarter.py)."""

from __future__ import annotations

import pytest

from erp.domain import analytics
from erp.kernel.db import scalar
from tests.support.cast import NOW
from tests.support.quarter import Quarter, live_through


@pytest.fixture
def quarter(context: None) -> Quarter:
    return live_through(NOW)


def told(noun: str, id: object, source: str = "") -> list[str]:
    """What happened, from the first to the last; what the books moved is booked when the tests run."""
    story = analytics.story(noun, id, source=source, oldest_first=True)  # type: ignore[arg-type]
    return [row.what for row in story.page.rows]


def test_a_story_has_what_belongs_to_it_and_nothing_else(quarter: Quarter) -> None:
    payment = scalar("select payment_id from event where kind = 'payment' and amount = 200000")
    assert told("payment", payment, "fact") == ["payment", "refund"]
    assert told("payment", payment, "money") == ["accrual", "maturity", "reversal"]
    assert told("payment", payment, "deed") == [
        "order.placed",
        "payment.asked",
        "payment.opened",
        "payment.moved",
        "refund.attested",
    ]
    payout = scalar("select id from payout where agent_id = :bob", bob=quarter.bob)
    assert told("payout", payout, "money") == ["payout_approved", "payout_paid"]
    assert told("payout", payout, "bank") == ["attempt_begun", "attempt_sent", "attempt_paid"]
    line = scalar("select id from commission where kind = 'accrual' and agent_id = :bob", bob=quarter.bob)
    assert told("commission", line, "fact") == ["payment", "refund"]
    assert sorted(told("commission", line, "money")) == [
        "accrual",
        "maturity",
        "payout_approved",
        "payout_paid",
        "reversal",
    ]
    # a place, a booking, a referral and a customer tell of each other
    three = scalar("select id from establishment where name = 'Cafe Three'")
    booking = scalar("select id from booking where establishment_id = :id", id=three)
    referral, customer = (
        scalar(f"select {column} from referral where establishment_id = :id", id=three)
        for column in ("id", "customer_id")
    )
    facts = ["sign_up", "connection", "payment", "refund", "payment"]
    assert told("establishment", three, "deed") == [
        "booking.made",
        "booking.moved",
        "referral.made",
        "booking.connected",
    ]
    assert told("booking", booking, "fact") == ["sign_up", "connection"]
    for noun, id in (("establishment", three), ("referral", referral), ("customer", customer)):
        assert sorted(told(noun, id, "fact")) == sorted(facts), noun
        assert sorted(told(noun, id, "money")) == ["accrual", "accrual", "maturity", "reversal"], noun
    four = scalar("select id from establishment where name = 'Cafe Four'")
    assert told("establishment", four) == ["booking.made", "booking.moved", "booking.expired"]


def test_a_long_story_has_pages_and_counts(quarter: Quarter) -> None:
    whole = analytics.story("agent", quarter.alice, per_page=500)
    assert whole.page.total == len(whole.page.rows) == sum(whole.counts.values()) > 40
    moments = [row.at for row in whole.page.rows]
    assert moments == sorted(moments, reverse=True)
    first, last = (analytics.story("agent", quarter.alice, page=page, per_page=20) for page in (1, 99))
    assert [row.at for row in first.page.rows] == moments[:20]
    assert last.page.page == last.page.pages
    facts = analytics.story("agent", quarter.alice, source="fact")
    assert (facts.page.total, facts.counts) == (whole.counts["fact"], whole.counts)
    assert {row.name for row in facts.page.rows} == {"Cafe One", "Cafe Three"}
