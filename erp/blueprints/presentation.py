"""How values look on RefERP's pages: money, moments, rates, icons, and the addresses of a page's own states.

Filters and globals here make text; what carries markup lives in `templates/components/`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
from babel import dates, numbers
from flask import Flask, current_app, g, request, url_for
from flask_babel import get_timezone, get_translations
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from lucide.jinja import lucide
from markupsafe import Markup, escape

from erp.blueprints import address, states
from erp.blueprints.job_names import job_name
from erp.blueprints.tags import format_tag
from erp.blueprints.zones import zone_name
from erp.kernel.sentences import Amount, Rate, formatted
from erp.language import locale

THEMES = ("light", "dark")
REFERENCE = re.compile(r"\b[A-Z]{2,4}-[0-9A-Z]{8}\b")


class Template(jinja2.Template):
    """A template whose macros are the same on every page: to import them asks nothing of the page that does it."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


def register(app: Flask) -> None:
    """Give the templates of `app` their filters and globals."""
    app.jinja_env.template_class = Template
    app.jinja_env.filters.update(
        money=format_money,
        moment=format_moment,
        day=format_day,
        month=format_month,
        time=format_time,
        since=format_since,
        bps=format_bps,
        count=format_count,
        plain=format_tag,
        unbroken=unbroken,
        job_name=job_name,
        zone=zone_name,
    )
    app.jinja_env.globals.update(
        ngettext=counted,
        asset=asset,
        lucide=icon,
        state_of=states.state_of,
        theme=chosen_theme,
        with_args=address.with_args,
    )


def format_money(amount: int | None, currency: str = "RUB") -> str:
    """Minor units as people read them, never broken over two lines: 123450 -> "1,234.50 ₽", -5 -> "−0.05 ₽"."""
    return "—" if amount is None else formatted(Amount(amount, currency), locale())


def format_moment(moment: dt.datetime | None) -> str:
    """Date and time to the minute in the reader's zone: "22 Nov 2026, 14:02"."""
    return _dated(moment, "d MMM y, HH:mm")


def format_day(day: dt.date | dt.datetime | None) -> str:
    """The date alone, in the reader's zone when it is a moment: "22 Nov 2026"."""
    if day is None or isinstance(day, dt.datetime):
        return _dated(day, "d MMM y")
    return dates.format_date(day, "d MMM y", locale=locale())


def format_month(day: dt.date) -> str:
    """The calendar month of a day, as headings say it: "November 2026"."""
    return capital(str(dates.format_date(day, "LLLL y", locale=locale())))


def unbroken(words: str) -> Markup:
    """Words whose references stay on one line: "Cafe Aino · BKG-82S72K6X" may break before "BKG", not after it."""
    return Markup(REFERENCE.sub(r'<span class="nowrap">\g<0></span>', str(escape(words))))


def capital(words: str) -> str:
    """Words that begin a line: "it was a mistake" -> "It was a mistake"."""
    return words[:1].upper() + words[1:]


def format_time(moment: dt.datetime | None) -> str:
    """The time of day alone, in the reader's zone: "14:02"."""
    return _dated(moment, "HH:mm")


def format_since(moment: dt.datetime | None, now: dt.datetime) -> str:
    """How long before or after `now` (the clock's, which mock may have moved): "4 minutes ago", "in 3 days"."""
    return (
        "—" if moment is None else dates.format_timedelta(moment - now, add_direction=True, locale=locale())
    )


def format_bps(bps: int | None) -> str:
    """A rate in basis points as percent, without idle zeros: 850 -> "8.5 %"."""
    return "—" if bps is None else formatted(Rate(bps), locale())


def format_count(number: int | None) -> str:
    """A whole number with the reader's thousands separator."""
    return "—" if number is None else _counted(number, locale().language)


@lru_cache(maxsize=4096)
def _counted(number: int, language: str) -> str:
    return numbers.format_decimal(number, locale=language)


def counted(one: str, many: str, number: int, **values: Any) -> Markup:
    """The words for a number, and the number in them as readers write it: "1,625 rows"."""
    language = locale().language
    return (
        _told(one, many, number, language) if not values else _worded(one, many, number, language, **values)
    )


@lru_cache(maxsize=4096)
def _told(one: str, many: str, number: int, language: str) -> Markup:
    return _worded(one, many, number, language)


def _worded(one: str, many: str, number: int, language: str, **values: Any) -> Markup:
    words: str = get_translations().ngettext(one, many, number)
    return Markup(words) % {"num": _counted(number, language), **values}


@lru_cache(maxsize=512)
def icon(name: str, size: int = 18) -> Markup:
    """An inline icon. It says nothing to a screen reader: the words beside it do."""
    return Markup(re.sub(r">\s+<", "><", lucide(name, size=size, **{"class": "i", "aria-hidden": "true"})))


def asset(name: str) -> str:
    """The address of a built file under its hashed name: asset("erp.css") -> "/static/dist/erp.3f2a….css"."""
    return url_for("static", filename=f"dist/{_built_names(str(current_app.static_folder))[name]}")


def chosen_theme() -> str:
    """light or dark as the reader chose it, here or in this browser; "" follows their system."""
    theme = getattr(g.get("reader"), "theme", None) or request.cookies.get("theme", "")
    return theme if theme in THEMES else ""


def _dated(moment: dt.datetime | None, pattern: str) -> str:
    if moment is None:
        return "—"
    return dates.format_datetime(moment, pattern, tzinfo=get_timezone(), locale=locale())


@cache
def _built_names(static_folder: str) -> dict[str, str]:
    manifest = Path(static_folder, "dist", "manifest.json")
    if not manifest.exists():
        raise RuntimeError(f"{manifest} is missing: run `make setup` (or `python -m erp.assets.build`)")
    names: dict[str, str] = json.loads(manifest.read_text())["files"]
    return names
