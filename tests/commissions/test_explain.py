"""Why this amount, as sentences and as figures."""

import pytest

from erp.domain import agents, commissions
from erp.domain.programmes import RuleRow, TermsDraft, TierRow
from erp.kernel.errors import NotFound
from erp.kernel.sentences import Amount, formatted
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import (
    LATER,
    accrue,
    agent,
    cancellation,
    commission,
    connection,
    contested,
    customer_of,
    days,
    decide,
    look,
    mature,
    net,
    paid,
    pay_out,
    payment,
    programme,
    programme_of,
    refund,
    refunded,
    settle_bonuses,
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
        "event": "payment",
        "rule": "percent",
        "rule_kind": "percent",
        "base_kind": "gross",
        "measure": "connections",
        "window_kind": "rolling",
        "line_cap": None,
        "customer_cap": None,
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


def words_of(event, rule="percent"):
    """What is said of an event's commission by a rule, without what every commission says."""
    line = look(
        """select c.id from commission c join rule u on u.id = c.rule_id
           where c.event_id = :event and u.key = :rule and c.kind = 'accrual'""",
        event=event,
        rule=rule,
    )
    return [sentence.plain() for sentence in commissions.explain(line)]


def a_programme(*rules, **terms):
    high = 5_000 if terms.get("measure") == "revenue" else 2
    tiers = [TierRow("Low", 0, 1_000), TierRow("High", high, 2_000)]
    by_tier = any(rule.kind == "percent" for rule in rules)
    programme_of(TermsDraft(tiers if by_tier else tiers[:1], list(rules), **terms), key="other")
    return customer_of(agent(), days(-30), programme="other")


def test_net_of_vat_and_the_caps_are_worded(context):
    customer = a_programme(RuleRow(base="net_of_vat", line_cap=900, customer_cap=1_500), vat_bps=2_000)
    paid(customer, 12_000, days(-1))
    said = words_of(paid(customer, 12_000))
    assert f"Without VAT of 20\u00a0%, {rub(120)} are {rub(100)}." in said
    assert f"{rub(100)} × 10\u00a0% = {rub(10)}, rounded half up to a hundredth." in said
    assert f"The cap of {rub(9)} for one commission left {rub(9)} of it." in said
    assert f"The cap of {rub(15)} for one customer left {rub(6)} of it." in said


def test_the_bank_s_fee_and_a_plan_are_worded(context):
    customer = a_programme(
        RuleRow(),
        RuleRow("pro", plan="pro", rate_bps=500, base="net_of_fee", months=2, months_from="sign_up"),
        fee_bps=250,
    )
    event = payment(customer, 10_000, plan="pro")
    accrue(event)
    said = words_of(event, "pro")
    assert "The payment was for the plan pro, which has a rule of its own." in said
    assert "The rule is for 2 months after the customer's sign-up." in said
    assert f"Less the bank's fee of {rub('2.50')}, {rub(100)} are {rub('97.50')}." in said
    assert "This rule pays 5\u00a0%, whatever the tier." in said


def test_how_revenue_is_counted_is_worded(context):
    customer = a_programme(
        RuleRow(), measure="revenue", window_kind="month", window_days=None, retroactive=True, grace_days=3
    )
    said = words_of(paid(customer, 10_000))
    assert f"What the agent's customers paid in the calendar month: {rub(100)}." in said
    assert "Under these terms the whole of that time counts for everything in it." in said
    assert any(sentence.startswith("A tier is kept for 3 days") for sentence in said)
    assert "That is tier High: 20\u00a0%." in said


def test_a_bonus_says_what_it_waits_for_and_why_it_went_back(context):
    bonus = RuleRow(
        "bonus", kind="fixed", event_kind="sign_up", amount=500, condition="first_payment", condition_days=5
    )
    customer = a_programme(bonus)
    event = look("select id from event where customer_id = :id and kind = 'sign_up'", id=customer)
    accrue(event)
    assert words_of(event, "bonus") == [
        f"On {on(-30)} the customer signed up ({source(event)}).",
        f"The rule pays {rub(5)} for a sign-up.",
        "The referral is pinned to version 1 of the terms of Other.",
        f"It waits for the customer's first payment. If none comes by {on(-25)}, it is given back.",
    ]
    settle_bonuses()
    assert f"By {on(-25)} the customer had not paid; the bonus is given back: {rub(-5)}." in words_of(
        event, "bonus"
    )
    accrue(payment(customer, 100, days(-26)))
    assert f"On {on(-26)} the customer paid after all; the bonus is given again: {rub(5)}." in words_of(
        event, "bonus"
    )
    assert net(event) == 500


def test_cancellations_chargebacks_and_decisions_are_worded(context):
    customer = a_programme(RuleRow())
    event = payment(customer, 30_000, prepaid_days=30)
    accrue(event)
    accrue(cancellation(customer, days(20)))
    accrue(refund(event, 15_000, days(21), kind="chargeback"))
    accrue(refund(event, 15_000, days(22), kind="chargeback_reversal"))
    line = commission(event).id
    with transaction():
        commissions.take_back(line, amount=100, reason="complaint", note="", by=SOMEBODY, now=days(23))
    said = words_of(event)
    assert f"On {on(20)} the customer cancelled; what was not earned is taken back: {rub(-10)}." in said
    assert any(sentence.startswith(f"On {on(21)} the payer's bank took money back") for sentence in said)
    assert (
        f"On {on(22)} what the payer's bank had taken back was given again; that share is given again: {rub(5)}."
        in said
    )
    assert (
        f"On {on(23)} it was decided to take it back, for the reason “the customer complained”: {rub(-1)}."
        in said
    )
    assert net(event) == 3_000 - 1_000 - 100
