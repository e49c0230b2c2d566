"""How a row of somebody's list becomes an establishment, and what is wrong with it when it does not."""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import phonenumbers

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "source_id": ("source_id", "osm_id", "id"),
    "name": ("name",),
    "kind": ("kind", "amenity", "shop"),
    "cuisine": ("cuisine",),
    "street": ("street", "addr:street"),
    "house": ("house", "addr:housenumber"),
    "postcode": ("postcode", "addr:postcode"),
    "city": ("city", "addr:city"),
    "country": ("country", "addr:country"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "longitude"),
    "phone": ("phone",),
    "email": ("email",),
    "website": ("website",),
    "opening_hours": ("opening_hours",),
}
"""Our fields, and the column titles under which lists usually have them; the first that is filled counts."""

REQUIRED = ("source_id", "name")
LONGEST = 1000


@dataclass(frozen=True)
class Row:
    """One row as it was read: the line it began on and its cells by our field names."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row. `refused`: the row was left out; otherwise it came in without the bad value."""

    line: int
    text: str
    refused: bool


@dataclass(frozen=True)
class Record:
    """An establishment, cleaned."""

    source_id: str
    name: str
    kind: str | None
    cuisine: str | None
    street: str | None
    house: str | None
    postcode: str | None
    city: str | None
    country: str | None
    lat: float | None
    lon: float | None
    phone: str | None
    email: str | None
    website: str | None
    opening_hours: str | None

    @property
    def search_text(self) -> str:
        """What the search looks in: name and address, without case and accents."""
        parts = [self.name, self.street, self.house, self.city, self.postcode]
        return fold(" ".join(part for part in parts if part))

    @property
    def row_hash(self) -> bytes:
        """Equal for equal records, so that an unchanged row is not written again."""
        return hashlib.sha256(repr(sorted(asdict(self).items())).encode()).digest()


@dataclass
class Imported:
    """What an import did, in rows."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    def __add__(self, other: Imported) -> Imported:
        return Imported(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.problems + other.problems,
        )

    @property
    def refused(self) -> int:
        return sum(problem.refused for problem in self.problems)


def clean(row: Row) -> tuple[Record | None, list[Problem]]:
    """The establishment in a row, or None when it has no name or id; and everything that is wrong with it."""
    notes: list[Problem] = []
    texts = {name: _text(row, name, notes) for name in COLUMNS}
    missing = [name for name in REQUIRED if not texts[name]]
    if missing:
        return None, [Problem(row.line, f"{' and '.join(missing)} missing", refused=True)]
    lat, lon = _position(row.line, texts.pop("lat"), texts.pop("lon"), notes)
    phone = _phone(row.line, texts.pop("phone"), texts["country"], notes)
    source_id, name = texts.pop("source_id") or "", texts.pop("name") or ""
    return Record(source_id=source_id, name=name, lat=lat, lon=lon, phone=phone, **texts), notes


def _text(row: Row, name: str, notes: list[Problem]) -> str | None:
    """One cell with its spaces in order. Too long a cell is left out and told of."""
    text = " ".join(row.values.get(name, "").replace("\0", "").split())
    if len(text) > LONGEST:
        notes.append(
            Problem(row.line, f"{name} is longer than {LONGEST} characters: left out", refused=False)
        )
        return None
    return text or None


def _position(
    line: int, lat: str | None, lon: str | None, notes: list[Problem]
) -> tuple[float | None, float | None]:
    if lat is None and lon is None:
        return None, None
    try:
        north, east = float((lat or "").replace(",", ".")), float((lon or "").replace(",", "."))
    except ValueError:
        north, east = math.nan, math.nan
    if abs(north) <= 90 and abs(east) <= 180:
        return north, east
    notes.append(Problem(line, f"no such position: {lat or 'nothing'}, {lon or 'nothing'}", refused=False))
    return None, None


def _phone(line: int, text: str | None, country: str | None, notes: list[Problem]) -> str | None:
    """Numbers in international form; what cannot be read as numbers stays as it is written."""
    if text is None:
        return None
    region = country.upper() if country and len(country) == 2 else None
    try:
        numbers = [phonenumbers.parse(part, region) for part in text.replace(",", ";").split(";")]
    except phonenumbers.NumberParseException:
        numbers = []
    if numbers and all(phonenumbers.is_possible_number(number) for number in numbers):
        shape = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return "; ".join(phonenumbers.format_number(number, shape) for number in numbers)
    notes.append(Problem(line, f"phone kept as written: {text}", refused=False))
    return text


def fold(text: str) -> str:
    """Text as the search compares it: no case, no accents, ё as е."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).split())
