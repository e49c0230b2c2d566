"""What a reader may choose: languages, themes and time zones by name, and how a browser remembers the choice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from babel import Locale, dates
from babel.core import get_global
from flask import Flask, current_app
from flask_babel import lazy_gettext as _

from erp.domain import staff
from erp.kernel.sentences import LANGUAGES
from erp.language import zones

THEMES = {"light": _("Light"), "dark": _("Dark"), "system": _("As the system")}
ICONS = {"light": "sun", "dark": "moon", "system": "monitor"}
IN_BROWSER = {"language": LANGUAGES.keys(), "theme": frozenset(staff.THEMES)}
"""What a cookie keeps, so that the sign-in page is like the rest, and what it may say."""
YEAR = 365 * 24 * 3600


def remembered(response: Any, preferences: Mapping[str, str | None]) -> Any:
    """The answer, with those preferences that this browser keeps; None makes it forget."""
    for name in IN_BROWSER.keys() & preferences.keys():
        value = preferences[name]
        if value in IN_BROWSER[name]:
            secure = current_app.config["SESSION_COOKIE_SECURE"]
            response.set_cookie(name, value, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
        else:
            response.delete_cookie(name)
    return response


def register(app: Flask) -> None:
    """Give the templates of `app` what can be chosen at once."""
    app.jinja_env.globals.update(languages=LANGUAGES.items, themes=themes)


def themes() -> list[tuple[str, Any, str]]:
    """Each theme with its name and icon."""
    return [(theme, name, ICONS[theme]) for theme, name in THEMES.items()]


@lru_cache(maxsize=16)
def zone_choices(locale: Locale, day: dt.date) -> list[tuple[str, str]]:
    """Every zone as (id, name), from west to east: ("Europe/Moscow", "UTC+3, Moscow")."""
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    found = []
    for id in zones() & get_global("zone_territories").keys():
        zone = dates.get_timezone(id)
        offset = noon.astimezone(zone).utcoffset() or dt.timedelta()
        city = dates.get_timezone_location(zone, locale=locale, return_city=True)
        found.append((offset, city, id))
    return [(id, f"{_offset(offset)}, {city}") for offset, city, id in sorted(found)]


def _offset(offset: dt.timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "\N{MINUS SIGN}" if minutes < 0 else "+"
    return f"UTC{sign}{hours}{f':{rest:02}' if rest else ''}"
