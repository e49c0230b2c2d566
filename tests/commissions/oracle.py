"""What every commission must be, said once more: slowly, one payment after the other, from plain facts.

It shares no code with the engine. A book of facts is a dict:

    {"zone": "Europe/Moscow", "cap": 10_000 or None, "window_days": 90, "tiers": [(0, 500), (2, 700)], "any": False,
     "customers": {name: {"shares": {agent: bps}, "connected_at": moment or None}},
     "payments": [{"id": 1, "customer": name, "amount": 100, "at": moment, "refunded": [30, 100], "checked": True}]}

`refunded` are the cumulative totals that were ever told, in any order; `any` says that payments count which the bank
has not `checked`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

Book = dict[str, Any]


def nets(book: Book) -> dict[tuple[Any, Any], int]:
    """What each payment earns each agent who shares in it, refunds taken off."""
    earned_in_month: dict[tuple[Any, int, int], int] = defaultdict(int)
    result = {}
    counted = [payment for payment in book["payments"] if book["any"] or payment["checked"]]
    for payment in sorted(counted, key=lambda payment: (payment["at"], payment["id"])):
        parts = parted(payment["amount"], book["customers"][payment["customer"]]["shares"])
        local = payment["at"].astimezone(ZoneInfo(book["zone"]))
        for agent, base in parts.items():
            volume = connections(book, agent, payment["at"])
            worth = half_up(Fraction(base * rate(book["tiers"], volume), 10_000))
            month = (agent, local.year, local.month)
            room = worth if book["cap"] is None else max(0, book["cap"] - earned_in_month[month])
            earned_in_month[month] += worth
            accrued = min(worth, room)
            back = half_up(Fraction(accrued * max([0, *payment["refunded"]]), payment["amount"]))
            result[payment["id"], agent] = accrued - back
    return result


def parted(amount: int, shares: dict[Any, int]) -> dict[Any, int]:
    """Whole parts first; what is left over goes one by one to the largest remainders, ties to the smaller agent."""
    exact = {agent: Fraction(amount * bps, 10_000) for agent, bps in shares.items()}
    parts = {agent: floor(part) for agent, part in exact.items()}
    in_turn = sorted(shares, key=lambda agent: (parts[agent] - exact[agent], agent))
    for agent in in_turn[: amount - sum(parts.values())]:
        parts[agent] += 1
    return parts


def connections(book: Book, agent: Any, at: dt.datetime) -> int:
    opens = at - dt.timedelta(days=book["window_days"])
    count = 0
    for customer in book["customers"].values():
        moment = customer["connected_at"]
        if moment is not None and agent in customer["shares"] and opens < moment <= at:
            count += 1
    return count


def rate(tiers: list[tuple[int, int]], volume: int) -> int:
    reached = 0
    for threshold, bps in tiers:
        if volume >= threshold:
            reached = bps
    return reached


def half_up(number: Fraction) -> int:
    return floor(number + Fraction(1, 2))


def balances(book: Book) -> dict[Any, int]:
    """What each agent has earned in all."""
    totals: dict[Any, int] = defaultdict(int)
    for (_, agent), amount in nets(book).items():
        totals[agent] += amount
    return dict(totals)
