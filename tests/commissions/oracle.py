"""What every commission must be, said once more: slowly, one event after the other, from plain facts in JSON.

It shares no code with the engine. A book of facts is an object:

    {"zone": "Europe/Moscow", "as_of": moment,
     "terms": {the fields of a draft, "tiers": [[0, 500], [2, 700]], "rules": [{the fields of a rule}]},
     "others": [further terms, like "terms"],
     "customers": {name: {"shares": {agent: bps}, "signed_up_at": moment, "connected_at": moment or null,
                          "moves": [[moment, which of "others"], ...], the latest decided last}},
     "facts": [{"id": 7, "kind": "payment", "customer": name, "at": moment, "amount": 100, "evidence": "attested",
                "plan": null, "prepaid_days": null},
               {"id": 8, "kind": "sign_up" or "connection", "customer": name, "at": moment},
               {"id": 9, "kind": "refund", "chargeback" or "chargeback_reversal", "of": 7, "total": 30, "at": moment},
               {"id": 10, "kind": "cancellation", "customer": name, "of": null or 7, "at": moment}],
     "decisions": [{"of": 7, "rule": key, "agent": agent, "amount": 5, "undone": false}]}

Moments are written as ISO 8601. `total` is cumulative over its kind; the same fact may be there several times.
"others" and "moves" may be left out. A move holds from its moment on, over those decided before it.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
from collections import defaultdict
from fractions import Fraction
from functools import cached_property
from math import floor, inf
from typing import Any
from zoneinfo import ZoneInfo

Net = dict[tuple[int, str, str], int]
"""By event, key of the rule and agent."""
MICROSECOND = dt.timedelta(microseconds=1)
BEGINNING, END = dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)


def nets(text: str) -> Net:
    """What each event earns each agent by each rule, in the end: by each version of the terms what is under it."""
    book = json.loads(text)
    versions = [book["terms"], *book.get("others", [])]
    result: Net = {}
    for number, terms in enumerate(versions):
        result |= Oracle(book | {"terms": terms}, number).nets()
    return result


def balances(text: str) -> dict[str, int]:
    """What each agent has earned in all."""
    totals: dict[str, int] = defaultdict(int)
    for (_, _, agent), amount in nets(text).items():
        totals[agent] += amount
    return dict(totals)


def half_up(number: Fraction) -> int:
    return floor(number + Fraction(1, 2))


def parted(amount: int, shares: dict[str, int]) -> dict[str, int]:
    """Whole parts first; what is left over goes one by one to the largest remainders, ties to the smaller agent."""
    exact = {agent: Fraction(amount * bps, 10_000) for agent, bps in shares.items()}
    parts = {agent: floor(part) for agent, part in exact.items()}
    in_turn = sorted(shares, key=lambda agent: (parts[agent] - exact[agent], agent))
    for agent in in_turn[: amount - sum(parts.values())]:
        parts[agent] += 1
    return parts


class Oracle:
    """What one version of the terms makes of the facts that are under it; all facts count for its tiers."""

    def __init__(self, book: dict[str, Any], number: int):
        self.book = book
        self.number = number
        self.terms = book["terms"]
        self.zone = ZoneInfo(book["zone"])
        self.as_of = dt.datetime.fromisoformat(book["as_of"])
        facts = {fact["id"]: fact | {"at": dt.datetime.fromisoformat(fact["at"])} for fact in book["facts"]}
        self.facts = sorted(facts.values(), key=lambda fact: (fact["at"], fact["id"]))
        self.customers = {
            name: {
                "shares": customer["shares"],
                "signed_up_at": dt.datetime.fromisoformat(customer["signed_up_at"]),
                "connected_at": customer["connected_at"]
                and dt.datetime.fromisoformat(customer["connected_at"]),
                "moves": [(dt.datetime.fromisoformat(at), to + 1) for at, to in customer.get("moves", [])],
            }
            for name, customer in book["customers"].items()
        }

    @cached_property
    def payments(self) -> list[dict[str, Any]]:
        """Those that the terms count, in order."""
        any_evidence = self.terms["evidence"] == "attested"
        return [
            fact
            for fact in self.facts
            if fact["kind"] == "payment" and (any_evidence or fact["evidence"] == "bank_checked")
        ]

    def payments_of(self, customer: str) -> list[dict[str, Any]]:
        return [payment for payment in self.payments if payment["customer"] == customer]

    def nets(self) -> Net:
        result: Net = {}
        by_customer: dict[Any, int] = defaultdict(int)
        by_month: dict[Any, int] = defaultdict(int)
        for fact in self.facts:
            if self.version(fact) != self.number:
                continue
            counts = fact in self.payments if fact["kind"] == "payment" else True
            for rule in self.terms["rules"] if counts else []:
                if not self.is_for(rule, fact):
                    continue
                for agent, base in parted(
                    self.whole(rule, fact), self.customers[fact["customer"]]["shares"]
                ).items():
                    worth = self.worth(rule, fact, agent, base)
                    local = fact["at"].astimezone(self.zone)
                    worth = left(rule["line_cap"], worth, defaultdict(int), None)
                    worth = left(
                        rule["customer_cap"], worth, by_customer, (agent, rule["key"], fact["customer"])
                    )
                    worth = left(
                        rule["monthly_cap"], worth, by_month, (agent, rule["key"], local.year, local.month)
                    )
                    back = self.taken_back(rule, fact, agent, worth)
                    result[fact["id"], rule["key"], agent] = worth - back
        return result

    def version(self, fact: dict[str, Any]) -> int | None:
        """Under which version a fact about a customer is."""
        if fact.get("customer") is None:
            return None
        moves = [to for at, to in self.customers[fact["customer"]]["moves"] if at <= fact["at"]]
        return moves[-1] if moves else 0

    def is_for(self, rule: dict[str, Any], fact: dict[str, Any]) -> bool:
        if rule["event_kind"] != fact["kind"]:
            return False
        plan = fact.get("plan")
        named = {other["plan"] for other in self.terms["rules"] if other["kind"] == rule["kind"]} - {None}
        return plan not in named if rule["plan"] is None else plan == rule["plan"]

    def whole(self, rule: dict[str, Any], fact: dict[str, Any]) -> int:
        if rule["kind"] == "fixed":
            return int(rule["amount"])
        paid = int(fact["amount"])
        if rule["base"] == "net_of_vat":
            return half_up(Fraction(paid * 10_000, 10_000 + self.terms["vat_bps"]))
        if rule["base"] == "net_of_fee":
            fee = half_up(Fraction(paid * self.terms["fee_bps"], 10_000))
            return max(0, paid - max(fee, self.terms["fee_minimum"]))
        return paid

    def worth(self, rule: dict[str, Any], fact: dict[str, Any], agent: str, base: int) -> int:
        if not self.in_time(rule, fact):
            return 0
        if rule["kind"] == "fixed":
            return base
        rate = rule["rate_bps"] if rule["rate_bps"] is not None else self.rate(fact, agent)
        return half_up(Fraction(base * rate, 10_000))

    def in_time(self, rule: dict[str, Any], fact: dict[str, Any]) -> bool:
        if fact["kind"] != "payment":
            return True
        first = self.payments_of(fact["customer"])[0]
        if rule["payments"] == "first":
            return bool(first["id"] == fact["id"])
        if rule["months"] is None:
            return True
        signed_up = self.customers[fact["customer"]]["signed_up_at"]
        since = first["at"] if rule["months_from"] == "first_payment" else signed_up
        return bool(fact["at"] < self.months_after(since, rule["months"]))

    def months_after(self, moment: dt.datetime, months: int) -> dt.datetime:
        """The same time of the day by the programme's clock; a day that the month lacks is its last."""
        local = moment.astimezone(self.zone).replace(tzinfo=None)
        index = local.year * 12 + local.month - 1 + months
        year, month = index // 12, index % 12 + 1
        day = min(local.day, calendar.monthrange(year, month)[1])
        return local.replace(year=year, month=month, day=day, tzinfo=self.zone)

    # The tier

    def rate(self, fact: dict[str, Any], agent: str) -> int:
        at, id = fact["at"], fact["id"]
        if self.terms["freeze_tier"]:
            signed_up = self.customers[fact["customer"]]["signed_up_at"]
            if signed_up < at:
                at, id = signed_up, inf
        volume = max(self.volume(agent, *moment) for moment in self.moments(at, id))
        reached = 0
        for threshold, bps in self.terms["tiers"]:
            if max(0, volume) >= threshold:
                reached = bps
        return reached

    def moments(self, at: dt.datetime, id: float) -> list[tuple[dt.datetime, float]]:
        """The moment, and with grace every other at which the volume could have been another since."""
        moments = [(at, id)]
        grace = dt.timedelta(days=self.terms["grace_days"])
        if not grace:
            return moments
        opens = at - grace
        edges = {opens + MICROSECOND} | {fact["at"] for fact in self.facts}
        edges |= {
            customer["connected_at"] for customer in self.customers.values() if customer["connected_at"]
        }
        if self.terms["window_kind"] == "rolling":
            edges |= {edge + dt.timedelta(days=self.terms["window_days"]) for edge in edges}
        else:
            edges |= {self.window(edge)[0] for edge in [*edges, at] if self.window(edge)[0] > BEGINNING}
        moments += [(edge, inf) for edge in edges if opens < edge < at]
        moments += [
            (f["at"], f["id"]) for f in self.facts if opens < f["at"] and (f["at"], f["id"]) < (at, id)
        ]
        return moments

    def window(self, at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        """The calendar window around a moment: from its beginning to before its end."""
        local = at.astimezone(self.zone)
        if self.terms["window_kind"] == "lifetime":
            return BEGINNING, END
        months = 1 if self.terms["window_kind"] == "month" else 3
        first = (local.month - 1) // months * months + 1
        begins = dt.datetime(local.year, first, 1, tzinfo=self.zone)
        after = local.year * 12 + first - 1 + months
        return begins, dt.datetime(after // 12, after % 12 + 1, 1, tzinfo=self.zone)

    def volume(self, agent: str, at: dt.datetime, id: float) -> int:
        if self.terms["window_kind"] == "rolling":
            begins = at - dt.timedelta(days=self.terms["window_days"]) + MICROSECOND
        else:
            begins, ends = self.window(at)
            if self.terms["retroactive"]:
                at, id = ends - MICROSECOND, inf
        if self.terms["measure"] == "connections":
            return sum(
                1
                for customer in self.customers.values()
                if agent in customer["shares"]
                and customer["connected_at"]
                and begins <= customer["connected_at"] <= at
            )
        mine = [p for p in self.payments if agent in self.customers[p["customer"]]["shares"]]
        return sum(
            (
                payment["amount"]
                if begins <= payment["at"] and (payment["at"], payment["id"]) <= (at, id)
                else 0
            )
            - self.gone_back(payment, at, id)
            + self.gone_back(payment, begins - MICROSECOND if begins > BEGINNING else begins, inf)
            for payment in mine
        )

    # What is taken back

    def gone_back(self, payment: dict[str, Any], at: dt.datetime, id: float) -> int:
        """What of a payment the customer had back at a moment."""
        most: dict[str, int] = defaultdict(int)
        for fact in self.facts:
            if fact.get("of") == payment["id"] and "total" in fact and (fact["at"], fact["id"]) <= (at, id):
                most[fact["kind"]] = max(most[fact["kind"]], fact["total"])
        charged = max(0, most["chargeback"] - most["chargeback_reversal"])
        return min(int(payment["amount"]), most["refund"] + charged)

    def taken_back(self, rule: dict[str, Any], fact: dict[str, Any], agent: str, accrued: int) -> int:
        asked = [self.for_refunds(fact, accrued), self.for_cancellation(rule, fact, accrued)]
        if rule["condition"] is not None and self.has_failed(rule, fact):
            asked.append(accrued)
        decided = sum(
            decision["amount"]
            for decision in self.book["decisions"]
            if (decision["of"], decision["rule"], decision["agent"]) == (fact["id"], rule["key"], agent)
            and not decision["undone"]
        )
        return min(accrued, max(asked) + decided)

    def for_refunds(self, fact: dict[str, Any], accrued: int) -> int:
        if fact["kind"] != "payment":
            return 0
        return half_up(Fraction(accrued * self.gone_back(fact, END, inf), fact["amount"]))

    def cancelled_at(self, fact: dict[str, Any]) -> dt.datetime | None:
        """When the customer first cancelled after the event, everything or just this."""
        moments = [
            other["at"]
            for other in self.facts
            if other["kind"] == "cancellation"
            and other["customer"] == fact["customer"]
            and other["at"] >= fact["at"]
            and other["of"] in (None, fact["id"])
        ]
        return min(moments, default=None)

    def for_cancellation(self, rule: dict[str, Any], fact: dict[str, Any], accrued: int) -> int:
        at = self.cancelled_at(fact)
        if at is None:
            return 0
        if rule["on_cancel"] == "all":
            return accrued if at < fact["at"] + dt.timedelta(days=rule["cancel_days"]) else 0
        if rule["on_cancel"] == "unearned" and fact.get("prepaid_days"):
            whole = dt.timedelta(days=fact["prepaid_days"])
            unused = max(dt.timedelta(), fact["at"] + whole - at)
            return half_up(Fraction(accrued * (unused // MICROSECOND), whole // MICROSECOND))
        return 0

    def has_failed(self, rule: dict[str, Any], fact: dict[str, Any]) -> bool:
        deadline = fact["at"] + dt.timedelta(days=rule["condition_days"])
        if rule["condition"] == "stays":
            at = self.cancelled_at(fact)
            return at is not None and at < deadline
        paid = [payment for payment in self.payments_of(fact["customer"]) if payment["at"] < deadline]
        if any(self.gone_back(payment, END, inf) < payment["amount"] for payment in paid):
            return False
        return bool(paid) or deadline <= self.as_of


def left(cap: int | None, worth: int, sums: dict[Any, int], whose: Any) -> int:
    """What a cap leaves of what a line is worth, and the sum to which it is counted afterwards."""
    if cap is None:
        return worth
    room = max(0, cap - sums[whose])
    sums[whose] += worth
    return min(worth, room)
