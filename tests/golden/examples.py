"""Small histories whose commissions are worked out by hand: each names what it is there for.

They are recorded, not told: `Golden.expected` says what every event must earn whom by which rule in the end.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from erp.domain import commissions, integrations
from erp.domain.commissions import decisions
from erp.domain.programmes import RuleRow, TermsDraft, TierRow
from erp.kernel.transaction import transaction
from tests.support import earnings
from tests.support.cast import SOMEBODY
from tests.support.earnings import agent, cancellation, customer_of, days

TEN = [TierRow("Only", 0, 1000)]
PERCENT = [RuleRow()]
TWO_TIERS = [TierRow("Low", 0, 1000), TierRow("High", 2, 2000)]


class Golden:
    """Programmes of their own, one agent in each unless more are made."""

    def __init__(self) -> None:
        self.expected: dict[tuple[int, str, str], int] = {}
        self.number = 0
        for record in (
            edges_of_a_rolling_window,
            rounding,
            months_of_the_zone,
            shares,
            net_bases,
            the_first_payment,
            some_months,
            caps_of_line_and_customer,
            plans,
            money_that_went_back,
            decisions_and_what_was_undone,
            cancellations,
            bonuses,
            revenue,
            grace,
            retroactive_months,
            a_frozen_tier,
            evidence,
            a_lifetime,
            terms_that_referrals_moved_to,
            moves_called_off_and_decided_anew,
        ):
            record(self)

    def begin(
        self, tiers: Any = TEN, rules: Any = PERCENT, zone: str = "Europe/Moscow", **terms: Any
    ) -> None:
        self.number += 1
        self.key = f"golden-{self.number}"
        if terms.get("window_kind", "rolling") != "rolling":
            terms["window_days"] = None
        earnings.programme_of(TermsDraft(tiers, list(rules), **terms), key=self.key, zone=zone)
        self.agent = agent()

    def version(self, tiers: Any, rules: Any, **terms: Any) -> UUID:
        """The next version of the programme's terms, in force when all has happened; its id."""
        id = earnings.look("select id from programme where key = :key", key=self.key)
        draft = TermsDraft(tiers, list(rules), **terms)
        return earnings.next_version(id, draft, at=earnings.LATER)

    def customer(self, day: float = -50, *, connected: bool = False) -> UUID:
        return customer_of(self.agent, days(day), connected=connected, programme=self.key)

    def pays(
        self, customer: UUID, amount: int, day: float | dt.datetime, earns: int | None = None, **about: Any
    ) -> int:
        at = day if isinstance(day, dt.datetime) else days(day)
        event = earnings.payment(customer, amount, at, **about)
        if earns:
            self.expect(event, earns)
        return event

    def expect(self, event: int, amount: int, rule: str = "percent", agent_id: UUID | None = None) -> None:
        self.expected[event, rule, str(agent_id or self.agent)] = amount

    def signed_up(self, customer: UUID) -> int:
        event: int = earnings.look(
            "select id from event where customer_id = :id and kind = 'sign_up'", id=customer
        )
        return event


def edges_of_a_rolling_window(told: Golden) -> None:
    told.begin(TWO_TIERS, window_days=30)
    first = told.customer(-40, connected=True)
    told.customer(-10, connected=True)
    told.customer(0, connected=True)
    told.pays(first, 10_000, 0, 2_000)
    told.pays(first, 10_000, 20, 1_000)


def rounding(told: Golden) -> None:
    told.begin([TierRow("Only", 0, 500)])
    told.pays(told.customer(), 1_010, 0, 51)


def months_of_the_zone(told: Golden) -> None:
    told.begin(rules=[RuleRow(monthly_cap=10_000)], zone="Asia/Vladivostok")
    customer = told.customer()
    told.pays(customer, 60_000, 0, 6_000)
    told.pays(customer, 30_000, 1, 3_000)
    told.pays(customer, 30_000, 2, 1_000)
    told.pays(customer, 5_000, dt.datetime(2026, 3, 31, 15, tzinfo=dt.UTC), 500)


def shares(told: Golden) -> None:
    told.begin([TierRow("All", 0, 10_000)])
    customer = told.customer()
    parts = dict(zip([told.agent, agent(), agent()], (3_333, 3_333, 3_334), strict=True))
    earnings.share(customer, parts)
    event = told.pays(customer, 100, 0)
    for agent_id, bps in parts.items():
        told.expect(event, 34 if bps == 3_334 else 33, agent_id=agent_id)


