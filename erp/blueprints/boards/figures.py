"""A figure of a dashboard: what it says, where its rows are listed, and how it changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext

from erp.blueprints import charts
from erp.blueprints.presentation import format_count, format_money
from erp.domain import ledger
from erp.domain.analytics import CURRENCY

MANIFOLD = 10
"""From so many times as much on, a change is told as a multiple."""


class Change(NamedTuple):
    """How a figure stands against the one before; tone is ok, bad or "" for neither."""

    text: str
    tone: str
    icon: str


class Figure(NamedTuple):
    """`line` is a small line of how it came, `note` a word under it."""

    label: str
    text: str
    url: str
    note: str = ""
    change: Change | None = None
    line: str = ""
    tone: str = ""


def change(after: int, before: int, *, good: str = "more") -> Change | None:
    """The difference in percent of what was before; nothing is said when there was nothing before."""
    if not before:
        return None
    if after == before:
        return Change(gettext("as before"), "", "minus")
    rises = after > before
    tone = "ok" if rises == (good == "more") else "bad"
    if after >= MANIFOLD * before:
        return Change(f"×{format_count(after // before)}", tone, "trending-up")
    sign, icon = ("+", "trending-up") if rises else ("\u2212", "trending-down")
    return Change(f"{sign}{charts.percent(abs(after - before), before)}", tone, icon)


def sparked(rows: Sequence[Any], name: str) -> str:
    """The small line of one figure of `analytics.movement`."""
    return charts.spark([getattr(row, name) for row in rows])


def liabilities() -> list[Figure]:
    """What the owner owes agents, and what agents owe."""
    owed = {row.kind: row for row in ledger.liabilities() if row.currency == CURRENCY}

    def amount(kind: str, what: str = "owed") -> str:
        return format_money(getattr(owed[kind], what) if kind in owed else 0, CURRENCY)

    return [
        Figure(
            gettext("On hold"),
            amount("pending"),
            url_for("commissions.index", state="on_hold"),
            gettext("earned, not yet available"),
        ),
        Figure(
            gettext("Available"),
            amount("available"),
            url_for("agents.index", group="money_available"),
            gettext("goes into the next payout"),
        ),
        Figure(
            gettext("Frozen"),
            amount("frozen"),
            url_for("commissions.index", state="frozen"),
            gettext("waits for a decision"),
        ),
        Figure(
            gettext("In payout"),
            amount("in_payout"),
            url_for("payouts.index", state="open"),
            gettext("on its way to the bank"),
        ),
        Figure(
            gettext("Debts"),
            amount("available", "debts"),
            url_for("agents.index", group="in_debt"),
            gettext("later commissions repay them"),
        ),
    ]
