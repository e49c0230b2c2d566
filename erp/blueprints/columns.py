"""The columns of a list, declared once: from them come its table, the choice of columns, its sorting and its files.

A `Kind` says how a value reads, on the screen and in a file. It draws all the cells of a column at once, so that what
is the same for all of them (the reader's language and zone, the words of a state) is asked once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from flask import current_app, get_template_attribute, request, url_for
from flask_babel import get_timezone
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from markupsafe import Markup, escape

from erp.blueprints.present import now
from erp.blueprints.presentation import (
    format_bps,
    format_count,
    format_day,
    format_moment,
    format_money,
    format_since,
)
from erp.blueprints.states import state_of
from erp.blueprints.tags import tags_named
from erp.kernel import money

Get = Callable[[Any], Any]
"""From a row of a list to one of its values."""
NOTHING = "—"


class Field(NamedTuple):
    """One column of a file. `type` is text, number, rate, money, moment or day; a list has each `key` once."""

    key: str
    label: str
    type: str
    get: Get


class Kind:
    """Plain words; the other kinds build on it."""

    css = ""
    align = ""

    def texts(self, get: Get, rows: Sequence[Any]) -> list[str]:
        """Each row's value in words."""
        return [str(value) if value else "" for value in map(get, rows)]

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        """The markup of each row's value, for this request."""
        return escaped(self.texts(get, rows))

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        """What this column is in a file: itself, and what belongs to it."""
        yield Field(key, label, "text", lambda row: self.texts(get, [row])[0])


def escaped(texts: list[str]) -> list[str]:
    """Each text as markup, in one look at all of them: the character between them cannot be in a text of the database."""
    found = str(escape("\0".join(texts))).split("\0")
    return found if len(found) == len(texts) else [str(escape(text)) for text in texts]


TEXT = Kind()


class Words(Kind):
    """Long words, which may break over lines; `most` letters are shown."""

    css = "wrap"

    def __init__(self, most: int = 90):
        self.most = most

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        texts, most = self.texts(get, rows), self.most
        return escaped([text if len(text) <= most else f"{text[: most - 1]}…" for text in texts])


class Phrase(Kind):
    """A few words, which break over lines where a table has no room for them side by side."""

    css = "short"


class Trace(Words):
    """What a program says of an error."""

    css = "mono wrap"


class Mono(Kind):
    """A code or a reference, in letters of one width."""

    css = "mono"


class Plain(Kind):
    """A tag of OpenStreetMap, such as a kind or a cuisine, in words."""

    def texts(self, get: Get, rows: Sequence[Any]) -> list[str]:
        name = tags_named()
        return [name(tags) for tags in map(get, rows)]


class Tag(Kind):
    """A state, by its word and its tone."""

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        states = list(map(get, rows))
        drawn = {name: _tag(name) if name else "" for name in set(states)}
        return [drawn[name] for name in states]

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        yield Field(key, label, "text", lambda row: str(state_of(name).label) if (name := get(row)) else "")


def _tag(name: str) -> str:
    tone, word = state_of(name)
    return f'<span class="tag {tone}">{escape(str(word))}</span>'


class Who(Kind):
    """An agent's name (masked as the role demands) with the code beside it."""

    def __init__(self, code: str = "agent_code"):
        self.code = code

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        names = super().cells(get, rows)
        if not any(names):
            return names
        codes = TEXT.cells(attrgetter(self.code), rows)
        pairs = zip(names, codes, strict=True)
        return [
            f'<bdi>{name}</bdi> <span class="dim mono">{code}</span>' if name else "" for name, code in pairs
        ]

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        yield from super().fields(key, label, get)
        yield from Mono().fields(self.code, str(_("%(column)s: code", column=label)), attrgetter(self.code))


class Beside(Kind):
    """A value with a quieter one beside it, which is a column of its own in a file. Both read as `kind` says."""

    def __init__(self, other: str | Get, label: LazyString, kind: Kind = TEXT):
        self.other = other if callable(other) else attrgetter(other)
        self.label = label
        self.kind = kind

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        pairs = zip(self.kind.cells(get, rows), self.kind.cells(self.other, rows), strict=True)
        return [f'{value} <span class="dim">{beside}</span>' if beside else value for value, beside in pairs]

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        yield from self.kind.fields(key, label, get)
        yield from self.kind.fields(f"{key}_beside", str(self.label), self.other)


