"""Why this amount, as sentences and as figures."""

import pytest

from erp.domain import agents, commissions
from erp.kernel.errors import NotFound
from erp.kernel.sentences import Amount, formatted
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import (
    LATER,
    accrue,
    agent,
    commission,
    connection,
    contested,
    customer_of,
    days,
    decide,
    mature,
    paid,
    pay_out,
    programme,
    refunded,
    share,
)


@pytest.fixture
def shop(alice):
    return customer_of(alice, days(-30))


def told(event, agent_id=None):
    """What is said of a payment's commission, in English."""
    return [sentence.plain() for sentence in commissions.explain(commission(event, agent_id).id)]


def rub(amount):
    return formatted(Amount(round(float(amount) * 100), "RUB"), "en")


def on(day):
    return formatted(days(day), "en")


def figures(event, agent_id=None):
    return commissions.formula(commission(event, agent_id).id)


def source(event):
    return commission(event).source_id


def test_a_plain_commission_leads_from_the_payment_to_the_hold(shop):
    event = paid(shop, 99_990)
    assert told(event) == [
        f"On {on(0)} the customer paid {rub('999.90')}; the bank confirmed it ({source(event)}).",
        "These terms count only payments that the bank has confirmed.",
        "The referral is pinned to version 1 of the terms of Superapp. Connections in the 90 days before the payment: 1. That is tier Tier 0: 5\u00a0%.",
        f"{rub('999.90')} × 5\u00a0% = {rub('50.00')}, rounded half up to a hundredth.",
        f"It is on hold until {on(14)}, in case the customer is refunded.",
    ]
    assert figures(event) == {
        "payment": 99_990,
        "base": 99_990,
        "rate_bps": 500,
        "whole_bps": 10_000,
        "volume": 1,
        "window_days": 90,
        "uncapped": 5_000,
        "monthly_cap": None,
        "accrued": 5_000,
        "trued_up": 0,
        "reversed": 0,
        "net": 5_000,
        "paid_out": 0,
    }


def test_a_matured_one_says_since_when_it_is_available(shop):
    event = paid(shop, 100_000)
    mature(days(20))
    assert told(event)[-1] == f"Its hold ended and it became available on {on(20)}."


def test_a_part_says_what_it_is_a_part_of(alice, bob):
    shop = customer_of(alice, days(-30))
    share(shop, {alice: 2_500, bob: 7_500})
    event = paid(shop, 100_000)
    assert told(event, alice)[2] == f"The agent's share of that payment is {rub('250.00')}."
    assert f"{rub('250.00')} × 5\u00a0% = {rub('12.50')}, rounded half up to a hundredth." in told(
        event, alice
    )
    assert (figures(event, alice)["base"], figures(event, bob)["base"]) == (25_000, 75_000)


def test_a_capped_one_says_what_the_cap_left(context):
    programme((0, 1000), key="capped", monthly_cap=10_000)
    shop = customer_of(agent(), days(-30), programme="capped")
    paid(shop, 70_000, days(0))
    event = paid(shop, 50_000, days(1))
    assert told(event)[4] == f"The cap of {rub('100.00')} a calendar month left {rub('30.00')} of it."
    given = figures(event)
    assert (given["uncapped"], given["monthly_cap"], given["accrued"], given["net"]) == (
        5_000,
        10_000,
        3_000,
        3_000,
    )


def test_a_refunded_one_says_what_was_taken_back_and_what_is_left(shop):
    event = paid(shop, 100_000)
    refunded(event, 40_000, days(3))
    assert told(event)[4:6] == [
        f"On {on(3)} the customer was refunded, {rub('400.00')} in all by then; that share is taken"
        f" back: {rub('-20.00')}.",
        f"That leaves {rub('30.00')}.",
    ]
    given = figures(event)
    assert (given["accrued"], given["reversed"], given["net"]) == (5_000, -2_000, 3_000)


