"""Examples worked out by hand; and that each of many ways to break the engine's SQL breaks one of them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from erp.domain import commissions
from erp.domain.commissions import actions, alone, engine, history
from erp.domain.commissions.facts import EARNING, FACTS_OF_ALL
from erp.kernel.db import db, rows
from erp.kernel.transaction import rehearsal
from tests.golden.examples import Golden
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import (
    accrue,
    agent,
    customer_of,
    days,
    net,
    paid,
    payment,
    programme,
    refund,
    refunded,
)

MUTATIONS = {
    "the connection of the moment itself does not count": (
        "and c.connected_at <= f.occurred_at",
        "and c.connected_at < f.occurred_at",
    ),
    "the beginning of the window counts": (
        "and c.connected_at > f.occurred_at -",
        "and c.connected_at >= f.occurred_at -",
    ),
    "the lowest tier wins": ("order by tier.threshold desc limit 1", "order by tier.threshold limit 1"),
    "a tier begins after its threshold": (
        "tier.threshold <= v.volume",
        "tier.threshold < greatest(v.volume, 1)",
    ),
    "rates are rounded down": (
        "coalesce(rate.rate_bps, 10000) + 10000) / 20000",
        "coalesce(rate.rate_bps, 10000)) / 20000",
    ),
    "refunds are rounded down": (
        "2 * d.accrued::numeric * d.refunded + d.paid",
        "2 * d.accrued::numeric * d.refunded",
    ),
    "months are those of London": (
        "date_trunc('month', k.occurred_at, p.zone) as month",
        "date_trunc('month', k.occurred_at, 'UTC') as month",
    ),
    "the smallest remainder gets what is left over": ("* x.bps % 10000 desc", "* x.bps % 10000"),
    "what is left over is lost": ("then 1 else 0 end as base", "then 0 else 0 end as base"),
    "VAT is added": ("/ (2 * (10000 + t.vat_bps))", "/ (2 * 10000)"),
    "the least fee is the most": ("greatest(t.fee_minimum,", "least(t.fee_minimum,"),
    "every payment is the first": (
        "or not exists (\n           select 1 from event p",
        "or exists (\n           select 1 from event p",
    ),
    "the last moment of the months counts": (
        "f.occurred_at < (\n           case u.months_from",
        "f.occurred_at <= (\n           case u.months_from",
    ),
    "no cap of a line": (
        "least(f.line_cap, earned.uncapped) as line_capped",
        "earned.uncapped as line_capped",
    ),
    "the cap of a customer is that of all": ("r.agent_id, r.rule_id, r.referral_id", "r.agent_id, r.rule_id"),
    "the monthly cap forgets what came before": ("- least(o.monthly_cap, o.before_accrued)", "- 0"),
    "two rules pay for one plan": ("and v.plan = k.plan))", "and v.plan = k.plan and false))"),
    "a plan is paid like any other": ("(u.plan is null or u.plan = k.plan)", "true"),
    "a chargeback is for good": ("kind = 'chargeback_reversal'", "kind = 'nothing'"),
    "refunds hide chargebacks": (
        "+ greatest(0, coalesce(max(x.refunded_total) filter (where x.kind = 'chargeback'), 0)",
        "+ 0 * greatest(0, coalesce(max(x.refunded_total) filter (where x.kind = 'chargeback'), 0)",
    ),
    "what was undone stays taken": ("coalesce(sum(k.amount), 0)", "coalesce(sum(greatest(k.amount, 0)), 0)"),
    "a decision takes nothing": ("coalesce(sum(k.amount), 0)", "0 * coalesce(sum(k.amount), 0)"),
    "a cancellation takes back what was earned": (
        "d.occurred_at - c.at) * 1000000 + d.prepaid_days * 86400000000",
        "c.at - d.occurred_at) * 1000000",
    ),
    "a cancellation is about what comes after": (
        "and c.occurred_at >= d.occurred_at",
        "and c.occurred_at <= d.occurred_at",
    ),
    "a cancellation at the edge still takes all": (
        "c.at < d.occurred_at + make_interval(hours => 24 * u.cancel_days",
        "c.at <= d.occurred_at + make_interval(hours => 24 * u.cancel_days",
    ),
    "a bonus needs no payment that stays": ("when y.some_stayed then 0", "when y.any_came then 0"),
    "a lapse is forgiven": ("when y.any_came or d.has_lapsed", "when y.any_came"),
    "refunds do not lessen revenue": (
        "select -sum(least(p.amount, x.by_the_end)",
        "select 0 * sum(least(p.amount, x.by_the_end)",
    ),
    "refunds lessen revenue when the money came": ("and x.occurred_at <= w.opens)", "and false)"),
    "grace looks one moment too far": (
        "select n.at - make_interval(hours => 24 * t.grace_days::integer),",
        "select n.at - make_interval(hours => 48 * t.grace_days::integer),",
    ),
    "grace forgets what was there when it began": (
        "9223372036854775807 where t.grace_days > 0\n",
        "9223372036854775807 where false\n",
    ),
    "grace forgets what was reached since": (
        "where t.grace_days > 0 and t.measure",
        "where false and t.measure",
    ),
    "nothing is retroactive": ("case when not t.retroactive then m.at", "case when true then m.at"),
    "no tier is frozen": ("case when t.freeze_tier then least", "case when false then least"),
    "a lifetime is a day": ("else '-infinity' end as opens", "else m.at - interval '1 day' end as opens"),
    "every evidence will do": ("or k.evidence = 'bank_checked')", "or true)"),
}
"""What the mutation means, a piece of the text and what stands there instead."""
FACTS = {
    "nothing moves": ("case when r.is_rerated", "case when false and r.is_rerated"),
    "a move begins after its moment": ("m.from_at <= e.occurred_at", "m.from_at < e.occurred_at"),
    "a move has always been": ("m.from_at <= e.occurred_at", "true"),
    "the first move holds": ("order by m.id desc", "order by m.id"),
    "the latest date holds": ("order by m.id desc", "order by m.from_at desc, m.id desc"),
}
"""The same in what says under which terms a fact is."""
OVER_A_HISTORY = MUTATIONS | {
    "the connection of the moment itself does not count": (
        "width_bucket(f.occurred_at, c.moments)",
        "width_bucket(f.occurred_at - interval '1 microsecond', c.moments)",
    ),
    "the beginning of the window counts": (
        "f.occurred_at - f.volume_window, c.moments)",
        "f.occurred_at - f.volume_window - interval '1 microsecond', c.moments)",
    ),
    "the lowest tier wins": ("width_bucket(f.volume::bigint, f.thresholds) as tier_no", "1 as tier_no"),
    "a tier begins after its threshold": (
        "width_bucket(f.volume::bigint, f.thresholds) as tier_no",
        "width_bucket(greatest(f.volume - 1, 0)::bigint, f.thresholds) as tier_no",
    ),
    "VAT is added": ("/ (2 * (10000 + u.vat_bps))", "/ (2 * 10000)"),
    "the least fee is the most": ("greatest(u.fee_minimum,", "least(u.fee_minimum,"),
    "the cap of a customer is that of all": (
        "partition by r.share_no, r.rule_no",
        "partition by r.agent_no, r.rule_no",
    ),
    "a month is like any other": (" | r.month_no", ""),
    "months are those of London": ("date_trunc('month', x.at, p.zone)", "date_trunc('month', x.at, 'UTC')"),
    "no cap of a line": (
        "least(rate.line_cap, rate.uncapped) as line_capped",
        "rate.uncapped as line_capped",
    ),
}
"""The same in the text that goes over a whole history, where some steps are written otherwise."""
LIVE = {
    "late facts change nothing": ("c.occurred_at >= l.since", "c.occurred_at >= l.since and false"),
    "what was taken back before is forgotten": (
        "- coalesce(d.booked_reversed, 0) as unreversed",
        "as unreversed",
    ),
    "what was booked before is forgotten": (
        "d.accrued - coalesce(d.booked, 0) as missing",
        "d.accrued as missing",
    ),
    "the month begins anew with every batch": ("where r.monthly_cap is not null and", "where false and"),
}
"""The same in what compares with the books, which empty books do not ask for."""


NETS = dict[tuple[int, str, str], int]
HISTORY = history.earned(history.Steps())


def booked_at_once(lines: str) -> NETS:
    """What all recorded facts earn in the end, by the text that books, told to empty books at once."""
    return nets(
        f"""with {engine.NOTHING_BOOKED}, {FACTS_OF_ALL}, {lines}
            select l.event_id, u.key, l.agent_id::text, sum(l.amount)::bigint
            from line l join rule u on u.id = l.rule_id group by 1, 2, 3"""
    )


def replayed(text: str, facts: str = history.RECORDED) -> NETS:
    """The same, by the text that goes over a whole history."""
    return nets(
        f"""with {facts}, {text}
            select l.event_id, u.key, l.agent_id::text, l.accrued - l.taken_back
            from earned l join rule u on u.id = l.rule_id"""
    )


def nets(statement: str) -> NETS:
    found = rows(statement)
    db.session.rollback()
    return {(event, rule, who): amount for event, rule, who, amount in found if amount}


@pytest.fixture
def golden(context: None) -> Golden:
    return Golden()


def test_every_example_earns_what_was_worked_out(golden: Golden) -> None:
    assert booked_at_once(engine.LINES) == golden.expected
    assert replayed(HISTORY) == golden.expected
    events = rows("select id from event where kind <> 'lapse' order by id")
    db.session.rollback()
    for at in range(0, len(events), 7):
        accrue(*[id for (id,) in events[at : at + 7]])
    assert replayed_books() == golden.expected


def replayed_books() -> NETS:
    return nets(
        """select c.event_id, u.key, c.agent_id::text, sum(c.amount)::bigint
           from commission c join rule u on u.id = c.rule_id group by 1, 2, 3"""
    )


def test_every_mutation_of_the_engine_is_caught(golden: Golden) -> None:
    assert [
        name
        for name, change in MUTATIONS.items()
        if booked_at_once(mutated(engine.LINES, change)) == golden.expected
    ] == []


def test_every_mutation_of_the_text_over_a_history_is_caught(golden: Golden) -> None:
    assert [
        name
        for name, change in OVER_A_HISTORY.items()
        if replayed(mutated(HISTORY, change)) == golden.expected
    ] == []
    assert [
        name
        for name, change in FACTS.items()
        if replayed(HISTORY, mutated(history.RECORDED, change)) == golden.expected
    ] == []


def mutated(text: str, change: tuple[str, str]) -> str:
    """The text with all places of a piece changed; the piece must be there."""
    before, after = change
    assert before in text, before
    return text.replace(before, after)


@pytest.mark.parametrize("change", LIVE.values(), ids=LIVE)
def test_every_mutation_of_the_comparison_with_the_books_is_caught(
    context: None, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str]
) -> None:
    assert told_in_parts(1) == WORKED_OUT
    for text in ("BOOK", "BOOK_COMMON"):
        monkeypatch.setattr(engine, text, mutated(getattr(engine, text), change))
    if change in ALONE.values():
        monkeypatch.setattr(actions, "BOOK_ALONE", mutated(alone.BOOK_ALONE, change))
    assert told_in_parts(2) != WORKED_OUT


COMMON = {
    "a refund forgets what the cap left": (
        "then b.accrued else r.customer_capped",
        "then r.customer_capped else r.customer_capped",
    ),
    "what a refund is about hides what came before it": (", r.is_settled order by", " order by"),
}
"""The same in what is left alone when only a refund is told."""


@pytest.mark.parametrize("change", COMMON.values(), ids=COMMON)
def test_every_mutation_of_what_a_refund_leaves_alone_is_caught(
    context: None, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str]
) -> None:
    assert told_together(1) == LEFT
    monkeypatch.setattr(engine, "BOOK_COMMON", mutated(engine.BOOK_COMMON, change))
    assert told_together(2) != LEFT


ALONE = {
    name: change
    for name, change in {**MUTATIONS, **LIVE}.items()
    if name
    in {
        "the connection of the moment itself does not count",
        "the beginning of the window counts",
        "the lowest tier wins",
        "a tier begins after its threshold",
        "rates are rounded down",
        "VAT is added",
        "the least fee is the most",
        "no cap of a line",
        "the monthly cap forgets what came before",
        "two rules pay for one plan",
        "a plan is paid like any other",
        "every evidence will do",
        "the month begins anew with every batch",
    }
} | {
    "months are those of London": ("e.occurred_at, p.zone) as month", "e.occurred_at, 'UTC') as month"),
    "every share is the whole": ("s.bps < 10000 or r.is_rerated or r.is_transferred", "r.is_rerated"),
    "moves are not looked at": ("or r.is_rerated", ""),
    "all terms are common": ("or p.has_uncommon_terms", ""),
    "what comes late changes nothing, and what is booked is booked again": (
        "c.occurred_at >= e.occurred_at and",
        "false and",
    ),
    "what went back before is forgotten": ("x.original_event_id = e.id", "false"),
    "a cancellation that came before is forgotten": ("and x.kind = 'cancellation'", "and false"),
}
"""The same in the text for a fact that comes alone, and in its looking up whether it does."""


def told_alone(text: str, events: str) -> NETS | None:
    """What the golden events are booked to when each of these is told alone, by this text; nothing when the database
    refuses. Nothing stays."""
    with rehearsal(), pytest.MonkeyPatch.context() as patched:
        patched.setattr(actions, "BOOK_ALONE", text)
        try:
            for (id,) in rows(f"select id from event where {events}"):
                commissions.accrue([id], by=SOMEBODY, now=NOW)
        except sa.exc.IntegrityError:
            return None
        return replayed_books()


def test_every_mutation_of_the_text_for_a_fact_alone_is_caught(golden: Golden) -> None:
    ways = (
        f"kind in {EARNING} order by occurred_at, id",
        "kind <> 'lapse' order by occurred_at, id",
        "kind <> 'lapse' order by occurred_at desc, id",
    )
    assert [told_alone(alone.BOOK_ALONE, events) for events in ways] == [golden.expected] * len(ways)
    assert [
        name
        for name, change in ALONE.items()
        if all(told_alone(mutated(alone.BOOK_ALONE, change), events) == golden.expected for events in ways)
    ] == []


def test_it_is_caught_when_what_takes_back_is_told_for_nothing(
    context: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert half_refunded(1) == 500
    looked_up = f"e.original_event_id is not null or e.kind not in {EARNING}"
    monkeypatch.setattr(actions, "BOOK_ALONE", mutated(alone.BOOK_ALONE, (looked_up, "false")))
    assert half_refunded(2) != 500


def half_refunded(number: int) -> int:
    """What is left of 10.00 ₽ when half the payment went back, all that ever happened in the programme."""
    key = f"half-{number}"
    programme((0, 1_000), key=key)
    event = paid(customer_of(agent(), days(-3), programme=key), 10_000, days(1))
    refunded(event, 5_000, days(2))
    return net(event)


LEFT = [1_000, 250, 0]


def told_together(number: int) -> list[int]:
    """Payments of one month under a cap of 15.00 ₽; a refund of the second is told together with the third."""
    key = f"together-{number}"
    programme((0, 1_000), key=key, monthly_cap=1_500)
    customer = customer_of(agent(), days(-3), programme=key)
    first, second = paid(customer, 10_000, days(1)), paid(customer, 10_000, days(2))
    back, third = refund(second, 5_000, days(3)), payment(customer, 10_000, days(4))
    accrue(back, third)
    return [net(first), net(second), net(third)]


WORKED_OUT = [2_000, 1_000, 0]


def told_in_parts(number: int) -> list[int]:
    """Payments of one month under a cap of 30.00 ₽, one of which goes back in two parts, and a connection told late."""
    key = f"parts-{number}"
    programme((0, 1_000), (2, 2_000), key=key, monthly_cap=4_000)
    who = agent()
    customer = customer_of(who, days(-3), programme=key)
    first = paid(customer, 10_000, days(1))
    second = paid(customer, 10_000, days(2))
    refunded(second, 5_000, days(3))
    late = customer_of(who, days(-1), programme=key)
    accrue(*[id for (id,) in rows("select id from event where customer_id = :id", id=late)])
    third = paid(customer, 10_000, days(4))
    return [net(first), net(second), net(third)]