class Money(Kind):
    """Minor units in the currency of the row, or in a fixed one. Zero shows a dash when it `is_idle` at zero."""

    align = "num"

    def __init__(self, currency: str = "", *, is_idle: bool = False):
        self.currency: Get = (lambda _row: currency) if currency else attrgetter("currency")
        self.is_idle = is_idle

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        currency, is_idle = self.currency, self.is_idle

        def shown(row: Any) -> str:
            amount = get(row)
            if amount is None or (is_idle and not amount):
                return NOTHING
            negative = " negative" if amount < 0 else ""
            return f'<span class="money{negative}">{format_money(amount, currency(row))}</span>'

        return list(map(shown, rows))

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        def decimal(row: Any) -> Any:
            amount = get(row)
            return None if amount is None else money.decimal(amount, self.currency(row))

        yield Field(key, label, "money", decimal)
        yield Field("currency", str(_("Currency")), "text", self.currency)


class Count(Kind):
    """A whole number."""

    align = "num"

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        return [format_count(number) for number in map(get, rows)]

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        yield Field(key, label, "number", get)


class Figures(Kind):
    """Words made of figures, such as "3 / 7"."""

    align = "num"


class Percent(Kind):
    """Basis points, read as percent."""

    align = "num"

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        return [NOTHING if bps is None else format_bps(bps) for bps in map(get, rows)]

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        yield Field(key, label, "rate", get)


class Moment(Kind):
    """Date and time in the reader's zone; `is_near` tells how far away it is and the exact time on hover."""

    def __init__(self, *, is_near: bool = False):
        self.is_near = is_near

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        moment = now() if self.is_near else None

        def shown(at: dt.datetime | None) -> str:
            if at is None:
                return f'<span class="dim">{NOTHING}</span>'
            exact = format_moment(at)
            if moment is None:
                return f'<time class="nowrap" datetime="{at.isoformat()}">{exact}</time>'
            near = format_since(at, moment)
            return f'<time class="nowrap" datetime="{at.isoformat()}" title="{exact}">{near}</time>'

        return [shown(at) for at in map(get, rows)]

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        zone = get_timezone()

        def local(row: Any) -> dt.datetime | None:
            at = get(row)
            return None if at is None else at.astimezone(zone).replace(tzinfo=None)

        yield Field(key, f"{label} ({zone})", "moment", local)


class Day(Kind):
    """The date alone."""

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        return [format_day(day) for day in map(get, rows)]

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        zone = get_timezone()

        def day(row: Any) -> dt.date | None:
            at = get(row)
            return at.astimezone(zone).date() if isinstance(at, dt.datetime) else at

        yield Field(key, label, "day", day)


class Pick(Kind):
    """The box that chooses a row, under what people call it. Boxes have ids, so that a morph leaves each tick with its
    own row."""

    css = "c-pick"

    def __init__(self, label: Get):
        self.label = label

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        pairs = zip(super().cells(get, rows), TEXT.cells(self.label, rows), strict=True)
        return [
            f'<input type="checkbox" id="pick-{id}" form="bulk" name="row" value="{id}" aria-label="{label}">'
            for id, label in pairs
        ]


class Drawn(Kind):
    """A cell that a macro draws from its row; it stands in no file."""

    css = "c-act"

    def __init__(self, template: str, macro: str):
        self.template = template
        self.macro = macro

    def cells(self, get: Get, rows: Sequence[Any]) -> list[str]:
        return list(map(get_template_attribute(self.template, self.macro), rows))

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        return iter(())