def test_one_refunded_whole_holds_nothing_any_more(shop):
    event = paid(shop, 100_000)
    refunded(event, 100_000, days(3))
    assert told(event)[-1] == f"That leaves {rub('0.00')}."


def test_one_corrected_late_says_by_which_fact(alice, shop):
    event = paid(shop, 100_000)
    late = connection(customer_of(alice, days(-10)))
    accrue(late)
    when, *_ = told(event)[4].split(" a fact")
    assert when.startswith("On ")
    customer_id = told(event)[4].split("(")[1].split(")")[0]
    assert customer_id.startswith("connection:")
    assert told(event)[4].endswith(f"; the difference is {rub('20.00')}.")
    assert told(event)[5] == f"That leaves {rub('70.00')}."
    given = figures(event)
    assert (given["accrued"], given["trued_up"], given["net"]) == (5_000, 2_000, 7_000)


def test_one_whose_customer_was_moved_to_another_agent_says_so_on_both_sides(alice, bob):
    moved = contested(alice, bob, days(-5))
    event = paid(moved, 100_000, days(-4))
    mine, theirs = paid(customer_of(alice, days(-5)), 100_000), paid(customer_of(bob, days(-5)), 100_000)
    decide(moved, "transfer", now=days(1))
    assert told(event, alice)[4:] == [
        f"On {on(1)} it was decided that another agent brought this customer; the commission goes to them:"
        f" {rub('-50.00')}.",
        f"That leaves {rub('0.00')}.",
    ]
    assert told(event, bob)[2] == (
        f"On {on(1)} it was decided that the agent brought this customer, so what had been paid by then counts too."
    )
    for line, difference in ((mine, "-20.00"), (theirs, "20.00")):
        assert told(line)[4] == (
            f"On {on(1)} it was decided that another agent brought a customer, which changes what is counted here;"
            f" the difference is {rub(difference)}."
        )
    late = connection(customer_of(alice, days(-3)))
    accrue(late)
    assert f"a fact became known late ({told(mine)[5].split('(')[1].split(')')[0]})" in told(mine)[5]


def test_a_frozen_one_says_why(alice, bob, shop):
    disputed = paid(contested(alice, bob, days(-5)), 100_000)
    why, otherwise = told(disputed)[-2:]
    assert why == "It is frozen while it is decided who brought this customer."
    assert otherwise.endswith(
        "a programme manager decides; if nobody does, it stays frozen until somebody does."
    )
    with transaction():
        agents.suspend(alice, "a test", by=SOMEBODY, now=NOW)
    assert told(paid(shop, 100_000))[-2] == "It is frozen because the agent is suspended."


def test_one_paid_out_names_the_payout(alice, shop):
    event = paid(shop, 400_000)
    mature(LATER)
    payout = pay_out(alice)
    assert told(event)[-1] == f"{rub('200.00')} of it was paid out by the bank with {payout}."
    assert (figures(event)["net"], figures(event)["paid_out"]) == (20_000, 20_000)


def test_one_refunded_after_it_was_paid_out_says_that_it_is_a_debt(alice, shop):
    event = paid(shop, 400_000)
    mature(LATER)
    payout = pay_out(alice)
    refunded(event, 100_000, LATER)
    assert told(event)[-2:] == [
        f"{rub('200.00')} of it was paid out by the bank with {payout}.",
        f"It was paid before it was taken back: {rub('50.00')} is a debt that later commissions repay.",
    ]
    assert (figures(event)["net"], figures(event)["paid_out"]) == (15_000, 20_000)


def test_a_stranger_is_told_nothing(alice, bob, shop):
    line = commission(paid(shop, 100_000))
    assert commissions.explain(line.id, agent_id=alice)
    with pytest.raises(NotFound):
        commissions.explain(line.id, agent_id=bob)
    with pytest.raises(NotFound):
        commissions.formula(line.id, agent_id=bob)
