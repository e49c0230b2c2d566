"""Terms in sentences: for staff before they bring them into force, and for agents who live under them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from erp.domain.programmes.rules import (
    Base,
    Condition,
    EventKind,
    Evidence,
    Measure,
    MonthsFrom,
    OnAgentClosed,
    OnCancel,
    Payments,
    Reward,
    RuleKind,
    RuleRow,
    TermsDraft,
    TierRow,
    Window,
)
from erp.kernel.sentences import Amount, Counted, Rate, Sentence


class Chapter(NamedTuple):
    """What the terms say about one thing."""

    title: Sentence
    sentences: list[Sentence]


def chapters(draft: TermsDraft, currency: str) -> list[Chapter]:
    """All that a version says: each of its rules, its tiers if a rule pays by them, and the limits."""
    told = [
        Chapter(Sentence("Rule “%(rule)s”", rule=rule.key), list(_rule(rule, draft, currency)))
        for rule in draft.rules
    ]
    if any(rule.follows_tiers for rule in draft.rules):
        told.append(Chapter(Sentence("Tiers"), list(_tiers(draft, currency))))
    return [*told, Chapter(Sentence("Limits"), list(_limits(draft, currency)))]


def _rule(rule: RuleRow, draft: TermsDraft, currency: str) -> Iterator[Sentence]:
    yield earns(rule, currency)
    yield from _which_payments(rule, draft.rules)
    yield from _of_what(rule, draft, currency)
    for cap, sentence in (
        (rule.line_cap, Sentence("It earns at most %(cap)s at once.")),
        (rule.customer_cap, Sentence("It earns at most %(cap)s for one customer in all.")),
        (rule.monthly_cap, Sentence("An agent earns at most %(cap)s by it in a calendar month.")),
    ):
        if cap is not None:
            yield sentence.about(cap=Amount(cap, currency))
    if (rule.line_cap, rule.customer_cap, rule.monthly_cap) == (None, None, None):
        yield Sentence("There is no cap on what an agent earns by it.")
    if rule.condition:
        yield _waits(rule)
    if rule.event_kind == EventKind.PAYMENT or rule.on_cancel == OnCancel.ALL:
        yield _is_cancelled(rule)
    if rule.reward == Reward.CREDIT:
        yield Sentence("Agents who are customers themselves get it as credit with the owner.")


def earns(rule: RuleRow, currency: str) -> Sentence:
    """What a rule is about, in one sentence."""
    first = rule.payments == Payments.FIRST
    if rule.follows_tiers:
        return (
            Sentence(
                "Of the first payment of each customer they brought, an agent earns the rate of their tier."
            )
            if first
            else Sentence(
                "Of every payment by a customer they brought, an agent earns the rate of their tier."
            )
        )
    if rule.kind == RuleKind.PERCENT:
        return (
            Sentence("Of the first payment of each customer they brought, an agent earns %(rate)s.")
            if first
            else Sentence("Of every payment by a customer they brought, an agent earns %(rate)s.")
        ).about(rate=Rate(rule.rate_bps or 0))
    if rule.event_kind == EventKind.CONNECTION:
        sentence = Sentence("For each place of the catalogue that they connect, an agent earns %(amount)s.")
    elif rule.event_kind == EventKind.SIGN_UP:
        sentence = Sentence("For each customer who signs up, an agent earns %(amount)s.")
    elif first:
        sentence = Sentence("For the first payment of each customer they brought, an agent earns %(amount)s.")
    else:
        sentence = Sentence("For every payment by a customer they brought, an agent earns %(amount)s.")
    return sentence.about(amount=Amount(rule.amount or 0, currency))


def _which_payments(rule: RuleRow, rules: Sequence[RuleRow]) -> Iterator[Sentence]:
    others = [
        other.plan
        for other in rules
        if other.plan and other.kind == rule.kind and rule.event_kind == "payment"
    ]
    if rule.plan:
        yield Sentence("Only payments for the plan %(plan)s count.", plan=rule.plan)
    elif others:
        yield Sentence("Plans with a rule of their own do not count: %(plans)s.", plans=others)
    if rule.months is not None and rule.months_from == MonthsFrom.SIGN_UP:
        yield Counted(
            "It goes on for %(num)s month after the customer signed up.",
            "It goes on for %(num)s months after the customer signed up.",
            num=rule.months,
        )
    elif rule.months is not None:
        yield Counted(
            "It goes on for %(num)s month after the customer's first payment.",
            "It goes on for %(num)s months after the customer's first payment.",
            num=rule.months,
        )


def _of_what(rule: RuleRow, draft: TermsDraft, currency: str) -> Iterator[Sentence]:
    if rule.base == Base.NET_OF_VAT:
        yield Sentence(
            "The percentage is taken of what is left without the VAT of %(rate)s.", rate=Rate(draft.vat_bps)
        )
    if rule.base == Base.NET_OF_FEE:
        yield Sentence(
            "The percentage is taken of what is left without the bank's fee of %(rate)s, at least %(least)s.",
            rate=Rate(draft.fee_bps),
            least=Amount(draft.fee_minimum, currency),
        )


def _waits(rule: RuleRow) -> Sentence:
    days = rule.condition_days or 0
    if rule.condition == Condition.STAYS:
        return Counted(
            "It is on hold until the customer has stayed for %(num)s day; if they cancel before, it is given back.",
            "It is on hold until the customer has stayed for %(num)s days; if they cancel before, it is given back.",
            num=days,
        )
    return Counted(
        "It is on hold until the customer pays; if they have not paid within %(num)s day, it is given back.",
        "It is on hold until the customer pays; if they have not paid within %(num)s days, it is given back.",
        num=days,
    )


def _is_cancelled(rule: RuleRow) -> Sentence:
    if rule.on_cancel == OnCancel.ALL:
        return Counted(
            "When the customer cancels, all that was earned in the %(num)s day before is taken back.",
            "When the customer cancels, all that was earned in the %(num)s days before is taken back.",
            num=rule.cancel_days or 0,
        )
    if rule.on_cancel == OnCancel.UNEARNED:
        return Sentence("When the customer cancels, the share of the paid days that were left is taken back.")
    return Sentence("When the customer cancels, nothing is taken back.")


def _tiers(draft: TermsDraft, currency: str) -> Iterator[Sentence]:
    for tier in draft.tiers:
        yield reaches(tier, draft.measure, currency)
    yield counted(draft)
    if draft.retroactive:
        yield Sentence(
            "The tier that is reached counts for the whole window: what was earned in it before is trued up."
        )
    if draft.grace_days:
        yield Counted(
            "A tier that was reached is kept for %(num)s day after it was lost.",
            "A tier that was reached is kept for %(num)s days after it was lost.",
            num=draft.grace_days,
        )
    if draft.freeze_tier:
        yield Sentence("What counts for a customer is the tier at their sign-up, for good.")


def reaches(tier: TierRow, measure: str, currency: str) -> Sentence:
    """A tier with what it takes and what it pays."""
    if not tier.threshold:
        return Sentence("%(tier)s, from the beginning: %(rate)s.", tier=tier.name, rate=Rate(tier.rate_bps))
    if measure == Measure.REVENUE:
        return Sentence(
            "%(tier)s, from a revenue of %(least)s on: %(rate)s.",
            tier=tier.name,
            least=Amount(tier.threshold, currency),
            rate=Rate(tier.rate_bps),
        )
    return Counted(
        "%(tier)s, from %(num)s connection on: %(rate)s.",
        "%(tier)s, from %(num)s connections on: %(rate)s.",
        num=tier.threshold,
        tier=tier.name,
        rate=Rate(tier.rate_bps),
    )


CALENDAR = {
    (Measure.CONNECTIONS, Window.MONTH): Sentence(
        "The tier follows from the connections of the calendar month up to the payment."
    ),
    (Measure.CONNECTIONS, Window.QUARTER): Sentence(
        "The tier follows from the connections of the quarter up to the payment."
    ),
    (Measure.CONNECTIONS, Window.LIFETIME): Sentence(
        "The tier follows from all connections up to the payment."
    ),
    (Measure.REVENUE, Window.MONTH): Sentence(
        "The tier follows from what the agent's customers paid in the calendar month up to the payment."
    ),
    (Measure.REVENUE, Window.QUARTER): Sentence(
        "The tier follows from what the agent's customers paid in the quarter up to the payment."
    ),
    (Measure.REVENUE, Window.LIFETIME): Sentence(
        "The tier follows from all that the agent's customers paid up to the payment."
    ),
}


def counted(draft: TermsDraft) -> Sentence:
    """What a tier follows from, and over which time."""
    if draft.window_kind != Window.ROLLING:
        return CALENDAR[Measure(draft.measure), Window(draft.window_kind)]
    if draft.measure == Measure.REVENUE:
        return Counted(
            "The tier follows from what the agent's customers paid in the last %(num)s day before the payment.",
            "The tier follows from what the agent's customers paid in the last %(num)s days before the payment.",
            num=draft.window_days or 0,
        )
    return Counted(
        "The tier follows from the connections of the last %(num)s day before the payment.",
        "The tier follows from the connections of the last %(num)s days before the payment.",
        num=draft.window_days or 0,
    )


def _limits(draft: TermsDraft, currency: str) -> Iterator[Sentence]:
    yield Counted(
        "A commission is on hold for %(num)s day after the payment, then it is available.",
        "A commission is on hold for %(num)s days after the payment, then it is available.",
        num=draft.hold_days,
    )
    yield Counted(
        "A click on an agent's link counts for %(num)s day.",
        "A click on an agent's link counts for %(num)s days.",
        num=draft.click_window_days,
    )
    yield Sentence("A payout is made from %(least)s up.", least=Amount(draft.minimum_payout, currency))
    if draft.evidence == Evidence.ATTESTED:
        yield Sentence("A payment counts when the bank has confirmed it or the owner's system reports it.")
    else:
        yield Sentence("A payment counts when the bank has confirmed it.")
    if draft.on_agent_closed == OnAgentClosed.FORFEIT:
        yield Sentence("When an agent is closed, what their customers pay later is forfeited.")
    else:
        yield Sentence(
            "When an agent is closed, what their customers pay later is kept until it is settled with them."
        )
