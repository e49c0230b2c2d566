"""What is frozen for a closed agent goes the way that its terms say, and what it had earned is paid."""

import pytest

from erp.domain import agents, bookings, commissions, payouts
from erp.kernel import audit
from erp.kernel.errors import Invalid
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import (
    LATER,
    agent,
    balance,
    commission,
    contested,
    customer_of,
    days,
    decide,
    look,
    mature,
    new_terms,
    paid,
    pay_out,
    place,
    programme,
    refunded,
)


@pytest.fixture
def harsh(context):
    """5 % under terms by which a closed agent forfeits."""
    programme((0, 500), key="harsh", on_agent_closed="forfeit")


@pytest.fixture
def carol(harsh):
    return agent()


def shop_of(agent_id, key="superapp"):
    return customer_of(agent_id, days(-30), connected=False, programme=key)


def close(agent_id, now=NOW):
    with transaction():
        agents.close(agent_id, by=SOMEBODY, now=now)


def suspend(agent_id):
    with transaction():
        agents.suspend(agent_id, "a test", by=SOMEBODY, now=NOW)


def forfeit(now=NOW):
    with transaction():
        return commissions.forfeit_of_closed(by=SOMEBODY, now=now)


def settle(agent_id, note="A letter of 3 March"):
    with transaction():
        return commissions.settle_with_closed(agent_id, note, by=SOMEBODY, now=NOW)


def told(event, agent_id=None):
    return [sentence.plain() for sentence in commissions.explain(commission(event, agent_id).id)]


class TestKeptForASettlement:
    def test_what_is_paid_after_the_closing_stays_frozen_until_it_is_settled(self, alice):
        shop = shop_of(alice)
        close(alice)
        event = paid(shop, 100_000)
        assert (mature(LATER), forfeit(), balance(alice)) == (0, 0, {"frozen": 5_000})
        assert told(event)[-2].endswith("When all is settled with the agent, it is let go.")
        assert settle(alice) == 1
        assert balance(alice) == {"pending": 5_000}
        assert mature(days(14)) == 1
        (deed,) = [deed for deed in audit.history("agent", alice) if deed.action == "agent.settled"]
        assert deed.details == {"note": "A letter of 3 March", "lines": 1}

    def test_what_comes_after_a_settlement_waits_for_the_next_one(self, alice):
        shop = shop_of(alice)
        close(alice)
        paid(shop, 100_000)
        settle(alice)
        paid(shop, 100_000)
        assert balance(alice) == {"pending": 5_000, "frozen": 5_000}

    def test_what_was_frozen_by_a_suspension_before_is_settled_too(self, alice):
        suspend(alice)
        paid(shop_of(alice), 100_000)
        close(alice)
        assert settle(alice) == 1
        assert balance(alice) == {"pending": 5_000}

    def test_nothing_is_settled_with_an_agent_who_is_not_closed_nor_without_a_word(self, alice):
        suspend(alice)
        paid(shop_of(alice), 100_000)
        with pytest.raises(commissions.NothingKept):
            settle(alice)
        with pytest.raises(Invalid):
            settle(alice, " ")


class TestForfeited:
    def test_what_is_paid_after_the_closing_goes_back_to_the_owner(self, carol):
        shop = shop_of(carol, "harsh")
        close(carol)
        event = paid(shop, 100_000)
        assert balance(carol) == {"frozen": 5_000}
        assert (forfeit(days(1)), forfeit(days(1))) == (1, 0)
        assert balance(carol) == {}
        line = commission(event)
        assert (line.state, line.amount, line.net) == ("forfeited", 5_000, 0)
        assert told(event)[-1].startswith("It was forfeited on ")
        with pytest.raises(commissions.NothingKept):
            settle(carol)

    def test_a_refund_before_it_leaves_only_the_rest_to_forfeit(self, carol):
        shop = shop_of(carol, "harsh")
        close(carol)
        refunded(paid(shop, 100_000), 40_000)
        forfeit()
        assert look("select amount from forfeiture") == 3_000
        assert balance(carol) == {}

    def test_a_refund_after_it_moves_no_money_and_is_told(self, carol):
        shop = shop_of(carol, "harsh")
        close(carol)
        event = paid(shop, 100_000)
        forfeit()
        refunded(event, 40_000)
        refunded(event, 100_000)
        assert balance(carol) == {}
        assert commission(event).state == "forfeited"
        assert any("the customer was refunded" in sentence for sentence in told(event))

    def test_a_line_that_was_taken_back_whole_is_forfeited_without_money(self, carol):
        shop = shop_of(carol, "harsh")
        close(carol)
        refunded(paid(shop, 100_000), 100_000)
        assert forfeit() == 1
        assert look("select amount from forfeiture") == 0

    def test_the_terms_that_the_customer_is_pinned_to_decide(self, alice, superapp):
        pinned_before = shop_of(alice)
        new_terms(superapp, (0, 500), at=NOW, on_agent_closed="forfeit")
        pinned_after = customer_of(alice, days(1), connected=False)
        close(alice)
        paid(pinned_before, 100_000, days(2))
        paid(pinned_after, 200_000, days(2))
        assert forfeit() == 1
        assert balance(alice) == {"frozen": 5_000}

    def test_what_was_earned_before_the_closing_is_not_touched(self, carol):
        paid(shop_of(carol, "harsh"), 100_000)
        close(carol)
        assert forfeit() == 0
        assert mature(days(14)) == 1
        assert balance(carol) == {"available": 5_000}

    def test_what_a_suspension_froze_is_forfeited_with_the_closing(self, carol):
        suspend(carol)
        paid(shop_of(carol, "harsh"), 100_000)
        assert forfeit() == 0
        close(carol)
        assert forfeit() == 1


def test_a_case_decided_for_a_closed_agent_leaves_its_lines_frozen_for_that(alice, bob):
    disputed = contested(alice, bob, days(-5))
    close(alice)
    event = paid(disputed, 100_000)
    decide(disputed, "uphold")
    line = commission(event)
    assert (line.state, line.freeze_reason) == ("frozen", "agent_closed")
    assert settle(alice) == 1


def test_a_closed_agent_is_paid_what_it_had_earned_however_little(alice):
    paid(shop_of(alice), 100_000)
    mature(LATER)
    close(alice)
    assert pay_out(alice)
    assert balance(alice) == {}


def test_a_closed_agent_who_was_never_verified_is_not_paid(superapp):
    dave = agent(state="pending")
    paid(shop_of(dave), 400_000)
    mature(LATER)
    close(dave)
    (candidate,) = payouts.candidates("RUB")
    assert candidate.reason == payouts.LeftOut.NOT_ACTIVE


def test_the_places_of_a_closed_agent_are_free_again(alice):
    held = place()
    with transaction():
        bookings.book(alice, held.id, by=SOMEBODY, now=NOW)
    close(alice)
    assert (
        look("select job from outbox where subject = :id", id=str(alice))
        == "erp.jobs.bookings.release_of_agent"
    )
    with transaction():
        assert bookings.release_of_agent(alice, by=SOMEBODY, now=NOW) == 1
    assert look("select ending from booking") == "released"
