"""Facts that come twice, late, in parts or out of order: the books end where the facts lead."""

import pytest

from tests.support.earnings import (
    LATER,
    accrue,
    agent,
    balance,
    commission,
    connection,
    customer_of,
    days,
    lines,
    look,
    mature,
    net,
    nets,
    paid,
    pay_out,
    payment,
    programme,
    refund,
    refunded,
)


@pytest.fixture
def shop(alice):
    """A customer of Alice, who has no other: 5 %."""
    return customer_of(alice, days(-30), connected=False)


class TestDuplicates:
    def test_a_payment_told_twice_makes_one_line(self, shop):
        event = payment(shop, 100_000)
        assert [accrue(event), accrue(event), accrue(event, event)] == [1, 0, 0]
        assert lines(event) == [("accrual", 5_000)]

    def test_a_refund_told_twice_takes_back_once(self, shop):
        event = paid(shop, 100_000)
        back = refund(event, 40_000)
        assert [accrue(back), accrue(back), accrue(event), accrue(event, back)] == [1, 0, 0, 0]
        assert net(event) == 3_000

    def test_events_that_earn_nobody_anything_make_no_line(self, alice):
        customer = customer_of(alice)
        assert accrue(connection(customer)) == 0
        assert accrue(look("select id from event where kind = 'sign_up'")) == 0
        assert accrue(look("select max(id) + 1000 from event")) == 0

    def test_what_writes_nothing_leaves_no_trace_in_the_audit_log(self, shop):
        event = paid(shop, 100_000)
        before = look("select count(*) from audit_entry")
        accrue(event)
        assert look("select count(*) from audit_entry") == before


class TestLateness:
    def test_a_connection_told_late_trues_up_what_came_after_it(self, alice):
        customer = customer_of(alice, days(-20))
        before, after = paid(customer, 100_000, days(-11)), paid(customer, 100_000, days(-9))
        accrue(connection(customer_of(alice, days(-10))))
        assert lines(before) == [("accrual", 5_000)]
        assert lines(after) == [("accrual", 5_000), ("true_up", 2_000)]

    def test_a_connection_of_the_very_moment_of_the_payment_counts_when_told_late(self, alice):
        event = paid(customer_of(alice, days(-20)), 100_000, days(-9))
        accrue(connection(customer_of(alice, days(-9))))
        assert net(event) == 7_000

    def test_it_is_told_once(self, alice):
        customer = customer_of(alice, days(-20))
        after = paid(customer, 100_000, days(-9))
        late = connection(customer_of(alice, days(-10)))
        assert [accrue(late), accrue(late), accrue(after)] == [1, 0, 0]

    def test_the_difference_shares_the_hold_of_its_line(self, alice):
        customer = customer_of(alice, days(-20))
        event = paid(customer, 100_000, days(-9))
        accrue(connection(customer_of(alice, days(-10))))
        assert balance(alice) == {"pending": 7_000}
        assert mature() == 1
        assert balance(alice) == {"available": 7_000}
        assert commission(event).net == 7_000

    def test_a_difference_on_a_matured_line_is_available_at_once(self, alice):
        customer = customer_of(alice, days(-20))
        paid(customer, 100_000, days(-9))
        mature()
        accrue(connection(customer_of(alice, days(-10))))
        assert balance(alice) == {"available": 7_000}

    def test_two_late_connections_told_one_by_one_or_again_end_the_same(self, alice):
        customer = customer_of(alice, days(-20))
        event = paid(customer, 100_000, days(-5))
        late = [connection(customer_of(alice, days(-10))) for _ in range(3)]
        accrue(late[2])
        assert accrue(late[0], late[1], late[2]) == 0
        more = connection(customer_of(alice, days(-10)))
        accrue(late[0], late[2], more)
        assert net(event) == 10_000

    def test_a_duplicate_beside_news_does_not_hide_the_news(self, alice):
        customer = customer_of(alice, days(-20))
        event = paid(customer, 100_000, days(-5))
        first = connection(customer_of(alice, days(-10)))
        unheard = [connection(customer_of(alice, days(-10))) for _ in range(2)]
        newest = payment(customer_of(alice, days(-10), connected=False), 5_000, days(-4))
        accrue(first, newest)
        assert net(event) == 10_000
        accrue(*unheard, first, newest)
        assert net(event) == 10_000

    def test_a_refund_of_a_late_rise_takes_back_its_share_of_the_rise(self, alice):
        customer = customer_of(alice, days(-20))
        event = paid(customer, 100_000, days(-9))
        refunded(event, 50_000)
        accrue(connection(customer_of(alice, days(-10))))
        assert lines(event) == [
            ("accrual", 5_000),
            ("reversal", -2_500),
            ("reversal", -1_000),
            ("true_up", 2_000),
        ]
        assert net(event) == 3_500

    def test_a_late_payment_under_a_cap_trues_down_those_after_it_even_when_refunded_at_once(self, context):
        programme((0, 1000), key="capped", monthly_cap=10_000)
        anna = agent()
        customer = customer_of(anna, days(-20), programme="capped")
        after = paid(customer, 80_000, days(3))
        late = payment(customer, 70_000, days(2))
        accrue(late, refund(late, 70_000))
        assert (net(late), net(after)) == (0, 3_000)


