"""Money day by day, over as long a time as the reader wants to look at."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import request
from flask_babel import gettext

from erp.blueprints import charts
from erp.blueprints.boards import period
from erp.blueprints.boards.period import Days, Period
from erp.blueprints.charts import Point
from erp.domain import analytics
from erp.domain.analytics import CURRENCY

LENGTHS = (30, 90, 365)


def board() -> dict[str, Any]:
    length = request.args.get("days", LENGTHS[-1], type=int)
    chosen = Period(length if length in LENGTHS else LENGTHS[-1])
    rows = analytics.movement(chosen.days.first, chosen.days.last, "day", period.zone())
    points = [
        Point(
            days.label,
            days.name,
            [row.paid, row.refunded, row.earned, row.paid_out],
            day=row.day.isoformat(),
        )
        for row in rows
        for days in [Days(row.day, row.day)]
    ]
    series = [gettext("Paid by customers"), gettext("Refunded"), gettext("Commissions"), gettext("Paid out")]
    unit = charts.amounts(CURRENCY)
    return {
        "period": chosen,
        "lengths": LENGTHS,
        "money": charts.lines(
            "money", gettext("Money day by day"), points, unit, series=series, heading=gettext("Day")
        ),
        "days": [_addresses(row.day) for row in rows],
        "currency": CURRENCY,
    }


def _addresses(day: dt.date) -> list[str]:
    """Where the rows behind each figure of a day are listed."""
    days = Days(day, day)
    return [
        days.url("payments.index"),
        days.url("payments.index", by="refunded"),
        days.url("commissions.index"),
        days.url("payouts.index", state="paid", by="paid"),
    ]
