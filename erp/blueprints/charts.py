"""Figures as pictures: what `templates/components/charts.html` draws, worked out as shares of the picture's sides.

A chart is drawn by the server as SVG whose lengths are percentages, so that it is as wide as its place and its words
keep their size. Each also holds its figures as a table. Values below zero are drawn as nothing; the table tells them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from babel import numbers
from flask_babel import gettext

from erp.blueprints.presentation import format_count, format_money
from erp.kernel import money
from erp.kernel.sentences import SIGNS
from erp.language import locale

MOST_LABELS = 7
"""Words under a picture that a phone has room for."""
NEAR = 4
"""Percent from a side of a picture within which a word under the point would reach out of it."""
TICKS = (3, 4, 2)
"""How many lines there may be across a picture, besides its floor, the best number first."""


class Point(NamedTuple):
    """One place along the picture: a value for each series, in full words, and where its rows are listed; `day` is
    the date that a program may read."""

    label: str
    name: str
    values: Sequence[int]
    url: str = ""
    day: str = ""


class Unit(NamedTuple):
    """How values are written: in full, and shortened beside a line across the picture."""

    full: Callable[[int], str]
    short: Callable[[int], str]


class Tick(NamedTuple):
    """A line across the picture at `y` percent from its top."""

    y: str
    text: str


class Label(NamedTuple):
    """A word under the picture; a `minor` one is left out where there is little room."""

    x: str
    text: str
    anchor: str
    minor: bool


class Bar(NamedTuple):
    x: str
    y: str
    width: str
    height: str
    tone: int
    title: str


class Cell(NamedTuple):
    text: str
    value: int


class Row(NamedTuple):
    """One point in the table that says the same."""

    name: str
    cells: Sequence[Cell]
    url: str
    day: str


@dataclass(frozen=True)
class Chart:
    """A picture with its words, its marks and its table; `lines` are the points of polylines in a square of 100."""

    id: str
    title: str
    text: str
    series: Sequence[str]
    ticks: Sequence[Tick]
    labels: Sequence[Label]
    rows: Sequence[Row]
    heading: str
    bars: Sequence[Bar] = ()
    lines: Sequence[str] = ()

    @property
    def links(self) -> bool:
        return any(row.url for row in self.rows)

    @property
    def empty(self) -> bool:
        return not any(cell.value for row in self.rows for cell in row.cells)


def counts() -> Unit:
    return Unit(format_count, lambda value: numbers.format_compact_decimal(value, locale=locale()))


def amounts(currency: str) -> Unit:
    """Minor units of a currency."""

    def short(value: int) -> str:
        sign = SIGNS.get(currency) or numbers.get_currency_symbol(currency, locale())
        number = numbers.format_compact_decimal(
            money.decimal(value, currency), locale=locale(), fraction_digits=1
        )
        return f"{number}\u00a0{sign}"

    return Unit(lambda value: format_money(value, currency), short)


def bars(
    id: str, title: str, points: Sequence[Point], unit: Unit, *, series: Sequence[str], heading: str = ""
) -> Chart:
    """Bars along time, each a stack of its series from the floor up."""
    top = _top(max((sum(max(0, value) for value in point.values) for point in points), default=0))
    slot = Decimal(100) / max(1, len(points))
    drawn = [
        Bar(
            _percent(slot * at + slot * Decimal("0.14")),
            _percent(100 - _share(floor + value, top)),
            _percent(slot * Decimal("0.72")),
            _percent(_share(value, top)),
            number,
            f"{point.name}, {series[number]}: {unit.full(value)}"
            if len(series) > 1
            else f"{point.name}: {unit.full(value)}",
        )
        for at, point in enumerate(points)
        for number, (floor, value) in enumerate(_stacked(point.values))
        if value
    ]
    centres = [slot * at + slot / 2 for at in range(len(points))]
    return Chart(
        id,
        title,
        _told(points, unit, series),
        series,
        _ticks(top, unit),
        _labels(points, centres),
        _rows(points, unit),
        heading or gettext("When"),
        bars=drawn,
    )


def lines(
    id: str, title: str, points: Sequence[Point], unit: Unit, *, series: Sequence[str], heading: str = ""
) -> Chart:
    """A line for each series, over the whole width."""
    top = _top(max((value for point in points for value in point.values), default=0))
    step = Decimal(100) / max(1, len(points) - 1)
    places = [step * at for at in range(len(points))]
    return Chart(
        id,
        title,
        _told(points, unit, series),
        series,
        _ticks(top, unit),
        _labels(points, places),
        _rows(points, unit),
        heading or gettext("When"),
        lines=[
            polyline(places, [point.values[number] for point in points], top) for number in range(len(series))
        ],
    )


def spark(values: Sequence[int]) -> str:
    """The points of a small line without words, for beside a figure; "" when nothing moved."""
    if len(values) < 2 or not any(values):
        return ""
    step = Decimal(100) / (len(values) - 1)
    return polyline([step * at for at in range(len(values))], values, max(values))


def polyline(places: Sequence[Decimal], values: Iterable[int], top: int) -> str:
    """The points of a line in a square of 100 whose floor is zero."""
    return " ".join(
        f"{_number(x)},{_number(100 - _share(max(0, value), top))}"
        for x, value in zip(places, values, strict=True)
    )


class Stage(NamedTuple):
    """A step of a funnel: how many came so far, their share of the first step and of the step before."""

    name: str
    number: int
    width: str
    of_all: str
    of_before: str
    url: str


def funnel(steps: Sequence[tuple[str, int, str]]) -> list[Stage]:
    """(name, how many, where they are listed), from the first step to the last."""
    first = steps[0][1] if steps else 0
    before = [first, *(number for _, number, _ in steps)]
    return [
        Stage(
            name,
            number,
            _percent(_share(number, first)),
            percent(number, first),
            percent(number, previous),
            url,
        )
        for (name, number, url), previous in zip(steps, before, strict=False)
    ]


class Heat(NamedTuple):
    """A cell of a heat map; `strength` is the opacity of its colour, weak enough that the words stay readable."""

    text: str
    strength: str
    title: str
    url: str


def heat(part: int, whole: int, title: str, url: str) -> Heat:
    share = Decimal(part) / whole if whole else Decimal(0)
    return Heat(percent(part, whole), _number(share * Decimal("0.42")), title, url)


class Part(NamedTuple):
    """A part of a sum; `x` and `width` in percent of all."""

    name: str
    text: str
    x: str
    width: str
    url: str


def shares(parts: Sequence[tuple[str, int, str]], unit: Unit) -> list[Part]:
    """(name, value, where it is listed), side by side."""
    whole = sum(value for _, value, _ in parts)
    return [
        Part(name, unit.full(value), _percent(_share(before, whole)), _percent(_share(value, whole)), url)
        for (name, value, url), (before, _) in zip(
            parts, _stacked([value for _, value, _ in parts]), strict=True
        )
    ]


def percent(part: int, whole: int) -> str:
    """A share in whole percent; a dash when there is nothing to share."""
    if not whole:
        return "—"
    return str(numbers.format_percent(Decimal(part) / whole, format="#,##0\u00a0%", locale=locale()))


def _stacked(values: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Each value with the sum of those under it."""
    kept = [max(0, value) for value in values]
    return zip([0, *accumulate(kept)], kept, strict=False)