def net_bases(told: Golden) -> None:
    told.begin(rules=[RuleRow(base="net_of_vat")], vat_bps=2_000)
    told.pays(told.customer(), 120_000, 0, 10_000)
    told.begin(rules=[RuleRow(base="net_of_fee")], fee_bps=250, fee_minimum=349)
    customer = told.customer()
    told.pays(customer, 10_000, 0, 965)
    told.pays(customer, 100_000, 1, 9_750)


def the_first_payment(told: Golden) -> None:
    told.begin(rules=[RuleRow(payments="first")])
    customer = told.customer()
    told.pays(customer, 10_000, 0)
    told.pays(customer, 10_000, -1, 1_000)


def some_months(told: Golden) -> None:
    told.begin(rules=[RuleRow(months=1, months_from="first_payment")])
    customer = told.customer()
    told.pays(customer, 10_000, dt.datetime(2026, 1, 31, 9, tzinfo=dt.UTC), 1_000)
    told.pays(customer, 10_000, dt.datetime(2026, 2, 28, 8, tzinfo=dt.UTC), 1_000)
    told.pays(customer, 10_000, dt.datetime(2026, 2, 28, 9, tzinfo=dt.UTC))


def caps_of_line_and_customer(told: Golden) -> None:
    told.begin(rules=[RuleRow(line_cap=800, customer_cap=1_500)])
    customer, other = told.customer(), told.customer()
    told.pays(customer, 10_000, 0, 800)
    told.pays(customer, 10_000, 1, 700)
    told.pays(customer, 10_000, 2)
    told.pays(other, 10_000, 3, 800)
    told.begin(rules=[RuleRow(line_cap=800)])
    told.pays(told.customer(), 10_000, 0, 800)


def plans(told: Golden) -> None:
    told.begin(
        rules=[
            RuleRow(),
            RuleRow("pro", plan="pro", rate_bps=2_000),
            RuleRow("gift", kind="fixed", plan="gift", amount=70),
        ]
    )
    customer = told.customer()
    told.pays(customer, 10_000, 0, 1_000)
    told.expect(told.pays(customer, 10_000, 1, plan="pro"), 2_000, "pro")
    event = told.pays(customer, 10_000, 2, 1_000, plan="gift")
    told.expect(event, 70, "gift")


def money_that_went_back(told: Golden) -> None:
    told.begin([TierRow("Only", 0, 500)])
    customer = told.customer()
    event = told.pays(customer, 1_010, 0, 16)
    earnings.refund(event, 300, days(1))
    earnings.refund(event, 700, days(2))
    event = told.pays(customer, 1_010, 1, 36)
    earnings.refund(event, 500, days(2), kind="chargeback")
    earnings.refund(event, 500, days(3), kind="chargeback_reversal")
    earnings.refund(event, 300, days(4))
    event = told.pays(customer, 1_010, 2, 13)
    earnings.refund(event, 500, days(2), kind="chargeback")
    earnings.refund(event, 250, days(3))


def decisions_and_what_was_undone(told: Golden) -> None:
    """Somebody takes back of what is booked, so these are told as they come."""
    told.begin()
    customer = told.customer()
    kept, undone, both = (
        told.pays(customer, 10_000, day, earns) for day, earns in ((0, 700), (1, 1_000), (2, 200))
    )
    earnings.accrue(kept, undone, both)
    take_back(kept, 300)
    give_back(take_back(undone, 300))
    earlier = take_back(both, 400)
    earnings.refunded(both, 8_000, days(3))
    give_back(earlier)


def take_back(event: int, amount: int) -> int:
    line = earnings.commission(event).id
    with transaction():
        return commissions.take_back(line, amount=amount, reason="fraud", note="", by=SOMEBODY, now=days(3))


def give_back(decision: int) -> None:
    with transaction():
        decisions.give_back(decision, reason="our_mistake", note="", by=SOMEBODY, now=days(4))


def cancellations(told: Golden) -> None:
    told.begin()
    customer = told.customer()
    told.pays(customer, 30_000, 0, 1_000, prepaid_days=30)
    cancellation(customer, days(10))
    told.pays(customer, 30_000, 11, 3_000, prepaid_days=30)
    told.begin(rules=[RuleRow(on_cancel="all", cancel_days=3)])
    customer = told.customer()
    told.pays(customer, 10_000, 0, 1_000)
    told.pays(customer, 10_000, 1)
    cancellation(customer, days(3))


