"""The state of a page is its address: filters, sorting, page, columns. What a page was asked for, and links that change it.

A search that must not show in the address (a phone number) travels by POST; its page answers `as_if` at the address
of the list, with the part of the state that may be seen.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import g, request
from werkzeug.datastructures import MultiDict


def as_if(path: str, args: MultiDict[str, str]) -> None:
    """Have links and lists of this answer behave as if `path` had been asked for with `args`."""
    g.address = (path, args)


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