def _top(highest: int) -> int:
    """The roundest figure not below the highest value: its first digits are 1, 1.5, 2, 3, 4, 6 or 8."""
    size = 10 ** max(0, len(str(highest)) - 1)
    return (
        next(top for tenths in (10, 15, 20, 30, 40, 60, 80, 100) if (top := size * tenths // 10) >= highest)
        or 1
    )


def _ticks(top: int, unit: Unit) -> list[Tick]:
    """The floor, the top and what lies between, in as many equal parts as the top has."""
    parts = next((parts for parts in TICKS if top % parts == 0), 1)
    return [
        Tick(_percent(100 - _share(top * part // parts, top)), unit.short(top * part // parts))
        for part in range(parts + 1)
    ]


def _labels(points: Sequence[Point], places: Sequence[Decimal]) -> list[Label]:
    """A word under every few points, counted back from the last; one that would reach out of the picture ends where the
    picture does, and leaves the one beside it less room."""
    many = -(-len(points) // (2 * MOST_LABELS)) or 1
    few = many if len(points) <= MOST_LABELS else 2 * many
    last = len(points) - 1
    labels = []
    for at, (point, x) in enumerate(zip(points, places, strict=True)):
        if (last - at) % many:
            continue
        if x < NEAR:
            x, anchor = Decimal(0), "start"
        elif x > 100 - NEAR:
            x, anchor = Decimal(100), "end"
        else:
            anchor = "middle"
        is_beside_end = last > MOST_LABELS and places[-1] > 100 - NEAR and last - at == few
        is_beside_start = last > MOST_LABELS and places[0] < NEAR and at == few
        is_minor = is_beside_end or is_beside_start or bool((last - at) % few)
        labels.append(Label(_percent(x), point.label, anchor, is_minor))
    return labels


def _rows(points: Sequence[Point], unit: Unit) -> list[Row]:
    return [
        Row(point.name, [Cell(unit.full(value), value) for value in point.values], point.url, point.day)
        for point in points
    ]


def _told(points: Sequence[Point], unit: Unit, series: Sequence[str]) -> str:
    """What a picture shows, for who cannot see it: from when to when, and the highest."""
    if not points:
        return gettext("There is nothing to show.")
    highest = max(points, key=lambda point: sum(point.values))
    return gettext(
        "%(series)s from %(first)s to %(last)s. The most is %(value)s: %(name)s.",
        series=", ".join(series),
        first=points[0].name,
        last=points[-1].name,
        value=unit.full(sum(highest.values)),
        name=highest.name,
    )


def _share(value: int, top: int) -> Decimal:
    return Decimal(100 * value) / top if top else Decimal(0)


def _percent(share: Decimal) -> str:
    return f"{_number(share)}%"


def _number(value: Decimal) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
