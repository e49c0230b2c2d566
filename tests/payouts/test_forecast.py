"""What an agent can expect and when: holds, conditions, freezes, debts and the next payout, to the kopeck and the day."""

import datetime as dt
from collections import defaultdict
from zoneinfo import ZoneInfo

from erp.domain import agents, commissions, ledger, payouts, programmes
from erp.kernel.db import db
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import (
    agent,
    approved_payout,
    connection,
    customer_agent,
    customer_of,
    days,
    mature,
    paid,
    pay_out,
    programme,
    programme_of,
    refunded,
)

ZONE = "Europe/Moscow"


def expected(agent_id, now=NOW):
    found = payouts.forecast(agent_id, ZONE, now)
    db.session.rollback()
    return found


def day(number):
    return days(number).astimezone(ZoneInfo(ZONE)).date()


def test_each_day_tells_what_it_frees_and_the_first_on_which_there_is_enough(context):
    programme((0, 1000), hold_days=14, minimum_payout=20_000)
    anna = agent()
    one = customer_of(anna, days(-20))
    paid(one, 100_000, days(-10))
    paid(one, 50_000, days(-2))
    paid(one, 70_000, days(-2))
    (money,) = expected(anna)
    assert [(row.day, row.commissions, row.net, row.repays, row.available) for row in money.releases] == [
        (day(4), 1, 10_000, 0, 10_000),
        (day(12), 2, 12_000, 0, 22_000),
    ]
    assert (money.available, money.debt, money.conditions, money.decisions) == (0, 0, [], [])
    assert money.prospect.minimum == 20_000
    assert (money.prospect.day, money.prospect.obstacle, money.prospect.under_way) == (day(12), None, None)


def test_a_refund_moves_the_day_away_and_what_is_reversed_is_not_told(context):
    programme((0, 1000), hold_days=14, minimum_payout=20_000)
    anna = agent()
    one = customer_of(anna, days(-20))
    first, second = paid(one, 200_000, days(-10)), paid(one, 50_000, days(-2))
    refunded(first, 150_000, days(-1))
    refunded(second, 50_000, days(-1))
    (money,) = expected(anna)
    assert [(row.day, row.commissions, row.net) for row in money.releases] == [(day(4), 1, 5_000)]
    assert money.prospect.day is None


def test_what_is_due_but_not_let_go_yet_counts_for_today(context):
    programme((0, 1000), hold_days=14)
    anna = agent()
    paid(customer_of(anna, days(-20)), 100_000, days(-10))
    (money,) = expected(anna, days(9))
    assert [(row.day, row.net) for row in money.releases] == [(day(9), 10_000)]
    assert money.prospect.day == day(9)
    mature(days(9))
    (money,) = expected(anna, days(9))
    assert (money.releases, money.available, money.prospect.day) == ([], 10_000, day(9))


def test_a_debt_takes_its_part_first(context):
    programme((0, 1000), hold_days=14, minimum_payout=10_000)
    anna = agent()
    one = customer_of(anna, days(-60))
    old = paid(one, 300_000, days(-40))
    mature(NOW)
    pay_out(anna, NOW)
    refunded(old, 200_000, NOW)
    paid(one, 150_000, days(-10))
    paid(one, 200_000, days(-5))
    (money,) = expected(anna)
    assert money.debt == 20_000
    assert [(row.net, row.repays, row.available) for row in money.releases] == [
        (15_000, 15_000, -5_000),
        (20_000, 5_000, 15_000),
    ]
    assert money.prospect.day == day(9)


def test_bonuses_wait_for_a_payment_and_go_on_with_it(context):
    bonus = programmes.RuleRow(
        key="bonus",
        kind="fixed",
        event_kind="connection",
        amount=30_000,
        condition="first_payment",
        condition_days=30,
    )
    programme_of(programmes.TermsDraft([programmes.TierRow("Bronze", 0, 0)], rules=[bonus], hold_days=14))
    anna = agent()
    one = customer_of(anna, days(-3))
    commissions_of(connection(one))
    (money,) = expected(anna)
    assert [(row.day, row.commissions, row.net) for row in money.conditions] == [(day(27), 1, 30_000)]
    assert (money.releases, money.prospect.day) == ([], None)


def commissions_of(event_id):
    with transaction():
        commissions.accrue([event_id], by=SOMEBODY, now=NOW)


