"""Time zones by the names people know them by."""

from __future__ import annotations

import datetime as dt
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global

from erp.blueprints.present import now
from erp.language import locale, zones

UTC = "Etc/UTC"


def zone_name(id: str) -> str:
    """ "Europe/Moscow" as "UTC+3, Moscow", in the reader's language."""
    return f"{_offset(id, now().date())}, {_city(id, locale())}"


@lru_cache(maxsize=16)
def zone_choices(locale: Locale, day: dt.date) -> list[tuple[str, str]]:
    """Every zone as (id, name), from west to east. The offset is that of `day`."""
    known = {id for id in zones() & get_global("zone_territories").keys() if not id.startswith("Etc/")} | {
        UTC
    }
    found = sorted((_seconds(id, day), _city(id, locale), id) for id in known)
    return [(id, f"{_offset(id, day)}, {city}") for _seconds_, city, id in found]


def _offset(id: str, day: dt.date) -> str:
    minutes = _seconds(id, day) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "\N{MINUS SIGN}" if minutes < 0 else "+"
    return f"UTC{sign}{hours}{f':{rest:02}' if rest else ''}"


def _seconds(id: str, day: dt.date) -> int:
    offset = dt.datetime.combine(day, dt.time(12), ZoneInfo(id)).utcoffset()
    return int((offset or dt.timedelta()).total_seconds())


def _city(id: str, locale: Locale) -> str:
    """CLDR knows some cities by the zone's former name only; what it does not know at all keeps the zone's own."""
    for name in (id, *_former_names().get(id, ())):
        city = locale.time_zones.get(name, {}).get("city")
        if city:
            return str(city)
    return id.rpartition("/")[2].replace("_", " ")


@cache
def _former_names() -> dict[str, list[str]]:
    former: dict[str, list[str]] = {}
    for name, id in get_global("zone_aliases").items():
        former.setdefault(id, []).append(name)
    return former
