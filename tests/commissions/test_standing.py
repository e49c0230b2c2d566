"""Where an agent stands: which connections count until when, what the next tier takes, how it came and will go."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from erp.domain import commissions
from erp.domain.commissions.rules import Change, Move, Tier, Window, graced, moves, steps
from tests.support.cast import NOW
from tests.support.earnings import accrue, agent, commission, customer_of, days, paid, programme, refund

BRONZE, SILVER, GOLD = Tier("Bronze", 0, 500), Tier("Silver", 2, 700), Tier("Gold", 3, 1000)
TIERS = [BRONZE, SILVER, GOLD]
ZONE = ZoneInfo("Europe/Moscow")


TEN_DAYS = Window("rolling", 10, ZONE)


def moved(moments, window=TEN_DAYS, grace=0):
    """The moves of somebody who connected places at these moments."""
    changes = [Change(at, 1) for at in moments]
    taken = graced(steps(changes, window.counts), dt.timedelta(days=grace))
    return moves(taken, TIERS, changes, has_grace=grace > 0)


def test_tiers_rise_with_connections_and_fall_when_they_leave_the_window():
    assert moved([days(0), days(1), days(5), days(12)]) == [
        Move(days(1), 2, BRONZE, SILVER, "reached"),
        Move(days(5), 3, SILVER, GOLD, "reached"),
        Move(days(10), 2, GOLD, SILVER, "window_over"),  # the first has left
        Move(days(11), 1, SILVER, BRONZE, "window_over"),
        Move(days(12), 2, BRONZE, SILVER, "reached"),
        Move(days(15), 1, SILVER, BRONZE, "window_over"),
    ]


def test_several_at_one_moment_are_one_move_and_one_that_replaces_another_is_none():
    assert moved([days(0)] * 3) == [
        Move(days(0), 3, BRONZE, GOLD, "reached"),
        Move(days(10), 0, GOLD, BRONZE, "window_over"),
    ]
    assert [move.at for move in moved([days(0), days(1), days(10)])] == [days(1), days(11)]
    assert moved([]) == []


def test_the_standing_agrees_with_what_a_payment_now_would_earn(context):
    programme((0, 500), (2, 700), (4, 1000))
    anna = agent()
    old, *_others = (customer_of(anna, days(ago)) for ago in (-90, -60, -30, 0))
    customer_of(anna, days(-1), connected=False)  # a company brings money, not a tier
    (standing,) = commissions.standing(anna, NOW)
    assert [counted.connected_at for counted in standing.counted] == [days(-60), days(-30), days(0)]
    assert [counted.counts_until for counted in standing.counted] == [days(30), days(60), days(90)]
    assert (standing.volume, standing.tier.rate_bps, standing.missing) == (3, 700, 1)
    assert [(move.at, move.volume) for move in standing.moves] == [(days(-60), 2), (days(60), 1)]
    line = commission(paid(old, 100_000, NOW))
    assert (line.volume, line.rate_bps) == (standing.volume, standing.tier.rate_bps)


def test_grace_keeps_a_tier_and_a_month_ends_it():
    assert [(move.at, move.after, move.why) for move in moved([days(0), days(1)], grace=3)] == [
        (days(1), SILVER, "reached"),
        (days(13), BRONZE, "grace_over"),
    ]
    april = dt.datetime(2026, 4, 1, tzinfo=ZONE)
    assert [(move.at, move.after) for move in moved([days(0), days(1)], Window("month", None, ZONE))] == [
        (days(1), SILVER),
        (april, BRONZE),
    ]
    march = dt.datetime(2026, 3, 1, tzinfo=ZONE)
    whole = moved([days(0), days(1)], Window("month", None, ZONE, retroactive=True))
    assert [move.at for move in whole] == [march, april]


@pytest.mark.parametrize("window_kind", ["rolling", "month", "quarter", "lifetime"])
def test_standing_by_revenue_agrees_with_what_a_payment_earned(context, window_kind):
    programme((0, 500), (20_000, 1000), measure="revenue", window_kind=window_kind)
    anna = agent()
    customer = customer_of(anna, days(-200))
    early, last = paid(customer, 15_000, days(-1)), paid(customer, 10_000, NOW)
    (standing,) = commissions.standing(anna, NOW)
    assert (standing.volume, standing.tier.rate_bps) == (25_000, 1000)
    assert (commission(last).volume, commission(last).rate_bps) == (standing.volume, 1000)
    accrue(refund(early, 15_000, days(1)))
    (later,) = commissions.standing(anna, days(2))
    assert (later.volume, later.tier.rate_bps, later.missing) == (10_000, 500, 10_000)
    assert later.moves[1].why == "went_back"
    assert later.next_worth == 750  # of 150.00 at 5 %; the other line has earned 10 % already
