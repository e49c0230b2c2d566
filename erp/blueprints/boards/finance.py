"""The dashboard of finance: what is owed and when, runs, debts, what was paid."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext
from flask_login import current_user

from erp.blueprints import charts
from erp.blueprints.boards import period
from erp.blueprints.boards.figures import liabilities
from erp.blueprints.charts import Chart, Part, Point
from erp.blueprints.people import agent_names
from erp.blueprints.present import now
from erp.domain import agents, analytics, commissions, ledger, payouts
from erp.domain.analytics import CURRENCY
from erp.kernel.permissions import Permission

WEEKS = 8
"""Weeks that the forecast shows one by one."""
MONTHS = 12
MOST_DEBTORS = 6


class Work(NamedTuple):
    """A kind of runs or payouts: how many, for how much, and where they are listed."""

    title: str
    number: int
    amount: int
    url: str
    tone: str


class Conditional(NamedTuple):
    """What waits for conditions of bonuses, the last until the day `last`."""

    amount: int
    last: dt.date
    url: str


class Debtor(NamedTuple):
    name: str
    url: str
    amount: int


def board() -> dict[str, Any]:
    return {
        "liabilities": liabilities(),
        "shares": _shares(),
        "forecast": _forecast(),
        "conditional": _conditional(),
        "works": _works(),
        "debtors": _debtors(),
        "paid_out": _paid_out(),
        "currency": CURRENCY,
    }


def _shares() -> list[Part]:
    """The parts of what is owed, each in percent of all."""
    owed = {row.kind: row.owed for row in ledger.liabilities() if row.currency == CURRENCY}
    words = {
        "available": (gettext("Available"), url_for("agents.index", group="money_available")),
        "pending": (gettext("On hold"), url_for("commissions.index", state="on_hold")),
        "in_payout": (gettext("In payout"), url_for("payouts.index", state="open")),
        "frozen": (gettext("Frozen"), url_for("commissions.index", state="frozen")),
    }
    return charts.shares(
        [(name, owed.get(kind, 0), url) for kind, (name, url) in words.items()], charts.amounts(CURRENCY)
    )


def _held(waits_for: str) -> list[Any]:
    """What is on hold in money, by the day that ends the waiting."""
    return [
        row
        for row in commissions.forecast(period.zone(), now())
        if row.waits_for == waits_for and row.currency == CURRENCY and not row.in_credit
    ]


def _forecast() -> Chart:
    """What becomes available in each week, as far as it is earned already."""
    monday = period.today() - dt.timedelta(days=period.today().weekday())
    weeks = {monday + dt.timedelta(weeks=number): 0 for number in range(WEEKS)}
    later = 0
    for row in _held("time"):
        week = row.day - dt.timedelta(days=row.day.weekday())
        if week in weeks:
            weeks[week] += row.net
        else:
            later += row.net
    points = []
    for first, net in weeks.items():
        days = period.week(first)
        cut = (
            {"until": days.last.isoformat()}
            if first == monday
            else {"since": first.isoformat(), "until": days.last.isoformat()}
        )
        points.append(Point(days.label, days.name, [net], _on_hold("release", **cut)))
    if later:
        since = monday + dt.timedelta(weeks=WEEKS)
        points.append(
            Point(gettext("later"), gettext("Later"), [later], _on_hold("release", since=since.isoformat()))
        )
    title = gettext("Becomes available")
    return charts.bars(
        "forecast", title, points, charts.amounts(CURRENCY), series=[title], heading=gettext("Week")
    )


def _conditional() -> Conditional | None:
    """What has no day yet, because it waits for something that customers do."""
    held = _held("condition")
    if not held:
        return None
    last = max(row.day for row in held)
    return Conditional(sum(row.net for row in held), last, _on_hold("deadline", until=last.isoformat()))


def _on_hold(by: str, **cut: Any) -> str:
    return url_for("commissions.index", state="on_hold", paid_as="money", by=by, **cut)


def _works() -> list[Work]:
    known = analytics.under_way()
    payable = [candidate for candidate in payouts.candidates(CURRENCY) if candidate.reason is None]
    may_prepare = Permission.PAYOUTS_PREPARE in current_user.permissions
    return [
        Work(
            gettext("Agents a run could pay now"),
            len(payable),
            sum(candidate.payable for candidate in payable),
            url_for("payout_runs.new") if may_prepare else "",
            "wait" if payable else "",
        ),
        Work(
            gettext("Runs to approve"),
            known.drafts,
            known.draft_amount,
            url_for("payout_runs.index", state="draft"),
            "wait" if known.drafts else "",
        ),
        Work(
            gettext("Runs under way"),
            known.running,
            known.running_amount,
            url_for("payout_runs.index", state="running"),
            "go" if known.running else "",
        ),
        Work(
            gettext("Payouts without an answer"),
            known.unknown,
            known.unknown_amount,
            url_for("payouts.index", state="unknown"),
            "wait" if known.unknown else "",
        ),
        Work(
            gettext("Payouts that failed"),
            known.failed,
            known.failed_amount,
            url_for("payouts.index", state="failed"),
            "bad" if known.failed else "",
        ),
    ]


def _debtors() -> list[Debtor]:
    """Who owes most."""
    ids = analytics.agents_in("in_debt", dt.datetime.min)
    balances = ledger.balances(ids, CURRENCY)
    most = sorted(ids, key=lambda id: balances[id]["available"])[:MOST_DEBTORS]
    names = agent_names(most)
    references = {profile.id: profile.reference for profile in agents.profiles(most)}
    return [
        Debtor(names[id], url_for("agents.show", reference=references[id]), -balances[id]["available"])
        for id in most
    ]


def _paid_out() -> Chart:
    first = period.months_after(period.today(), 1 - MONTHS)
    points = []
    for row in analytics.movement(first, period.today(), "month", period.zone()):
        month = period.month(row.day)
        points.append(
            Point(
                month.label, month.name, [row.paid_out], month.url("payouts.index", state="paid", by="paid")
            )
        )
    title = gettext("Paid out")
    return charts.bars(
        "paid-out", title, points, charts.amounts(CURRENCY), series=[title], heading=gettext("Month")
    )
