"""What a back-test says is what the books would say under those terms."""

from __future__ import annotations

from erp.domain import backtests
from erp.kernel.db import db
from tests.backtests.conftest import results
from tests.support.earnings import accrue, connection, customer_of, days, paid, refunded


def test_under_its_own_terms_it_equals_the_books_to_the_kopeck(alice, bob, replayed):
    shops = [customer_of(alice, days(-30 + number)) for number in range(5)]
    accrue(*map(connection, shops))
    for number, shop in enumerate(shops):
        event = paid(shop, 12_345 + number, days(-20 + number))
        refunded(event, 1_111 * (number + 1), days(-10))
    paid(customer_of(bob, days(-3)), 70_001)
    reference = replayed(1)
    test = backtests.find(reference)
    assert test.state == "done"
    assert (test.agents, test.agents_done) == (2, 2)
    found = backtests.baseline(test.id)
    assert found.unequal == 0
    assert found.booked == found.cost > 0
    assert all(old == new for old, new in results(reference, 1).values())
    (version,) = backtests.versions(test.id)
    assert version.cost == found.booked


def test_another_rate_is_worth_what_it_says(alice, bob, draft, replayed):
    event = paid(customer_of(alice, days(-30)), 100_000)
    refunded(event, 40_000)
    paid(customer_of(bob, days(-30)), 50_000)
    reference = replayed(draft((0, 1_000)), draft((0, 250)))
    assert results(reference, 1) == {alice: (3_000, 6_000), bob: (2_500, 5_000)}
    assert results(reference, 2) == {alice: (3_000, 1_500), bob: (2_500, 1_250)}
    test = backtests.find(reference)
    assert [
        (row.position, row.winners, row.losers, row.same, row.won, row.lost)
        for row in backtests.movers(test.id)
    ] == [(1, 2, 0, 0, 5_500, 0), (2, 0, 2, 0, 0, -2_750)]
    ((month),) = backtests.months(test.id)
    assert (month.received, month.fee, month.costs) == (110_000, 0, {"0": 5_500, "1": 11_000, "2": 2_750})
    lines = backtests.lines(test, 1, alice).first(10)
    assert [(line.event_id, line.old_amount, line.new_amount, line.difference) for line in lines] == [
        (event, 3_000, 6_000, 3_000)
    ]
    assert [tuple(move) for move in backtests.moves(test.id, 1)] == [("Tier 0", "Tier 0", 2, 5_500)]
    assert backtests.distribution(test.id, 1) == [0, 0, 0, 0, 0, 2, 0, 0, 0]
    db.session.rollback()