class TestRefunds:
    def test_a_partial_refund_takes_back_its_share(self, alice, shop):
        event = paid(shop, 100_000)
        refunded(event, 25_000)
        assert lines(event) == [("accrual", 5_000), ("reversal", -1_250)]
        assert balance(alice) == {"pending": 3_750}

    @pytest.mark.parametrize("totals", [(333, 666, 1_000), (1, 2, 3, 999, 1_000), (1_000,)])
    def test_all_parts_together_take_back_exactly_all(self, shop, totals):
        event = paid(shop, 1_000)
        for total in totals:
            refunded(event, total)
        assert net(event) == 0
        assert commission(event).state == "reversed"

    def test_parts_told_in_any_order_and_twice_take_back_exactly_all(self, alice, shop):
        event = paid(shop, 1_010)
        first, second, third = refund(event, 300), refund(event, 700), refund(event, 1_010)
        for told in (third, first, third, second, first):
            accrue(told)
        assert net(event) == 0
        assert balance(alice) == {}

    def test_a_smaller_total_told_after_a_larger_one_gives_nothing_back(self, shop):
        event = paid(shop, 100_000)
        refunded(event, 80_000)
        refunded(event, 20_000)
        assert net(event) == 1_000

    def test_a_duplicate_that_runs_ahead_of_the_next_part_does_not_stand_in_its_way(self, shop):
        event = paid(shop, 100_000)
        first = refunded(event, 20_000)
        second = refund(event, 50_000)
        accrue(first)
        accrue(second)
        third = refund(event, 100_000)
        accrue(first, second)
        accrue(third)
        assert net(event) == 0

    def test_a_refund_heard_of_before_its_payment_accrues_and_takes_back_together(self, shop):
        event = payment(shop, 100_000)
        back = refund(event, 60_000)
        assert accrue(back) == 2
        assert accrue(event) == 0
        assert lines(event) == [("accrual", 5_000), ("reversal", -3_000)]

    def test_before_maturity_it_comes_from_what_is_pending(self, alice, shop):
        event = paid(shop, 100_000)
        other = paid(shop, 60_000)
        refunded(event, 100_000)
        assert balance(alice) == {"pending": 3_000}
        mature()
        assert balance(alice) == {"available": 3_000}
        assert net(other) == 3_000

    def test_after_maturity_it_comes_from_what_is_available(self, alice, shop):
        event = paid(shop, 100_000)
        mature()
        paid(shop, 60_000)
        refunded(event, 100_000)
        assert balance(alice) == {"pending": 3_000}

    def test_after_the_payout_it_is_a_debt_that_the_next_commission_repays(self, alice, shop):
        event = paid(shop, 400_000)
        mature()
        pay_out(alice)
        refunded(event, 100_000, LATER)
        assert balance(alice) == {"available": -5_000}
        paid(shop, 240_000, LATER)
        mature(days(365 + 15))
        assert balance(alice) == {"available": 7_000}


class TestOrder:
    def facts(self, agent_id):
        """Three customers, a crossed tier, five payments and refunds of two of them, all recorded only."""
        first = customer_of(agent_id, days(-40))
        payments = [payment(first, 10_001, days(-35)), payment(first, 20_003, days(-20))]
        second = customer_of(agent_id, days(-30))
        payments += [payment(second, 30_007, days(-29)), payment(second, 999, days(-3))]
        third = customer_of(agent_id, days(-10))
        payments += [payment(third, 7_777, days(-9))]
        refunds = [refund(payments[1], 5_000), refund(payments[1], 20_003), refund(payments[4], 1_111)]
        return [connection(first), *payments, connection(second), *refunds, connection(third)]

    def test_a_batch_is_as_good_as_one_by_one(self, alice, bob):
        together, one_by_one = self.facts(alice), self.facts(bob)
        accrue(*together)
        for event in one_by_one:
            accrue(event)
        mature()
        assert balance(alice) == balance(bob) != {}
        assert sorted(nets([alice]).values()) == sorted(nets([bob]).values())

    def test_backwards_is_as_good_as_forwards(self, alice, bob):
        for event in self.facts(alice):
            accrue(event)
        for event in reversed(self.facts(bob)):
            accrue(event)
        assert balance(alice) == balance(bob) != {}
