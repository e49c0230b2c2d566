"""The state of a page is its address: filters, sorting, page, columns. What a page was asked for, and links that change it.

What is typed into a search that may name a person travels by POST and stands in the address veiled (`?of=…`).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import g, request
from werkzeug.datastructures import MultiDict

from erp.kernel.personal import unveil, veil

SEARCHES = ("q", "of")
"""What somebody typed: in clear, or veiled."""


def as_if(path: str, args: MultiDict[str, str]) -> None:
    """Have links and lists of this answer behave as if `path` had been asked for with `args`."""
    g.address = (path, args)


def veiled(typed: MultiDict[str, str]) -> MultiDict[str, str]:
    """The state that a posted filter bar asks for: what was searched is veiled."""
    kept = [
        (name, value)
        for name, value in typed.items(multi=True)
        if value and name not in ("csrf_token", *SEARCHES)
    ]
    text = typed.get("q", "").strip()
    return MultiDict([*kept, ("of", veil(text))] if text else kept)


def searched() -> str:
    """What the search is for."""
    return unveil(args().get("of", "")) or args().get("q", "")


def path() -> str:
    """The page that was asked for, without its state."""
    found: str = g.address[0] if "address" in g else request.path
    return found


def args() -> MultiDict[str, str]:
    """The state that was asked for."""
    found: MultiDict[str, str] = g.address[1] if "address" in g else request.args
    return found


def with_args(**changes: Any) -> str:
    """This page's address with parts of its state changed; None and "" take a part away."""
    kept = [(name, value) for name, value in args().items(multi=True) if value and name not in changes]
    changed = [(name, value) for name, value in changes.items() if value not in (None, "")]
    return to(path(), [*kept, *changed])


def without(name: str) -> str:
    """This page's address without a filter, and from the first page on."""
    names = SEARCHES if name in SEARCHES else (name,)
    return with_args(page="", **dict.fromkeys(names, ""))


def to(path: str, state: list[tuple[str, Any]]) -> str:
    """`path` in a state."""
    return f"{path}?{urlencode(state)}" if state else path


def page_number() -> int:
    """Which page of the list is asked for; anything odd is the first."""
    return max(1, min(args().get("page", 1, type=int), 1_000_000))


def sort_key() -> str:
    """`name` rises, `-name` falls; a list keeps its own order when it has no such column."""
    return args().get("sort", "")


def columns_asked() -> list[str]:
    """Keys of the columns to show, as a choice or as a link gives them: ?columns=a&columns=b or ?columns=a,b."""
    return [key for text in args().getlist("columns") for key in text.split(",") if key]