def bonuses(told: Golden) -> None:
    rule = RuleRow(
        "bonus", kind="fixed", event_kind="sign_up", amount=500, condition="first_payment", condition_days=10
    )
    told.begin(rules=[rule])
    paid, late, gone = told.customer(0), told.customer(0), told.customer(0)
    told.pays(paid, 100, 5)
    told.expect(told.signed_up(paid), 500, "bonus")
    told.pays(late, 100, 10)
    waited = told.signed_up(late)
    with transaction():
        lapse = integrations.NewEvent(
            "tests", f"lapse-{late}", "lapse", late, days(10), original_event_id=waited
        )
        integrations.record_event(lapse)
    earnings.refund(told.pays(gone, 100, 5), 100, days(6))
    told.begin(
        rules=[
            RuleRow(
                "bonus", kind="fixed", event_kind="sign_up", amount=500, condition="stays", condition_days=10
            )
        ]
    )
    stays, leaves = told.customer(0), told.customer(0)
    cancellation(stays, days(10))
    cancellation(leaves, days(9))
    told.expect(told.signed_up(stays), 500, "bonus")


def revenue(told: Golden) -> None:
    told.begin([TierRow("Low", 0, 1_000), TierRow("High", 20_000, 2_000)], measure="revenue", window_days=10)
    customer = told.customer()
    first = told.pays(customer, 15_000, 0, 500)
    told.pays(customer, 10_000, 1, 2_000)
    earnings.refund(first, 10_000, days(2))
    told.pays(customer, 5_000, 3, 1_000)
    told.pays(customer, 24_000, 11.5, 2_400)
    told.pays(customer, 1_000, 13, 200)


def grace(told: Golden) -> None:
    told.begin(TWO_TIERS, window_kind="month", grace_days=5)
    customer = told.customer(-60, connected=True)
    told.customer(-10, connected=True)
    told.customer(-9, connected=True)
    told.pays(customer, 10_000, 1, 2_000)
    told.pays(customer, 10_000, 5, 1_000)
    told.begin(TWO_TIERS, window_days=2, grace_days=5)
    customer = told.customer(-4, connected=True)
    told.customer(-3.5, connected=True)
    told.pays(customer, 10_000, 0, 2_000)
    told.pays(customer, 10_000, 4, 1_000)


def retroactive_months(told: Golden) -> None:
    told.begin(TWO_TIERS, window_kind="month", retroactive=True)
    customer = told.customer(-60, connected=True)
    told.pays(customer, 10_000, -20, 2_000)
    told.customer(-10, connected=True)
    told.customer(-9, connected=True)
    told.pays(customer, 10_000, 1, 1_000)


def a_frozen_tier(told: Golden) -> None:
    told.begin(TWO_TIERS, freeze_tier=True)
    customer = told.customer(-20, connected=True)
    later = told.customer(-10, connected=True)
    told.pays(customer, 10_000, 0, 1_000)
    told.pays(later, 10_000, 0, 2_000)


def evidence(told: Golden) -> None:
    told.begin()
    customer = told.customer()
    told.pays(customer, 10_000, 0, evidence="attested")
    told.pays(customer, 10_000, 0, 1_000)
    told.begin(evidence="attested")
    told.pays(told.customer(), 10_000, 0, 1_000, evidence="attested")


def a_lifetime(told: Golden) -> None:
    told.begin(TWO_TIERS, window_kind="lifetime")
    customer = told.customer(-400, connected=True)
    told.customer(-1, connected=True)
    told.pays(customer, 10_000, -2, 1_000)
    told.pays(customer, 10_000, 0, 2_000)


def terms_that_referrals_moved_to(told: Golden) -> None:
    told.begin(rules=[RuleRow(monthly_cap=1_500)])
    moved, stays = told.customer(), told.customer()
    other = told.version([TierRow("Only", 0, 2_000)], [RuleRow(monthly_cap=2_500)])
    earnings.move(moved, other, days(2))
    before = told.pays(moved, 10_000, dt.datetime(2026, 3, 4, 8, 59, 59, 999999, tzinfo=dt.UTC), 500)
    told.pays(stays, 10_000, 2, 500)
    told.pays(moved, 10_000, 2, 2_000)
    told.pays(moved, 10_000, 3, 500)
    earnings.refund(before, 5_000, days(5))


def moves_called_off_and_decided_anew(told: Golden) -> None:
    told.begin()
    customer = told.customer()
    other = told.version([TierRow("Only", 0, 2_000)], PERCENT)
    earnings.move(customer, other, days(5), called_off=True)
    earnings.move(customer, other, days(2))
    told.pays(customer, 10_000, 1, 1_000)
    told.pays(customer, 10_000, 2, 2_000)
    told.pays(customer, 10_000, 6, 2_000)
    called_off = told.customer()
    earnings.move(called_off, other, days(5), called_off=True)
    told.pays(called_off, 10_000, 6, 1_000)
