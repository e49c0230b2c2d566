"""Where an agent stands: which connections count until when, what the next tier takes, how it came and will go."""

import datetime as dt

from erp.domain import commissions
from erp.domain.commissions.rules import Move, Tier, moves
from tests.support.cast import NOW
from tests.support.earnings import agent, commission, customer_of, days, paid, programme

BRONZE, SILVER, GOLD = Tier("Bronze", 0, 500), Tier("Silver", 2, 700), Tier("Gold", 3, 1000)
TIERS = [BRONZE, SILVER, GOLD]
WINDOW = dt.timedelta(days=10)


def test_tiers_rise_with_connections_and_fall_when_they_leave_the_window():
    assert moves([days(0), days(1), days(5), days(12)], WINDOW, TIERS) == [
        Move(days(1), 2, BRONZE, SILVER),
        Move(days(5), 3, SILVER, GOLD),
        Move(days(10), 2, GOLD, SILVER),  # the first has left
        Move(days(11), 1, SILVER, BRONZE),
        Move(days(12), 2, BRONZE, SILVER),
        Move(days(15), 1, SILVER, BRONZE),
    ]


def test_several_at_one_moment_are_one_move_and_one_that_replaces_another_is_none():
    assert moves([days(0)] * 3, WINDOW, TIERS) == [
        Move(days(0), 3, BRONZE, GOLD),
        Move(days(10), 0, GOLD, BRONZE),
    ]
    assert [move.at for move in moves([days(0), days(1), days(10)], WINDOW, TIERS)] == [days(1), days(11)]
    assert moves([], WINDOW, TIERS) == []


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
