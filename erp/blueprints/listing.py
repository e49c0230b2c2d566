"""A list of RefERP, declared once: what it shows, how it is filtered, and what can be done with it.

All of a list's state (filters, sorting, page, columns) is in the address. `lists.mount` gives it its addresses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

from flask import current_app, request, url_for
from flask_babel import get_timezone
from flask_babel.speaklater import LazyString
from flask_login import current_user
from markupsafe import Markup

from erp.blueprints import address
from erp.blueprints.bulk_actions import BulkAction
from erp.blueprints.columns import Column, Pick, body
from erp.blueprints.forms import Filters
from erp.blueprints.once import Face
from erp.blueprints.present import now
from erp.blueprints.presentation import format_day, format_month
from erp.domain import staff
from erp.kernel.paging import Listed, Page
from erp.kernel.permissions import Permission

NOT_FILTERS = ("page", "sort", "columns")


class View(NamedTuple):
    """A list as people often want it: a name, and the state of the address. Its key finds its number in `counts`."""

    label: str | LazyString
    state: Mapping[str, str] | Callable[[], Mapping[str, str]] = {}
    key: str = ""

    @property
    def args(self) -> dict[str, str]:
        """The state, as of now."""
        return dict(self.state() if callable(self.state) else self.state)


def in_days(days: int) -> str:
    """The reader's day so many days from now, as an address says it."""
    return (now() + dt.timedelta(days=days)).astimezone(get_timezone()).date().isoformat()


class Empty(NamedTuple):
    """What a list says when there is nothing in it yet."""

    icon: str
    title: str | LazyString
    text: str | LazyString


class Step(NamedTuple):
    """What begins something new of this noun, for those who hold the permission."""

    label: str | LazyString
    endpoint: str
    permission: Permission
    icon: str = "plus"


class Beside(NamedTuple):
    """What puts the rows that were chosen side by side: a POST with their ids, by whoever sees the list."""

    label: str | LazyString
    endpoint: str
    icon: str


@dataclass(frozen=True)
class Listing:
    """A list: `key` is its blueprint's name, also in names of files and of saved views.

    `find` reads the filter form; `filters` makes it. `views` are named states, the first being the whole list.
    `counts` numbers some of them. A page that shows more has a `template` of its own and gives it `more`.
    """

    key: str
    title: str | LazyString
    lead: str | LazyString
    columns: Sequence[Column]
    find: Callable[[Any], Listed]
    empty: Empty
    step: Step | None = None
    filters: Callable[[], Filters] = Filters
    views: Sequence[View] = ()
    counts: Callable[[], Mapping[str, int]] = dict
    actions: Sequence[BulkAction] = ()
    beside: Beside | None = None
    label: Callable[[Any], str] = attrgetter("reference")
    """What people call a row."""
    names_people: bool = False
    """Whether people are searched by what is theirs (a name, a phone): then the search shows in no address."""
    template: str = "lists/index.html"
    more: Callable[[], Mapping[str, Any]] = dict

    @property
    def url(self) -> str:
        return self.at("index")

    def at(self, deed: str, **of: Any) -> str:
        """An address of this list; one that lies within another thing keeps that thing's name."""
        endpoint, within = f"{self.key}.{deed}", request.view_args or {}
        expects = current_app.url_map.is_endpoint_expecting
        kept = {name: value for name, value in within.items() if expects(endpoint, name)}
        return url_for(endpoint, **kept | of)

    def everything(self) -> Listed:
        """The whole list, on a page whose address filters nothing."""
        return self.find(self.filters())

    def chosen(self) -> list[Column]:
        """The columns to show, always in their declared order; without a sensible choice the usual ones."""
        asked = address.columns_asked()
        return [column for column in self.columns if column.key in asked] or [
            column for column in self.columns if column.shown
        ]


class Head(NamedTuple):
    """What stands over a column. `url` sorts by it, or turns its order round; `sorted` says which order it is in."""

    label: LazyString
    align: str
    url: str = ""
    icon: str = ""
    sorted: str = ""


class Chip(NamedTuple):
    """A filter in force, and the address of the list without it."""

    label: str
    without: str