class To(NamedTuple):
    """A link to the page of `endpoint`, whose `argument` is the row's `value`."""

    endpoint: str
    argument: str = "reference"
    value: str = "reference"

    def wrap(self, cells: list[str], rows: Sequence[Any]) -> list[str]:
        """Each cell inside its link. The address is built once, and filled in for each row."""
        values = [value if value is None else str(value) for value in map(attrgetter(self.value), rows)]
        sample = next(filter(None, values), None)
        if sample is None:
            return cells
        before, after = self._around(sample)
        places = zip(values, escaped([value or "" for value in values]), cells, strict=True)
        return [
            cell if value is None else f'<a dir="auto" href="{before}{to}{after}">{cell}</a>'
            for value, to, cell in places
        ]

    def _around(self, sample: str) -> tuple[str, str]:
        """What stands before and after the argument in the address, as markup: the same for good, unless the address
        takes more from the page that it stands on."""
        if self.endpoint.partition(".")[0] in current_app.url_default_functions:
            return self._built(sample)
        known: dict[Any, tuple[str, str]] = current_app.extensions.setdefault("ref_links", {})
        key = request.script_root, self.endpoint, self.argument
        if (around := known.get(key)) is None:
            around = known[key] = self._built(sample)
        return around

    def _built(self, sample: str) -> tuple[str, str]:
        arguments: dict[str, Any] = {self.argument: sample}
        before, _sample, after = url_for(self.endpoint, **arguments).rpartition(sample)
        return str(escape(before)), str(escape(after))


@dataclass(frozen=True)
class Column:
    """One column. `of` is the attribute it shows (its key, if not given) or a function of the row.

    `sort`: the list can be sorted by it, under its key. `shown`: without being chosen. `card`: its place when a row
    is a card on a phone (name, state, note, sum, more, or also: a line of its own beside its label). `quiet`: it matters
    less than its neighbours. `total`: its sum over the whole list stands below.
    """

    key: str
    label: LazyString
    kind: Kind = TEXT
    of: str | Get = ""
    sort: bool = False
    shown: bool = True
    card: str = ""
    quiet: bool = False
    to: To | None = None
    total: bool = False

    @property
    def source(self) -> str:
        """What the query calls it."""
        return self.of if isinstance(self.of, str) and self.of else self.key

    @property
    def get(self) -> Get:
        return self.of if callable(self.of) else attrgetter(self.source)

    @property
    def css(self) -> str:
        kind, card = self.kind, self.card
        return " ".join(
            filter(None, (kind.align, kind.css, "dim" if self.quiet else "", card and f"c-{card}"))
        )


AGENT = Column(
    "agent",
    _("Agent"),
    Who(),
    of="agent_name",
    card="name",
    to=To("agents.show", "reference", "agent_reference"),
)
"""Whom a row is about, where that is what people know it by."""


def lines(columns: Iterable[Column], rows: Sequence[Any], *, labelled: bool = False) -> list[Markup]:
    """All cells of each row. `labelled`: each bears the name of its column, for a card that shows them all."""
    return [Markup(line) for line in _lines("{}", columns, rows, labelled)]


def body(columns: Iterable[Column], rows: Sequence[Any], *, labelled: bool = False) -> Markup:
    """The same inside the rows of a table."""
    return Markup("".join(_lines("<tr>{}</tr>\n", columns, rows, labelled)))


def _lines(around: str, columns: Iterable[Column], rows: Sequence[Any], labelled: bool) -> list[str]:
    columns = list(columns)
    cells = "".join([f"{_opening(column, labelled).replace('%', '%%')}%s</td>" for column in columns])
    line, drawn = around.format(cells), [_drawn(column, rows) for column in columns]
    return [line % texts for texts in zip(*drawn, strict=True)]


def _opening(column: Column, labelled: bool) -> str:
    is_named = column.card == "also" or (labelled and not column.card)
    css = f"{column.css} c-also".strip() if is_named and not column.card else column.css
    name = Markup(' data-label="{}"').format(column.label) if is_named else ""
    return f'<td class="{css}"{name}>' if css else f"<td{name}>"


def _drawn(column: Column, rows: Sequence[Any]) -> list[str]:
    cells = column.kind.cells(column.get, rows)
    return column.to.wrap(cells, rows) if column.to else cells
