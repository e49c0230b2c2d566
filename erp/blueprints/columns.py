"""The columns of a list, declared once: from them come its table, the choice of columns, its sorting and its files.

A `Kind` says how a value reads, on the screen and in a file. Bound to one request (its language, zone and moment), it
gives a function from a row to the markup inside one cell, so that a cell costs one call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from flask import get_template_attribute, url_for
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

    def cell(self, get: Get) -> Get:
        """From a row to the markup of its value, for this request."""
        return lambda row: escape(get(row) or "")

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        """What this column is in a file: itself, and what belongs to it."""
        yield Field(key, label, "text", lambda row: str(get(row) or ""))


class Words(Kind):
    """Long words, which may break over lines; `most` letters are shown."""

    css = "wrap"

    def __init__(self, most: int = 90):
        self.most = most

    def cell(self, get: Get) -> Get:
        def shown(row: Any) -> str:
            text = get(row) or ""
            return escape(text if len(text) <= self.most else text[: self.most - 1] + "…")

        return shown


class Trace(Words):
    """What a program says of an error."""

    css = "mono wrap"


class Mono(Kind):
    """A code or a reference, in letters of one width."""

    css = "mono"


class Tag(Kind):
    """A state, by its word and its tone."""

    def cell(self, get: Get) -> Get:
        known: dict[str, str] = {}  # a lazy word is looked up once a request, not once a row

        def shown(row: Any) -> str:
            name = get(row)
            if not name:
                return ""
            if name not in known:
                known[name] = Markup('<span class="tag {}">{}</span>').format(*state_of(name))
            return known[name]

        return shown

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        yield Field(key, label, "text", lambda row: str(state_of(name).label) if (name := get(row)) else "")


class Who(Kind):
    """An agent's name (masked as the role demands) with the code beside it."""

    def __init__(self, code: str = "agent_code"):
        self.code = code

    def cell(self, get: Get) -> Get:
        code = attrgetter(self.code)

        def shown(row: Any) -> str:
            name = get(row)
            return f'{escape(name)} <span class="dim mono">{escape(code(row))}</span>' if name else ""

        return shown

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        yield from super().fields(key, label, get)
        yield from Mono().fields(self.code, str(_("%(column)s: code", column=label)), attrgetter(self.code))


class Beside(Kind):
    """A value with a quieter one beside it, which is a column of its own in a file."""

    def __init__(self, other: str | Get, label: LazyString):
        self.other = other if callable(other) else attrgetter(other)
        self.label = label

    def cell(self, get: Get) -> Get:
        def shown(row: Any) -> str:
            value, beside = escape(get(row) or ""), self.other(row)
            return f'{value} <span class="dim">{escape(beside)}</span>' if beside else value

        return shown

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        yield from super().fields(key, label, get)
        yield from super().fields(f"{key}_beside", str(self.label), self.other)


class Money(Kind):
    """Minor units in the currency of the row, or in a fixed one. Zero shows a dash when it `is_idle` at zero."""

    align = "num"

    def __init__(self, currency: str = "", *, is_idle: bool = False):
        self.currency: Get = (lambda _row: currency) if currency else attrgetter("currency")
        self.is_idle = is_idle

    def cell(self, get: Get) -> Get:
        currency, is_idle = self.currency, self.is_idle

        def shown(row: Any) -> str:
            amount = get(row)
            if amount is None or (is_idle and not amount):
                return NOTHING
            negative = " negative" if amount < 0 else ""
            return f'<span class="money{negative}">{format_money(amount, currency(row))}</span>'

        return shown

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        def decimal(row: Any) -> Any:
            amount = get(row)
            return None if amount is None else money.decimal(amount, self.currency(row))

        yield Field(key, label, "money", decimal)
        yield Field("currency", str(_("Currency")), "text", self.currency)


class Count(Kind):
    """A whole number."""

    align = "num"

    def cell(self, get: Get) -> Get:
        return lambda row: format_count(get(row))

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        yield Field(key, label, "number", get)


class Figures(Kind):
    """Words made of figures, such as "3 / 7"."""

    align = "num"