def test_what_is_frozen_says_since_when_by_what_and_who_decides_by_when(context):
    programme((0, 1000), hold_days=14)
    anna = agent()
    one = customer_of(anna, days(-20))
    with transaction():
        agents.suspend(anna, "a test", by=SOMEBODY, now=days(-5))
    paid(one, 100_000, days(-3))
    (money,) = expected(anna)
    (row,) = money.decisions
    rule = next(rule for rule in commissions.freeze_rules() if rule.rule == "agent_suspended")
    assert (row.rule, row.roles, row.outcomes) == ("agent_suspended", [rule.role], [rule.outcome])
    assert (row.commissions, row.net) == (1, 10_000)
    assert row.day == (row.since + dt.timedelta(days=rule.days)).astimezone(ZoneInfo(ZONE)).date()
    assert money.prospect.obstacle == "not_active"


def test_what_was_prepared_already_is_not_there_for_the_next_payout(context):
    programme((0, 1000), hold_days=14, minimum_payout=10_000)
    anna = agent()
    one = customer_of(anna, days(-60))
    paid(one, 200_000, days(-40))
    mature(NOW)
    paid(one, 100_000, days(-4))
    with transaction():
        payouts.prepare_run("RUB", agent_ids=[anna], by=SOMEBODY, now=NOW)
    (money,) = expected(anna)
    assert (money.available, money.prospect.under_way.state, money.prospect.day) == (
        20_000,
        "prepared",
        day(10),
    )


def test_an_approved_payout_has_left_what_is_available(context):
    programme((0, 1000), hold_days=14, minimum_payout=10_000)
    anna = agent()
    paid(customer_of(anna, days(-60)), 200_000, days(-40))
    mature(NOW)
    payout = approved_payout(anna, NOW)
    (money,) = expected(anna)
    assert (money.available, money.prospect.under_way.reference, money.prospect.day) == (
        0,
        payout.reference,
        None,
    )


def test_credit_is_told_apart_and_never_paid_out(context):
    rule = programmes.RuleRow(reward="credit")
    programme_of(programmes.TermsDraft([programmes.TierRow("Bronze", 0, 1000)], rules=[rule], hold_days=14))
    carla = customer_agent()
    paid(customer_of(carla, days(-20)), 100_000, days(-10))
    money, credit = expected(carla)
    assert (money.in_credit, money.is_empty) == (False, True)
    assert (credit.in_credit, credit.prospect) == (True, None)
    assert [(row.day, row.net) for row in credit.releases] == [(day(4), 10_000)]


def test_an_agent_who_has_earned_nothing_has_none(context):
    programme((0, 1000))
    assert expected(agent()) == []


def test_all_agents_together_are_what_finance_owes_by_release_date(context):
    """The sum over agents is the whole, and the whole is what the books hold."""
    bonus = programmes.RuleRow(
        key="bonus",
        kind="fixed",
        event_kind="connection",
        amount=700,
        condition="first_payment",
        condition_days=30,
    )
    programme_of(
        programmes.TermsDraft(
            [programmes.TierRow("Bronze", 0, 1000)], rules=[programmes.RuleRow(), bonus], hold_days=14
        )
    )
    somebody = [agent() for _ in range(4)]
    for number, one in enumerate(somebody):
        customer = customer_of(one, days(-20))
        commissions_of(connection(customer_of(one, days(-number))))
        if number == 2:
            with transaction():
                agents.suspend(one, "a test", by=SOMEBODY, now=days(-6))
        for payment in range(3):
            event = paid(customer, 10_000 * (payment + 1) + number, days(-number - payment))
        refunded(event, 7_777)
    each = defaultdict(int)
    for one in somebody:
        for row in commissions.forecast(ZONE, NOW, agent_id=one):
            each[row.waits_for, row.day, row.rule] += row.net
    whole = {(row.waits_for, row.day, row.rule): row.net for row in commissions.forecast(ZONE, NOW)}
    assert whole == each
    owed = {row.kind: row.owed for row in ledger.liabilities()}
    db.session.rollback()
    assert sum(net for (what, *_), net in whole.items() if what != "decision") == owed["pending"] > 0
    assert sum(net for (what, *_), net in whole.items() if what == "decision") == owed["frozen"] > 0
    told = sum(row.net for one in somebody for money in expected(one) for row in money.releases)
    assert told == sum(net for (what, *_), net in whole.items() if what == "time")
    assert {what for what, *_ in whole} == {"time", "condition", "decision"}
