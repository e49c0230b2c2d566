"""A list of RefERP, declared once: what it shows, how it is filtered, and what its page offers.

`mount` gives a declared list its addresses. All of a list's state (filters, sorting, page, columns) is in the address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NamedTuple

from flask import Blueprint, Flask, Response, flash, request, url_for
from flask_babel import get_timezone
from flask_babel.speaklater import LazyString

from erp.blueprints import address
from erp.blueprints.columns import Cells, Column
from erp.blueprints.exports import export
from erp.blueprints.forms import Filters, attempt
from erp.blueprints.presentation import format_day, format_month
from erp.blueprints.responses import page_or_part, seen_other, wants_part
from erp.kernel import clock
from erp.kernel.paging import Listed, Page
from erp.kernel.permissions import Permission, requires

LISTS = "ref_lists"
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
    return (clock.now() + dt.timedelta(days=days)).astimezone(get_timezone()).date().isoformat()


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
    names_people: bool = False
    """Whether people are searched by what is theirs (a name, a phone): then the search shows in no address."""
    template: str = "lists/index.html"
    more: Callable[[], Mapping[str, Any]] = dict

    @property
    def url(self) -> str:
        return url_for(f"{self.key}.index")

    def chosen(self) -> list[Column]:
        """The columns to show, always in their declared order; without a sensible choice the usual ones."""
        asked = address.columns_asked()
        return [column for column in self.columns if column.key in asked] or [
            column for column in self.columns if column.shown
        ]


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
    totalled: Sequence[Column] = field(init=False)

    def __post_init__(self) -> None:
        self.totalled = [column for column in self.columns if column.total]

    @cached_property
    def columns(self) -> list[Column]:
        return [column for column in self.listing.chosen() if column.key not in self.without]

    @cached_property
    def page(self) -> Page:
        return self.found.page(address.page_number(), sums=[column.source for column in self.totalled])

    @cached_property
    def cells(self) -> Cells:
        return Cells(self.columns, self.page.rows, labelled=bool(address.columns_asked()))

    @property
    def sort(self) -> str:
        return address.sort_key()

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the filter bar does not ask for, and keeps: sorting and columns."""
        return [(name, value) for name, value in self.state if name in NOT_FILTERS]

    @property
    def is_being_filtered(self) -> bool:
        """Whether the filter bar itself asks: then it must not be redrawn under the fingers of whoever types."""
        return request.headers.get("HX-Source", "") == "form#filters"

    @property
    def state(self) -> list[tuple[str, str]]:
        """All that the address says, but for the page."""
        return [(name, value) for name, value in address.args().items(multi=True) if value and name != "page"]

    @property
    def filtered(self) -> list[tuple[str, str]]:
        """The filters in force."""
        return _filters(self.state)

    def at(self, deed: str) -> str:
        """Where a deed is done with the list as it is filtered, sorted and shown: at("export")."""
        return address.to(url_for(f"{self.listing.key}.{deed}"), self.state)

    @property
    def cleared(self) -> str:
        """The address of the list without filters."""
        return address.to(address.path(), self.kept)

    @cached_property
    def chips(self) -> list[Chip]:
        return [Chip(_told(item), address.without(item.name)) for item in self.form if item.data]

    @cached_property
    def views(self) -> list[SimpleNamespace]:
        counts = self.listing.counts()
        return [
            SimpleNamespace(
                label=view.label,
                url=address.to(address.path(), list(view.args.items())),
                count=counts.get(view.key) if view.key else None,
                current=self.filtered == _filters(view.args.items()),
            )
            for view in self.listing.views
        ]


def _filters(state: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in state if name not in NOT_FILTERS)


def _told(item: Any) -> str:
    """What a filter says: the words of the choice, a day, or what was typed."""
    if item.type == "SelectField":
        labels = {str(choice.value): str(choice.label) for choice in item.choices}
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


def mount(bp: Blueprint, listing: Listing, permission: Permission, *, at: str = "") -> None:
    """Give the list its page and its files, `at` an address of its own when its blueprint has none."""

    @bp.get(at)
    @requires(permission)
    def index() -> Response:
        return answer(listing)

    if listing.names_people:

        @bp.post(f"{at}/search", endpoint="search")
        @requires(permission)
        def search() -> Response:
            """The filter bar, posted: htmx gets the rows and the address to show, a browser is sent there."""
            asked = address.veiled(request.form)
            url = address.to(listing.url, list(asked.items(multi=True)))
            if not wants_part():
                return seen_other(url)
            address.as_if(listing.url, asked)
            found = answer(listing)
            found.headers["HX-Replace-Url"] = url
            return found

    @bp.post(f"{at}/export", endpoint="export")
    @requires(permission)
    def keep() -> Response:
        """A deed, because it is written down who took what."""
        asked = shown(listing)
        with attempt() as tried:
            format = request.form.get("format", "csv")
            return export(
                listing.key,
                str(listing.title),
                asked.columns,
                asked.found,
                format,
                filters={name: value for name, value in asked.filtered if name not in address.SEARCHES},
            )
        flash(str(tried.refusal), "error")
        return seen_other(address.to(listing.url, asked.state))

    bp.record_once(lambda state: state.app.extensions.setdefault(LISTS, {}).update({listing.key: listing}))


def mounted(app: Flask) -> Iterable[Listing]:
    """Every list the application has."""
    lists: dict[str, Listing] = app.extensions[LISTS]
    return lists.values()


def answer(listing: Listing) -> Response:
    """The page of a list, or the parts of it that htmx redraws."""
    context = {"list": shown(listing), **listing.more()}
    return page_or_part(listing.template, "lists/_part.html", **context)