class Percent(Kind):
    """Basis points, read as percent."""

    align = "num"

    def cell(self, get: Get) -> Get:
        return lambda row: format_bps(get(row))

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        yield Field(key, label, "rate", get)


class Moment(Kind):
    """Date and time in the reader's zone; `is_near` tells how far away it is and the exact time on hover."""

    def __init__(self, *, is_near: bool = False):
        self.is_near = is_near

    def cell(self, get: Get) -> Get:
        moment = now() if self.is_near else None

        def shown(row: Any) -> str:
            at = get(row)
            if at is None:
                return f'<span class="dim">{NOTHING}</span>'
            exact = format_moment(at)
            if moment is None:
                return f'<time class="nowrap" datetime="{at.isoformat()}">{exact}</time>'
            near = format_since(at, moment)
            return f'<time class="nowrap" datetime="{at.isoformat()}" title="{exact}">{near}</time>'

        return shown

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        zone = get_timezone()

        def local(row: Any) -> dt.datetime | None:
            at = get(row)
            return None if at is None else at.astimezone(zone).replace(tzinfo=None)

        yield Field(key, f"{label} ({zone})", "moment", local)


class Day(Kind):
    """The date alone."""

    def cell(self, get: Get) -> Get:
        return lambda row: format_day(get(row))

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        zone = get_timezone()

        def day(row: Any) -> dt.date | None:
            at = get(row)
            return at.astimezone(zone).date() if isinstance(at, dt.datetime) else at

        yield Field(key, label, "day", day)


class Drawn(Kind):
    """A cell that a macro draws from its row; it stands in no file."""

    css = "c-act"

    def __init__(self, template: str, macro: str):
        self.template = template
        self.macro = macro

    def cell(self, get: Get) -> Get:
        draw: Get = get_template_attribute(self.template, self.macro)
        return draw

    def fields(self, key: str, label: str, get: Get) -> Iterator[Field]:
        return iter(())


TEXT = Kind()


class To(NamedTuple):
    """A link to the page of `endpoint`, whose `argument` is the row's `value`."""

    endpoint: str
    argument: str = "reference"
    value: str = "reference"

    def wrap(self, cell: Get, rows: Sequence[Any]) -> Get:
        """`cell` inside its link. The address is built once, for the first row, and filled in for the others."""
        value = attrgetter(self.value)
        sample = next((str(found) for row in rows if (found := value(row)) is not None), None)
        if sample is None:
            return cell
        arguments: dict[str, Any] = {self.argument: sample}
        before, _sample, after = url_for(self.endpoint, **arguments).rpartition(sample)
        before, after = escape(before), escape(after)

        def linked(row: Any) -> str:
            to = value(row)
            return (
                cell(row)
                if to is None
                else f'<a dir="auto" href="{before}{escape(to)}{after}">{cell(row)}</a>'
            )

        return linked


@dataclass(frozen=True)
class Column:
    """One column. `of` is the attribute it shows (its key, if not given) or a function of the row.

    `sort`: the list can be sorted by it, under its key. `shown`: without being chosen. `card`: its place when a row
    is a card on a phone (name, state, note, sum, more). `quiet`: it matters less than its neighbours. `total`: its sum
    over the whole list stands below.
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


class Cells:
    """The chosen columns, bound to this request and to the rows it shows."""

    def __init__(self, columns: Iterable[Column], rows: Sequence[Any], *, labelled: bool = False):
        """`labelled`: each cell bears the name of its column, for a card that shows them all."""
        self._cells = [(_opening(column, labelled), _bound(column, rows)) for column in columns]

    def __call__(self, row: Any) -> Markup:
        """All cells of one row."""
        return Markup("".join([f"{opening}{cell(row)}</td>" for opening, cell in self._cells]))


def _opening(column: Column, labelled: bool) -> str:
    css = column.css if column.card or not labelled else f"{column.css} c-also".strip()
    name = Markup(' data-label="{}"').format(column.label) if labelled and not column.card else ""
    return f'<td class="{css}"{name}>' if css else f"<td{name}>"


def _bound(column: Column, rows: Sequence[Any]) -> Get:
    cell = column.kind.cell(column.get)
    return column.to.wrap(cell, rows) if column.to else cell
