"""The manager's dashboard: what moved, how far bookings come, who stays, what is at risk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext, ngettext

from erp.blueprints import charts
from erp.blueprints.boards import period
from erp.blueprints.boards.figures import Change, Figure, change, sparked
from erp.blueprints.boards.period import Days, Period
from erp.blueprints.charts import Chart, Heat, Point, Stage
from erp.blueprints.present import now
from erp.blueprints.presentation import format_count, format_money
from erp.blueprints.states import state_of
from erp.domain import analytics, bookings
from erp.domain.analytics import CURRENCY
from erp.kernel.span import Span

SOON = 3
"""Bookings that expire within so many days, today among them, are about to expire."""
COHORTS = 8
"""Months of sign-ups in the table of who stays."""


class Risk(NamedTuple):
    """Something that goes wrong if nobody does anything."""

    number: int
    title: str
    text: str
    url: str
    icon: str
    change: Change | None = None


def board() -> dict[str, Any]:
    chosen = period.chosen()
    after, before = analytics.moved(chosen.days.span), analytics.moved(chosen.before.span)
    step = "day" if chosen.length == min(period.LENGTHS) else "week"
    rows = analytics.movement(chosen.days.first, chosen.days.last, step, period.zone())
    buckets = [_bucket(row.day, step, chosen.days) for row in rows]
    return {
        "period": chosen,
        "lengths": period.LENGTHS,
        "moved": moved(chosen.days, after, before, rows),
        "paid": _paid(rows, buckets),
        "brought": _brought(rows, buckets),
        "funnel": _funnel(chosen.days),
        "cohorts": _cohorts(),
        "risks": _risks(chosen, after, before),
    }


def moved(days: Days, after: Any, before: Any, rows: Sequence[Any]) -> list[Figure]:
    """The figures of a period against those before it."""
    return [
        Figure(
            gettext("Sign-ups"),
            format_count(after.sign_ups),
            days.url("customers.index"),
            _was(format_count(before.sign_ups)),
            change(after.sign_ups, before.sign_ups),
            sparked(rows, "sign_ups"),
        ),
        Figure(
            gettext("Connections"),
            format_count(after.connections),
            days.url("referrals.index", of="connections"),
            _was(format_count(before.connections)),
            change(after.connections, before.connections),
            sparked(rows, "connections"),
        ),
        Figure(
            gettext("Payments"),
            format_count(after.payments),
            days.url("payments.index"),
            _was(format_count(before.payments)),
            change(after.payments, before.payments),
            sparked(rows, "payments"),
        ),
        Figure(
            gettext("Paid by customers"),
            format_money(after.paid, CURRENCY),
            days.url("payments.index"),
            _was(format_money(before.paid, CURRENCY)),
            change(after.paid, before.paid),
            sparked(rows, "paid"),
        ),
        Figure(
            gettext("Commissions"),
            format_money(after.earned, CURRENCY),
            days.url("commissions.index"),
            _was(format_money(before.earned, CURRENCY)),
            change(after.earned, before.earned),
            sparked(rows, "earned"),
        ),
    ]


def _was(text: str) -> str:
    return gettext("%(figure)s in the time before", figure=text)


def _bucket(day: dt.date, step: str, days: Days) -> Days:
    """The days of a bar, as far as they are of the period."""
    whole = Days(day, day) if step == "day" else period.week(day)
    return Days(max(whole.first, days.first), min(whole.last, days.last))


def _paid(rows: Sequence[Any], buckets: Sequence[Days]) -> Chart:
    points = [
        Point(days.label, days.name, [row.paid], days.url("payments.index"))
        for row, days in zip(rows, buckets, strict=True)
    ]
    title = gettext("Paid by customers")
    return charts.bars("paid", title, points, charts.amounts(CURRENCY), series=[title])


def _brought(rows: Sequence[Any], buckets: Sequence[Days]) -> Chart:
    """Sign-ups: places of the catalogue that agents brought, and everybody else."""
    points = [
        Point(
            days.label,
            days.name,
            [row.connections, row.sign_ups - row.connections],
            days.url("customers.index"),
        )
        for row, days in zip(rows, buckets, strict=True)
    ]
    series = [gettext("Connections"), gettext("Other sign-ups")]
    return charts.bars("brought", gettext("Sign-ups"), points, charts.counts(), series=series)


def _funnel(days: Days) -> list[Stage]:
    """Of the bookings made in the period, how many came how far by now."""
    reached = analytics.funnel(days.span)
    words = {name: str(state_of(name).label) for name in (*bookings.STAGES, "connected")}
    words["paid"] = gettext("Customer paid")
    return charts.funnel(
        [
            (
                words[name],
                number,
                days.url("bookings.index", **({} if name == "booked" else {"reached": name})),
            )
            for name, number in reached.items()
        ]
    )


class Cohorts(NamedTuple):
    """The heads of the columns, and rows of (month, where its customers are listed, how many, cells)."""

    columns: list[str]
    rows: list[tuple[str, str, str, list[Heat]]]


def _cohorts() -> Cohorts:
    """Of those who signed up in a month, which part paid in it and in each later one."""
    this_month = period.today().replace(day=1)
    first = period.months_after(this_month, 1 - COHORTS)
    paid = {(row.month, row.paid_in): row for row in analytics.cohorts(first, this_month, period.zone())}
    sizes = {month: row.signed_up for (month, _), row in paid.items()}
    shown: list[tuple[str, str, str, list[Heat]]] = []
    for number in range(COHORTS):
        month = period.month(period.months_after(first, number))
        if size := sizes.get(month.first):
            cells = [
                _heat(month, period.month(period.months_after(month.first, later)), paid, size)
                for later in range(COHORTS - number)
            ]
            shown.append((month.name, month.url("customers.index"), format_count(size), cells))
    later = range(1, max((len(cells) for *_, cells in shown), default=1))
    heads = [
        gettext("Signed up in"),
        gettext("Customers"),
        gettext("at once"),
        *(f"+{months}" for months in later),
    ]
    return Cohorts(heads, shown)


def _heat(cohort: Days, later: Days, paid: Any, size: int) -> Heat:
    row = paid.get((cohort.first, later.first))
    number = row.paid if row else 0
    title = ngettext(
        "%(num)s customer paid in %(month)s", "%(num)s customers paid in %(month)s", number, month=later.name
    )
    return charts.heat(number, size, title, cohort.url("customers.index", paid_in=f"{later.first:%Y-%m}"))


def _risks(chosen: Period, after: Any, before: Any) -> list[Risk]:
    soon = Days(period.today(), period.today() + dt.timedelta(days=SOON - 1))
    expiring = bookings.search(state="open", span=soon.span, dated_by="expires").count()
    overdue = bookings.search(state="open", span=Span(None, soon.span.since), dated_by="expires").count()
    return [
        Risk(
            overdue,
            gettext("Bookings past their term"),
            gettext("The clock has not ended them yet: see whether the workers run."),
            url_for(
                "bookings.index",
                state="open",
                by="expires",
                until=(soon.first - dt.timedelta(days=1)).isoformat(),
            ),
            "alarm-clock-off",
        ),
        Risk(
            expiring,
            gettext("Bookings about to expire"),
            gettext(
                "Their term ends within %(days)s days; remind the agents, or give one more term.", days=SOON
            ),
            soon.url("bookings.index", state="open", by="expires", sort="expires_at"),
            "hourglass",
        ),
        Risk(
            len(analytics.agents_in("silent", now())),
            gettext("Agents who went silent"),
            gettext(
                "At work before, and nothing booked or brought for %(days)s days.",
                days=analytics.SILENT_AFTER.days,
            ),
            url_for("agents.index", group="silent"),
            "volume-x",
        ),
        Risk(
            analytics.stopped_paying(now()),
            gettext("Customers who stopped paying"),
            gettext("They paid before, and have not for %(days)s days.", days=analytics.STOPPED_AFTER.days),
            url_for("customers.index", activity="stopped", sort="-last_paid_at"),
            "unplug",
        ),
        Risk(
            after.refunds,
            gettext("Payments refunded"),
            gettext(
                "%(amount)s went back in these %(days)s days; %(before)s in those before.",
                amount=format_money(after.refunded, CURRENCY),
                days=chosen.length,
                before=format_money(before.refunded, CURRENCY),
            ),
            chosen.days.url("payments.index", by="refunded"),
            "undo-2",
            change(after.refunded, before.refunded, good="less"),
        ),
    ]
