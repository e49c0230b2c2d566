"""The days that a dashboard looks at, and as many before them to compare with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates
from flask import request, url_for
from flask_babel import get_timezone

from erp.blueprints.forms import midnight
from erp.blueprints.present import now
from erp.blueprints.presentation import format_day, format_month
from erp.kernel.span import Span
from erp.language import locale

LENGTHS = (30, 90)


def zone() -> str:
    """The reader's time zone by its name."""
    return str(get_timezone())


def today() -> dt.date:
    """The day it is for the reader, by the instance's clock."""
    return now().astimezone(ZoneInfo(zone())).date()


@dataclass(frozen=True)
class Days:
    """From the first day to the last, both included, as the reader's zone has them."""

    first: dt.date
    last: dt.date

    @property
    def span(self) -> Span:
        return Span(midnight(self.first), midnight(self.last + dt.timedelta(days=1)))

    @property
    def label(self) -> str:
        """Under a chart: "22 Nov"."""
        return _worded(self.first, "d MMM")

    @property
    def name(self) -> str:
        """In full: "22 Nov 2026", or "22 Nov – 28 Nov 2026"."""
        last = format_day(self.last)
        return last if self.first == self.last else f"{self.label} – {last}"

    def url(self, endpoint: str, **args: Any) -> str:
        """A list cut to these days."""
        return url_for(endpoint, **args, since=self.first.isoformat(), until=self.last.isoformat())


@dataclass(frozen=True)
class Period:
    """The last so many days, today among them."""

    length: int

    @property
    def days(self) -> Days:
        return Days(today() - dt.timedelta(days=self.length - 1), today())

    @property
    def before(self) -> Days:
        """As many days, ending where these begin."""
        first = self.days.first
        return Days(first - dt.timedelta(days=self.length), first - dt.timedelta(days=1))


def chosen() -> Period:
    """The period that the address asks for (`?days=90`); anything odd is the shortest."""
    length = request.args.get("days", LENGTHS[0], type=int)
    return Period(length if length in LENGTHS else LENGTHS[0])


@dataclass(frozen=True)
class Month(Days):
    """A whole calendar month."""

    @property
    def label(self) -> str:
        return _worded(self.first, "LLL")

    @property
    def name(self) -> str:
        return format_month(self.first)


def week(monday: dt.date) -> Days:
    return Days(monday, monday + dt.timedelta(days=6))


def month(first: dt.date) -> Month:
    return Month(first, months_after(first, 1) - dt.timedelta(days=1))


def months_after(day: dt.date, number: int) -> dt.date:
    """The first day of the month so many months after (or before) that of `day`."""
    months = day.year * 12 + day.month - 1 + number
    return dt.date(months // 12, months % 12 + 1, 1)


def _worded(day: dt.date, pattern: str) -> str:
    return str(dates.format_date(day, pattern, locale=locale()))
