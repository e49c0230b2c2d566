"""Worlds for the law of order: programmes with any terms, customers, what happened to them, and how it is told."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any

from hypothesis import strategies as st

from erp.domain import programmes
from erp.domain.programmes import RuleRow, TermsDraft, TierRow
from erp.kernel.errors import Invalid
from tests.support.earnings import days

BEGIN, STEP, STEPS = days(-40), dt.timedelta(hours=12), 100
"""Moments are few, so that many coincide and many lie exactly on an edge; months and a quarter end among them."""
ZONES = ("Europe/Moscow", "America/New_York", "Pacific/Auckland")
PLANS = (None, None, "basic", "pro")
Draw = st.DrawFn
Fact = tuple[Any, ...]


def at(step: int) -> dt.datetime:
    return BEGIN + step * STEP


@dataclass(frozen=True)
class Customer:
    """`shares` of the agents 0, 1 and 2 in basis points; who has contested it goes to agent 1 when that is decided."""

    shares: dict[int, int]
    step: int
    connected: bool
    contested: bool
    moves: tuple[tuple[int, bool], ...] = ()
    """Moves of the referral to the other terms from a step on, in the order decided; True: called off again."""


@dataclass(frozen=True)
class Payment:
    customer: int
    amount: int
    step: int
    checked: bool
    plan: str | None
    prepaid_days: int | None


@dataclass(frozen=True)
class World:
    terms: TermsDraft
    zone: str
    customers: list[Customer]
    payments: list[Payment]
    order: list[Fact] = field(default_factory=list)
    """Facts as they are told: ("customer", n), ("payment", n), ("refund", n, total, step), ("chargeback", ...),
    ("chargeback_reversal", ...), ("cancellation", n, of payment or None, step), ("transfer", n), ("decision", n, share), ("undoing", n, share).
    """
    batches: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    """Which fact, told before, each batch repeats."""
    passing: list[str] = field(default_factory=list)
    """What the schedule does after each batch: "", "mature" or "bonuses"."""
    other: TermsDraft | None = None
    """The version that referrals move to, if any does."""


@st.composite
def worlds(draw: Draw) -> World:
    other = draw(st.one_of(st.none(), terms(), _common_terms()))
    customers = draw(st.lists(_customers(has_moves=other is not None), min_size=2, max_size=5))
    payments = draw(st.lists(_payments(len(customers)), min_size=3, max_size=8))
    facts: list[Fact] = [("customer", n) for n, _ in enumerate(customers)]
    facts += [("transfer", n) for n, customer in enumerate(customers) if customer.contested]
    facts += [("payment", n) for n, _ in enumerate(payments)]
    for n, payment in enumerate(payments):
        facts += draw(_afterwards(n, payment))
    facts += [
        ("cancellation", n, None, draw(st.integers(0, STEPS)))
        for n, _ in enumerate(customers)
        if draw(st.integers(0, 3)) == 0
    ]
    number = len(facts)
    return World(
        terms=draw(st.one_of(terms(), terms(), _common_terms())),
        zone=draw(st.sampled_from(ZONES)),
        customers=customers,
        payments=payments,
        order=draw(st.permutations(facts)),
        batches=draw(st.lists(st.integers(1, 5), min_size=number, max_size=number)),
        again=draw(st.lists(st.integers(0, 50), min_size=number, max_size=number)),
        passing=draw(
            st.lists(st.sampled_from(["", "", "mature", "bonuses"]), min_size=number, max_size=number)
        ),
        other=other,
    )


@st.composite
def _customers(draw: Draw, *, has_moves: bool) -> Customer:
    is_contested = draw(st.integers(0, 4)) == 0
    cut = draw(st.sampled_from([10_000, 10_000, 5_000, 3_333, 1]))
    shares = {draw(st.integers(0, 2)): cut} if cut == 10_000 else {0: cut, 1: 10_000 - cut}
    if is_contested:
        shares = {0: 10_000}
    return Customer(
        shares,
        draw(st.integers(0, STEPS)),
        is_contested or draw(st.booleans()),
        is_contested,
        draw(MOVES) if has_moves else (),
    )


MOVES = (
    st.sampled_from([(), ((0, False),)])
    | st.builds(lambda off, on: ((off, True), (on, False)), st.integers(0, STEPS), st.integers(0, STEPS))
    | st.builds(lambda on: ((on, False),), st.integers(0, STEPS))
)


@st.composite
def _payments(draw: Draw, customers: int) -> Payment:
    return Payment(
        customer=draw(st.integers(0, customers - 1)),
        amount=draw(st.integers(1, 5_000)),
        step=draw(st.integers(0, STEPS)),
        checked=draw(st.integers(0, 3)) > 0,
        plan=draw(st.sampled_from(PLANS)),
        prepaid_days=draw(st.sampled_from([None, 1, 7, 30])),
    )


@st.composite
def _afterwards(draw: Draw, n: int, payment: Payment) -> list[Fact]:
    """What becomes of a payment: money that goes back in parts, a chargeback that is fought, a cancellation, decisions."""
    facts: list[Fact] = []
    for kind in ("refund", "chargeback", "chargeback_reversal"):
        totals = draw(st.sets(st.integers(1, payment.amount) | st.just(payment.amount), max_size=2))
        if kind == "refund" or draw(st.booleans()):
            facts += [(kind, n, total, draw(st.integers(0, STEPS))) for total in sorted(totals)]
    if draw(st.integers(0, 4)) == 0:
        facts.append(("cancellation", payment.customer, n, draw(st.integers(0, STEPS))))
    if draw(st.integers(0, 3)) == 0:
        share = draw(st.integers(1, 100))
        facts.append(("decision", n, share))
        if draw(st.booleans()):
            facts.append(("undoing", n, share))
    return facts


@st.composite
def terms(draw: Draw) -> TermsDraft:
    """Terms that the checks let through."""
    measure = draw(st.sampled_from(["connections", "connections", "revenue"]))
    window_kind = draw(st.sampled_from(["rolling", "rolling", "month", "quarter", "lifetime"]))
    most = 4 if measure == "connections" else 12_000
    thresholds = [0, *sorted(draw(st.sets(st.integers(1, most), max_size=2)))]
    rates = sorted(draw(st.lists(st.integers(0, 10_000), min_size=len(thresholds), max_size=len(thresholds))))
    frozen = draw(st.integers(0, 4)) == 0
    ends = window_kind != "lifetime" and not frozen
    given = TermsDraft(
        [TierRow(f"Tier {n}", *tier) for n, tier in enumerate(zip(thresholds, rates, strict=True))],
        [RuleRow(monthly_cap=draw(CAPS), customer_cap=draw(CAPS), line_cap=draw(CAPS), **draw(_percent()))]
        + [draw(_plain(n)) for n in range(draw(st.integers(0, 2)))],
        measure=measure,
        window_kind=window_kind,
        window_days=draw(st.integers(1, 10)) if window_kind == "rolling" else None,
        retroactive=window_kind != "rolling" and not frozen and draw(st.booleans()),
        grace_days=draw(st.sampled_from([0, 1, 5])) if ends else 0,
        freeze_tier=frozen,
        evidence=draw(st.sampled_from(["bank_checked", "attested"])),
        vat_bps=2_000,
        fee_bps=250,
        fee_minimum=draw(st.sampled_from([0, 349])),
    )
    try:
        programmes.check(given)
    except Invalid as refusal:
        raise AssertionError(refusal.fields) from refusal
    return given


@st.composite
def _common_terms(draw: Draw) -> TermsDraft:
    """Those for which the engine has a shorter text: connections over rolling days, a percentage, a monthly cap."""
    on_cancel, cancel_days = draw(CANCELS)
    return TermsDraft(
        [
            TierRow("Low", 0, draw(st.integers(0, 5_000))),
            TierRow("High", 2, draw(st.integers(5_000, 10_000))),
        ],
        [RuleRow(monthly_cap=draw(CAPS), line_cap=draw(CAPS), on_cancel=on_cancel, cancel_days=cancel_days)],
        window_days=draw(st.integers(1, 10)),
        evidence=draw(st.sampled_from(["bank_checked", "attested"])),
    )


CAPS = st.sampled_from([None, None, 100, 1_000, 2_500])
CANCELS = st.sampled_from([("nothing", None), ("unearned", None), ("all", 3), ("all", 20)])


@st.composite
def _percent(draw: Draw) -> dict[str, Any]:
    """A percentage by tier."""
    on_cancel, cancel_days = draw(CANCELS)
    months, months_from = draw(
        st.sampled_from([(None, None), (None, None), (1, "first_payment"), (1, "sign_up")])
    )
    return {
        "payments": "first" if months is None and draw(st.integers(0, 4)) == 0 else "every",
        "months": months,
        "months_from": months_from,
        "base": draw(st.sampled_from(["gross", "gross", "net_of_vat", "net_of_fee"])),
        "on_cancel": on_cancel,
        "cancel_days": cancel_days,
        "reward": draw(st.sampled_from(["money", "credit"])),
    }


@st.composite
def _plain(draw: Draw, number: int) -> RuleRow:
    """A second rule: another percentage for one plan, a fixed amount, or a bonus."""
    on_cancel, cancel_days = draw(CANCELS)
    common: dict[str, Any] = {"key": f"rule-{number}", "on_cancel": on_cancel, "cancel_days": cancel_days}
    if draw(st.booleans()):
        condition, condition_days = draw(
            st.sampled_from([(None, None), ("first_payment", 4), ("first_payment", 30), ("stays", 10)])
        )
        return RuleRow(
            kind="fixed",
            event_kind=("connection", "sign_up")[number],
            amount=draw(st.integers(1, 700)),
            monthly_cap=draw(st.sampled_from([None, 1_000])),
            condition=condition,
            condition_days=condition_days,
            reward=draw(st.sampled_from(["money", "credit"])),
            **common,
        )
    plan = ("basic", "pro")[number]
    if draw(st.booleans()):
        return RuleRow(plan=plan, rate_bps=draw(st.integers(0, 10_000)), customer_cap=draw(CAPS), **common)
    return RuleRow(kind="fixed", plan=plan, amount=draw(st.integers(1, 99)), customer_cap=100, **common)


def told(draft: TermsDraft) -> dict[str, Any]:
    """Terms as the oracle reads them."""
    return asdict(draft) | {"tiers": [[tier.threshold, tier.rate_bps] for tier in draft.tiers]}
