"""How much of a payment is earned: the tier at its time, the agent's share, rounding and the monthly cap."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from tests.support.cast import live_in
from tests.support.earnings import (
    accrue,
    agent,
    commission,
    customer_of,
    days,
    lines,
    look,
    net,
    new_terms,
    paid,
    payment,
    programme,
    refunded,
    share,
)

MICROSECOND = dt.timedelta(microseconds=1)


def connect(agent_id, number, at):
    return [customer_of(agent_id, at) for _ in range(number)]


def test_without_enough_connections_the_lowest_tier_pays(alice):
    customer = customer_of(alice, days(-1), connected=False)
    line = commission(paid(customer, 100_000))
    assert (line.amount, line.rate_bps, line.volume, line.tier_name) == (5_000, 500, 0, "Tier 0")


def test_connections_raise_the_tier_from_their_number_on(alice):
    customer, *_ = connect(alice, 3, days(-10))
    assert commission(paid(customer, 100_000)).rate_bps == 700
    connect(alice, 1, days(-10))
    assert commission(paid(customer, 100_000)).rate_bps == 1000


def test_a_connection_at_the_very_moment_of_the_payment_counts(alice):
    customer, *_ = connect(alice, 2, days(0))
    assert commission(paid(customer, 100_000, days(0))).volume == 2
    assert commission(paid(customer, 100_000, days(0) - MICROSECOND)).volume == 0


def test_a_connection_exactly_as_old_as_the_window_does_not_count(alice):
    customer, *_ = connect(alice, 2, days(-90))
    assert commission(paid(customer, 100_000, days(0) - MICROSECOND)).rate_bps == 700
    assert commission(paid(customer, 100_000, days(0))).rate_bps == 500


@pytest.mark.parametrize("zone", ["Europe/Helsinki", "America/New_York"])
def test_a_day_is_24_hours_in_whatever_zone_the_database_lives(alice, database, superuser, zone):
    live_in(zone, database, superuser)
    in_summer = dt.datetime(2026, 4, 20, 12, tzinfo=dt.UTC)
    customer = customer_of(alice, in_summer - dt.timedelta(days=90))
    customer_of(alice, in_summer - dt.timedelta(days=90) + MICROSECOND)
    assert commission(paid(customer, 100_000, in_summer)).volume == 1
    in_autumn = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)
    held = commission(paid(customer, 100_000, in_autumn)).available_at
    assert held == in_autumn + dt.timedelta(days=14)


def test_the_tier_is_that_of_the_payments_time_not_of_its_arrival(alice):
    customer = customer_of(alice, days(-200), connected=False)
    connect(alice, 4, days(-1))
    assert commission(paid(customer, 100_000, days(-2))).rate_bps == 500


def test_only_the_agents_own_connections_count(alice, bob):
    customer = customer_of(alice, days(-5))
    connect(bob, 4, days(-5))
    assert commission(paid(customer, 100_000)).volume == 1


def test_only_connections_of_the_programme_count(alice):
    programme((0, 300), key="crm")
    customer = customer_of(alice, days(-5))
    for _ in range(4):
        customer_of(alice, days(-5), programme="crm")
    assert commission(paid(customer, 100_000)).volume == 1


@pytest.mark.parametrize(
    ("amount", "earned"),
    [(1, 0), (9, 0), (10, 1), (29, 1), (30, 2), (50, 3), (99_999, 5_000), (100_009, 5_000), (100_010, 5_001)],
)
def test_halves_are_rounded_up(alice, amount, earned):
    assert net(paid(customer_of(alice, days(-1)), amount)) == earned


def test_a_payment_that_earns_nothing_keeps_its_line(alice):
    payment = paid(customer_of(alice, days(-1)), 9)
    assert lines(payment) == [("accrual", 0)]


def test_who_was_referred_keeps_the_terms_when_new_ones_come(superapp, alice):
    before = customer_of(alice, days(-20), connected=False)
    new_terms(superapp, (0, 2000), at=days(-10))
    after = customer_of(alice, days(-5), connected=False)
    assert commission(paid(before, 100_000)).rate_bps == 500
    assert commission(paid(after, 100_000)).rate_bps == 2000


def test_a_sign_up_told_late_is_under_the_terms_of_its_day(superapp, alice):
    new_terms(superapp, (0, 2000), at=days(-10))
    assert commission(paid(customer_of(alice, days(-20)), 100_000)).rate_bps == 500


def test_connections_under_old_terms_count_for_the_tiers_of_new_ones(superapp, alice):
    connect(alice, 2, days(-20))
    new_terms(superapp, (0, 100), (3, 2000), at=days(-10))
    assert commission(paid(customer_of(alice, days(-5)), 100_000)).rate_bps == 2000


def test_a_payment_is_parted_so_that_the_parts_are_the_whole(alice, bob):
    carol = agent()
    customer = customer_of(alice, days(-1), connected=False)
    parts = {alice: 3_333, bob: 3_333, carol: 3_334}
    share(customer, parts)
    payment = paid(customer, 100)
    bases = {id: commission(payment, id).base for id in parts}
    assert bases == {alice: 33, bob: 33, carol: 34}
    odd = paid(customer, 101)
    assert sum(commission(odd, id).base for id in parts) == 101


def test_equal_remainders_go_to_the_first_agents_by_id(alice, bob):
    customer = customer_of(alice, days(-1), connected=False)
    share(customer, {alice: 5_000, bob: 5_000})
    payment = paid(customer, 1_001)
    first, second = sorted((alice, bob))
    assert (commission(payment, first).base, commission(payment, second).base) == (501, 500)


class TestMonthlyCap:
    """A programme of 10 % that pays an agent at most 100.00 in a calendar month of Vladivostok."""

    VLADIVOSTOK = ZoneInfo("Asia/Vladivostok")

    @pytest.fixture
    def anna(self, context):
        programme((0, 1000), key="capped", zone="Asia/Vladivostok", monthly_cap=10_000)
        return agent()

    @pytest.fixture
    def shop(self, anna):
        return customer_of(anna, days(-60), programme="capped")

    def test_what_exceeds_the_cap_is_not_earned(self, shop):
        payments = [
            paid(shop, amount, days(number)) for number, amount in enumerate((60_000, 30_000, 30_000, 5_000))
        ]
        assert [net(payment) for payment in payments] == [6_000, 3_000, 1_000, 0]
        assert [commission(payment).amount for payment in payments] == [6_000, 3_000, 1_000, 0]

    def test_all_customers_of_an_agent_share_it(self, anna, shop):
        other = customer_of(anna, days(-60), programme="capped")
        paid(shop, 90_000, days(0))
        assert net(paid(other, 90_000, days(1))) == 1_000

    def test_another_agent_has_one_of_their_own(self, shop):
        paid(shop, 100_000, days(0))
        assert net(paid(customer_of(agent(), days(-60), programme="capped"), 90_000, days(1))) == 9_000

    def test_it_begins_anew_at_midnight_in_the_zone_of_the_programme(self, shop):
        april = dt.datetime(2026, 4, 1, tzinfo=self.VLADIVOSTOK)
        last = paid(shop, 200_000, april - MICROSECOND)
        first = paid(shop, 50_000, april)
        assert (net(last), net(first)) == (10_000, 5_000)
        assert april.astimezone(dt.UTC).month == 3

    def test_a_payment_told_late_takes_its_place_in_the_month(self, shop):
        later = paid(shop, 60_000, days(2))
        earlier = paid(shop, 70_000, days(1))
        assert (net(earlier), net(later)) == (7_000, 3_000)
        assert lines(later) == [("accrual", 6_000), ("true_up", -3_000)]

    def test_it_counts_what_was_earned_before_refunds(self, shop):
        from_this = paid(shop, 100_000, days(0))
        next_one = paid(shop, 50_000, days(1))
        assert net(next_one) == 0
        assert net(from_this) == 10_000


class TestEvidence:
    def test_only_what_the_bank_confirmed_earns_unless_the_terms_take_the_owners_word(self, context):
        programme((0, 500), key="strict")
        programme((0, 500), key="trusting", evidence="attested")
        earned = []
        for key in ("strict", "trusting"):
            shop = customer_of(agent(), days(-30), connected=False, programme=key)
            told = [payment(shop, 100_000, evidence=evidence) for evidence in ("attested", "bank_checked")]
            accrue(*told)
            earned.append(
                [look("select sum(amount) from commission where event_id = :id", id=id) for id in told]
            )
        assert earned == [[None, 5_000], [5_000, 5_000]]

    def test_a_refund_of_what_did_not_count_takes_nothing(self, alice):
        event = payment(customer_of(alice, days(-30)), 100_000, evidence="attested")
        refunded(event, 50_000)
        assert look("select count(*) from commission") == 0

    def test_what_did_not_count_uses_up_no_cap(self, context):
        programme((0, 1000), key="capped", monthly_cap=10_000)
        shop = customer_of(agent(), days(-30), connected=False, programme="capped")
        accrue(payment(shop, 90_000, days(0), evidence="attested"))
        event = paid(shop, 90_000, days(1))
        assert commission(event).amount == 9_000
