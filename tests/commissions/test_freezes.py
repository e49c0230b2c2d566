"""What is frozen waits for a person, and goes on from there."""

import pytest

from erp.domain import agents, commissions
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import (
    accrue,
    agent,
    balance,
    commission,
    connection,
    contested,
    customer_of,
    days,
    decide,
    lines,
    mature,
    net,
    paid,
    programme,
    refunded,
)


def suspend(agent_id):
    with transaction():
        agents.suspend(agent_id, "a test", by=SOMEBODY, now=NOW)


def let_go(agent_id):
    """Lift the suspension and do what its job would do."""
    with transaction():
        agents.activate(agent_id, by=SOMEBODY, now=NOW)
    with transaction():
        return commissions.release_frozen_of_agent(agent_id, by=SOMEBODY, now=NOW)


class TestSuspension:
    @pytest.fixture
    def shop(self, alice):
        return customer_of(alice, days(-30), connected=False)

    def test_lines_of_a_suspended_agent_accrue_frozen(self, alice, shop):
        suspend(alice)
        line = commission(paid(shop, 100_000))
        assert (line.state, line.freeze_reason) == ("frozen", "agent_suspended")
        assert balance(alice) == {"frozen": 5_000}

    def test_they_do_not_mature(self, alice, shop):
        suspend(alice)
        paid(shop, 100_000)
        assert mature() == 0
        assert balance(alice) == {"frozen": 5_000}

    def test_lines_from_before_go_on_as_they_were(self, alice, shop):
        paid(shop, 100_000)
        suspend(alice)
        assert mature() == 1
        assert balance(alice) == {"available": 5_000}

    def test_a_refund_takes_from_what_is_frozen(self, alice, shop):
        suspend(alice)
        refunded(paid(shop, 100_000), 40_000)
        assert balance(alice) == {"frozen": 3_000}

    def test_lifting_it_lets_them_go_to_their_ordinary_hold(self, alice, shop):
        suspend(alice)
        event = paid(shop, 100_000)
        refunded(event, 40_000)
        assert let_go(alice) == 1
        assert balance(alice) == {"pending": 3_000}
        assert commission(event).state == "on_hold"
        assert mature(days(13)) == 0
        assert mature(days(14)) == 1
        assert balance(alice) == {"available": 3_000}

    def test_a_line_that_was_taken_back_whole_is_let_go_without_money(self, alice, shop):
        suspend(alice)
        refunded(paid(shop, 100_000), 100_000)
        assert let_go(alice) == 1
        assert mature() == 1
        assert balance(alice) == {}

    def test_a_second_suspension_freezes_only_what_comes_after(self, alice, shop):
        suspend(alice)
        paid(shop, 100_000)
        let_go(alice)
        suspend(alice)
        paid(shop, 20_000)
        assert balance(alice) == {"pending": 5_000, "frozen": 1_000}
        assert let_go(alice) == 1
        assert balance(alice) == {"pending": 6_000}

    def test_nobody_elses_lines_are_let_go(self, alice, bob, shop):
        suspend(alice)
        suspend(bob)
        paid(shop, 100_000)
        paid(customer_of(bob, days(-3)), 100_000)
        let_go(bob)
        assert balance(alice) == {"frozen": 5_000}


class TestCases:
    @pytest.fixture
    def shop(self, alice, bob):
        """Alice had booked it; it signed up with Bob's code."""
        return contested(alice, bob, days(-30))

    def test_lines_accrue_frozen_while_a_case_is_open(self, alice, bob, shop):
        line = commission(paid(shop, 100_000))
        assert (line.agent_id, line.freeze_reason) == (alice, "attribution_case")
        assert (balance(alice), balance(bob)) == ({"frozen": 5_000}, {})
        assert mature() == 0

    def test_upheld_the_holder_keeps_what_was_earned(self, alice, bob, shop):
        paid(shop, 100_000)
        decide(shop, "uphold")
        assert (balance(alice), balance(bob)) == ({"pending": 5_000}, {})
        paid(shop, 20_000)
        assert balance(alice) == {"pending": 6_000}

    def test_transferred_the_other_agent_gets_it_line_by_line(self, alice, bob, shop):
        first, second = paid(shop, 100_000, days(-20)), paid(shop, 40_000, days(-10))
        refunded(second, 20_000)
        decide(shop, "transfer")
        assert (balance(alice), balance(bob)) == ({}, {"pending": 6_000})
        assert (net(first, alice), net(first, bob)) == (0, 5_000)
        assert (net(second, alice), net(second, bob)) == (0, 1_000)

    def test_later_payments_are_the_other_agents(self, alice, bob, shop):
        decide(shop, "transfer")
        event = paid(shop, 100_000)
        assert [(net(event, alice)), net(event, bob)] == [0, 5_000]

    def test_a_refund_after_the_transfer_is_taken_from_the_other_agent(self, alice, bob, shop):
        event = paid(shop, 100_000, days(-20))
        decide(shop, "transfer")
        refunded(event, 100_000)
        assert (balance(alice), balance(bob)) == ({}, {})

    def test_settling_again_changes_nothing(self, alice, bob, shop):
        event = paid(shop, 100_000, days(-20))
        decide(shop, "transfer")
        before = lines(event)
        accrue(event)
        assert lines(event) == before

    def test_the_connection_goes_with_it_and_so_do_tiers(self, alice, bob, shop):
        of_alice, of_bob = customer_of(alice, days(-40)), customer_of(bob, days(-40))
        hers, his = paid(of_alice, 100_000, days(-20)), paid(of_bob, 100_000, days(-20))
        earlier = paid(of_alice, 100_000, days(-35))
        assert (net(hers), net(his), net(earlier)) == (7_000, 5_000, 5_000)
        decide(shop, "transfer")
        assert (net(hers), net(his), net(earlier)) == (5_000, 7_000, 5_000)

    def test_room_under_the_cap_goes_with_it(self, context):
        programme((0, 1000), key="capped", monthly_cap=10_000)
        anna, boris = agent(), agent()
        shop = contested(anna, boris, days(-30), programme="capped")
        own = customer_of(anna, days(-30), programme="capped")
        paid(shop, 90_000, days(0))
        hers = paid(own, 50_000, days(1))
        assert net(hers) == 1_000
        decide(shop, "transfer")
        assert net(hers) == 5_000
        assert balance(boris) == {"pending": 9_000}

    def test_two_transfers_may_both_correct_one_line(self, context):
        programme((0, 500), (3, 700), (4, 1000))
        alice, bob = agent(), agent()
        one, two = contested(alice, bob, days(-30)), contested(alice, bob, days(-30))
        own, _ = customer_of(alice, days(-30)), customer_of(alice, days(-30))
        event = paid(own, 100_000, days(-20))
        decide(one, "transfer")
        accrue(event, connection(own))
        decide(two, "transfer")
        assert lines(event) == [("accrual", 10_000), ("true_up", -3_000), ("true_up", -2_000)]
