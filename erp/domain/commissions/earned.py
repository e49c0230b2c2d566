"""How a commission was earned, in words: from what happened, over terms, tier and base, to the amount."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from erp.domain.commissions import queries
from erp.domain.commissions.engine import whole
from erp.domain.referrals import MOVE_CODES
from erp.kernel.db import row
from erp.kernel.sentences import Amount, Rate, Sentence

HAPPENED = {
    "bank_checked": Sentence("On %(when)s the customer paid %(paid)s; the bank confirmed it (%(source)s)."),
    "attested": Sentence("On %(when)s the customer paid %(paid)s; the owner's system says so (%(source)s)."),
    "connection": Sentence("On %(when)s the place was connected (%(source)s)."),
    "sign_up": Sentence("On %(when)s the customer signed up (%(source)s)."),
}
COUNTED = {
    "bank_checked": Sentence("These terms count only payments that the bank has confirmed."),
    "attested": Sentence("These terms also count payments that only the owner's system reports."),
}
BY_TIER = Sentence(
    "The referral is pinned to version %(version)s of the terms of %(programme)s. Connections in the %(days)s"
    " days before the payment: %(volume)s. That is tier %(tier)s: %(rate)s."
)
MOVED_TO = Sentence(
    "The referral was made under other terms and moved to version %(version)s of the terms of %(programme)s from"
    " %(since)s on: %(why)s."
)
PINNED = Sentence("The referral is pinned to version %(version)s of the terms of %(programme)s.")
VOLUMES = {
    ("connections", "rolling"): Sentence("Connections in %(days)s days: %(volume)s."),
    ("connections", "month"): Sentence("Connections in the calendar month: %(volume)s."),
    ("connections", "quarter"): Sentence("Connections in the quarter: %(volume)s."),
    ("connections", "lifetime"): Sentence("Connections since the beginning: %(volume)s."),
    ("revenue", "rolling"): Sentence("What the agent's customers paid in %(days)s days: %(volume)s."),
    ("revenue", "month"): Sentence("What the agent's customers paid in the calendar month: %(volume)s."),
    ("revenue", "quarter"): Sentence("What the agent's customers paid in the quarter: %(volume)s."),
    ("revenue", "lifetime"): Sentence("What the agent's customers paid since the beginning: %(volume)s."),
}
RETROACTIVE = Sentence("Under these terms the whole of that time counts for everything in it.")
FROZEN_TIER = Sentence("Under these terms the tier at the customer's sign-up stays.")
GRACE = Sentence("A tier is kept for %(days)s days after it was lost, so the highest of these days counts.")
TIER = Sentence("That is tier %(tier)s: %(rate)s.")
OWN_RATE = Sentence("This rule pays %(rate)s, whatever the tier.")
PLAN = Sentence("The payment was for the plan %(plan)s, which has a rule of its own.")
FIRST = Sentence("The rule is for the customer's first payment alone.")
MONTHS = {
    "first_payment": Sentence("The rule is for %(months)s months after the customer's first payment."),
    "sign_up": Sentence("The rule is for %(months)s months after the customer's sign-up."),
}
NET = {
    "net_of_vat": Sentence("Without VAT of %(vat)s, %(paid)s are %(whole)s."),
    "net_of_fee": Sentence("Less the bank's fee of %(fee)s, %(paid)s are %(whole)s."),
}
FIXED = {
    "payment": Sentence("The rule pays %(amount)s for such a payment."),
    "connection": Sentence("The rule pays %(amount)s for a connection."),
    "sign_up": Sentence("The rule pays %(amount)s for a sign-up."),
}
SHARE = {
    "percent": Sentence("The agent's share of that payment is %(base)s."),
    "fixed": Sentence("The agent's share of that is %(base)s."),
}
PRODUCT = Sentence("%(base)s × %(rate)s = %(uncapped)s, rounded half up to a hundredth.")
CAPS = {
    "line": Sentence("The cap of %(cap)s for one commission left %(amount)s of it."),
    "customer": Sentence("The cap of %(cap)s for one customer left %(amount)s of it."),
    "month": Sentence("The cap of %(cap)s a calendar month left %(amount)s of it."),
}
MOVED_HERE = Sentence(
    "On %(when)s it was decided that the agent brought this customer, so what had been paid by then counts too."
)
IN_CREDIT = Sentence("It is given as credit, to be spent with the owner.")


def earned(line: sa.Row[Any]) -> Iterator[Sentence]:
    """From what happened to the amount of an accrual (a row of `find`)."""
    told = told_of(line.id)
    yield from _happened(line)
    yield from _rule(line, told)
    yield from _tier(line, told)
    yield from _worth(line, told)
    yield from _capped(line, told)
    if line.in_credit:
        yield IN_CREDIT


def told_of(commission_id: int) -> sa.Row[Any]:
    """What an accrual keeps, and what its rule and terms say about it."""
    found = row(
        f"""select c.uncapped, c.line_capped, c.customer_capped, c.volume, u.kind, u.key, u.base, u.plan, u.payments,
                   u.months, u.months_from, u.rate_bps as own_rate, u.line_cap, u.customer_cap, u.monthly_cap, u.condition,
                   u.condition_days, t.measure, t.window_kind, t.window_days, t.retroactive, t.grace_days, t.freeze_tier,
                   t.vat_bps, {whole()} as whole
            from commission c join rule u on u.id = c.rule_id join terms t on t.id = c.terms_id
            join event k on k.id = c.event_id where c.id = :id""",
        id=commission_id,
    )
    assert found is not None
    return found


def _happened(line: sa.Row[Any]) -> Iterator[Sentence]:
    is_payment = line.event_kind == "payment"
    yield HAPPENED[line.evidence if is_payment else line.event_kind].about(
        when=line.occurred_at, paid=Amount(line.payment_amount, line.currency), source=line.source_id
    )
    if is_payment:
        yield COUNTED[line.terms_evidence]
    if (moved_at := queries.moved_here_at(line.id)) is not None:
        yield MOVED_HERE.about(when=moved_at)


def _rule(line: sa.Row[Any], told: sa.Row[Any]) -> Iterator[Sentence]:
    """Why this rule, and what it takes as its base."""
    if told.plan is not None:
        yield PLAN.about(plan=told.plan)
    if told.payments == "first":
        yield FIRST
    if told.months is not None:
        yield MONTHS[told.months_from].about(months=told.months)
    whole, paid = Amount(told.whole, line.currency), Amount(line.payment_amount, line.currency)
    if told.kind == "fixed":
        yield FIXED[line.event_kind].about(amount=whole)
    elif told.base in NET:
        fee = Amount(line.payment_amount - told.whole, line.currency)
        yield NET[told.base].about(paid=paid, whole=whole, vat=Rate(told.vat_bps), fee=fee)
    if line.base != told.whole:
        yield SHARE[told.kind].about(base=Amount(line.base, line.currency))


def _tier(line: sa.Row[Any], told: sa.Row[Any]) -> Iterator[Sentence]:
    """Under which terms, and how the tier came about when the amount follows from it."""
    version = {"version": line.terms_version, "programme": line.programme_name}
    moved = queries.moved_to_its_terms(line.id)
    by_tier = told.kind == "percent" and told.own_rate is None
    is_common = told.window_kind == "rolling" and told.measure == "connections"
    if by_tier and is_common and not (told.grace_days or told.freeze_tier or moved):
        yield BY_TIER.about(
            days=told.window_days,
            volume=told.volume,
            tier=line.tier_name,
            rate=Rate(line.rate_bps),
            **version,
        )
        return
    if moved:
        yield MOVED_TO.about(since=moved.from_at, why=MOVE_CODES[moved.code], **version)
    else:
        yield PINNED.about(**version)
    if not by_tier:
        return
    volume = Amount(told.volume, line.currency) if told.measure == "revenue" else told.volume
    yield VOLUMES[told.measure, told.window_kind].about(days=told.window_days, volume=volume)
    if told.retroactive:
        yield RETROACTIVE
    if told.freeze_tier:
        yield FROZEN_TIER
    if told.grace_days:
        yield GRACE.about(days=told.grace_days)
    yield TIER.about(tier=line.tier_name, rate=Rate(line.rate_bps))


def _worth(line: sa.Row[Any], told: sa.Row[Any]) -> Iterator[Sentence]:
    if told.kind == "fixed":
        return
    rate = Rate(line.rate_bps)
    if told.own_rate is not None:
        yield OWN_RATE.about(rate=rate)
    yield PRODUCT.about(
        base=Amount(line.base, line.currency), rate=rate, uncapped=Amount(told.uncapped, line.currency)
    )


def _capped(line: sa.Row[Any], told: sa.Row[Any]) -> Iterator[Sentence]:
    """The caps that bound, in their order."""
    steps = (
        ("line", told.line_cap, told.uncapped, told.line_capped),
        ("customer", told.customer_cap, told.line_capped, told.customer_capped),
        ("month", told.monthly_cap, told.customer_capped, line.amount),
    )
    for cap, limit, before, after in steps:
        if after != before:
            yield CAPS[cap].about(cap=Amount(limit, line.currency), amount=Amount(after, line.currency))