@dataclass
class Shown:
    """A list as one page of it is shown; what templates call `list`."""

    listing: Listing
    form: Filters
    found: Listed
    without: Sequence[str] = ()
    """Columns that say nothing here, such as the run on the page of a run."""
    is_whole: bool = True
    """Whether this is the page of the list itself, which offers what can be done with it."""
    totalled: Sequence[Column] = field(init=False)

    def __post_init__(self) -> None:
        self.totalled = [column for column in self.columns if column.total]

    @property
    def bar(self) -> Filters:
        """The fields over the list."""
        return self.form.bound()

    @cached_property
    def actions(self) -> list[BulkAction]:
        """What the reader may do to many rows at once."""
        return [action for action in self.listing.actions if action.permission in current_user.permissions]

    @property
    def picks(self) -> bool:
        """Whether rows can be chosen."""
        return self.is_whole and bool(self.actions or self.listing.beside)

    def label(self, row: Any) -> str:
        """What people call a row."""
        return self.listing.label(row)

    @cached_property
    def columns(self) -> list[Column]:
        return [column for column in self.listing.chosen() if column.key not in self.without]

    @cached_property
    def page(self) -> Page:
        return self.found.page(address.page_number(), sums=[column.source for column in self.totalled])

    @property
    def body(self) -> Markup:
        """The rows of the page, each with its box if rows can be chosen."""
        boxes = [Column("id", self.listing.title, Pick(self.label), card="pick")] if self.picks else []
        return body([*boxes, *self.columns], self.page.rows, labelled=bool(address.columns_asked()))

    @cached_property
    def face(self) -> Hashable:
        """All that what stands round the rows depends on, but for the reader's language. None for what is too rare to
        be kept: a search for something typed, a list within something else."""
        if request.view_args or any(name in address.SEARCHES for name, _value in self.state):
            return None
        saved = [(view.id, view.label) for view in self.saved]
        return Face(
            (
                self.listing.key,
                address.path(),
                self.form.offered,
                *map(tuple, (self.state, self.keys, saved)),
                self.picks,
            )
        )

    @property
    def face_of_views(self) -> Hashable:
        """The same for the named states: some count, and some depend on the day."""
        views = self.listing.views
        is_fixed = self.listing.counts is dict and not any(callable(view.state) for view in views)
        return self.face if is_fixed else None

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the columns shown."""
        return tuple([column.key for column in self.columns])

    @property
    def heads(self) -> list[Head]:
        """What stands over the columns; ?sort=key rises, ?sort=-key falls."""
        sort, path = address.sort_key(), address.path()
        state = [(name, value) for name, value in self.state if name != "sort"]

        def head(column: Column) -> Head:
            key, align = column.key, column.kind.align
            if not column.sort:
                return Head(column.label, align)
            rises, falls = sort == key, sort == f"-{key}"
            url = address.to(path, [*state, ("sort", f"-{key}" if rises else key)])
            icon = "arrow-up" if rises else "arrow-down" if falls else "chevrons-up-down"
            return Head(
                column.label, align, url, icon, "ascending" if rises else "descending" if falls else ""
            )

        return [head(column) for column in self.columns]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the filter bar does not ask for, and keeps: sorting and columns."""
        return [(name, value) for name, value in self.state if name in NOT_FILTERS]

    @property
    def is_being_filtered(self) -> bool:
        """Whether the filter bar itself asks: then it must not be redrawn under the fingers of whoever types."""
        return request.headers.get("HX-Source", "") == "form#filters"

    @cached_property
    def state(self) -> list[tuple[str, str]]:
        """All that the address says, but for the page."""
        return [(name, value) for name, value in address.args().items(multi=True) if value and name != "page"]

    @cached_property
    def filtered(self) -> list[tuple[str, str]]:
        """The filters in force."""
        return _filters(self.state)

    def at(self, deed: str) -> str:
        """Where a deed is done with the list as it is filtered, sorted and shown: at("export")."""
        return address.to(self.listing.at(deed), self.state)

    @property
    def cleared(self) -> str:
        """The address of the list without filters."""
        return address.to(address.path(), self.kept)

    @cached_property
    def chips(self) -> list[Chip]:
        return [Chip(_told(item), address.without(item.name)) for item in self.bar if item.data]

    @property
    def lasting(self) -> list[tuple[str, str]]:
        """The state that a saved view keeps: what names a person stays out of it."""
        return [(name, value) for name, value in self.state if name != "of"]

    @cached_property
    def views(self) -> list[SimpleNamespace]:
        counts = self.listing.counts()
        return [
            self._view(view.label, view.args.items(), counts.get(view.key) if view.key else None)
            for view in self.listing.views
        ]

    @cached_property
    def saved(self) -> list[SimpleNamespace]:
        """The reader's own views."""
        if self.listing.key not in current_user.views:
            return []
        found = staff.saved_views(current_user.id, self.listing.key)
        return [self._view(view.name, parse_qsl(view.state), id=view.id) for view in found]

    def _view(
        self, label: Any, state: Iterable[tuple[str, str]], count: int | None = None, id: UUID | None = None
    ) -> SimpleNamespace:
        pairs = list(state)
        current = self.filtered == _filters(pairs)
        return SimpleNamespace(
            label=label, url=address.to(address.path(), pairs), count=count, current=current, id=id
        )


def _filters(state: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in state if name not in NOT_FILTERS)


def _told(item: Any) -> str:
    """What a filter says: the words of the choice, a day, or what was typed."""
    if item.type == "SelectField":
        labels = {value: str(label) for value, label in item.choices}
        return labels.get(str(item.data), str(item.data))
    if item.type == "MonthField":
        return f"{item.label.text} {format_month(item.data)}"
    if item.type == "DateField":
        return f"{item.label.text} {format_day(item.data)}"
    return f"“{item.data}”"


def shown(listing: Listing, **without: Any) -> Shown:
    """The list as the address asks for it."""
    form = listing.filters()
    return Shown(listing, form, listing.find(form), **without)
