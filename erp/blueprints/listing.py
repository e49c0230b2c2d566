"""The page of a list that the address asks for, and rows dressed for a template."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from flask import request

from erp.kernel.paging import Page


def page_number() -> int:
    """Which page of the list is asked for; anything odd is the first."""
    return max(1, min(request.args.get("page", 1, type=int), 1_000_000))


def sort_key() -> str:
    """`name` rises, `-name` falls; a list keeps its own order when it has no such column."""
    return request.args.get("sort", "")


def dressed(rows: Iterable[Any], add: Callable[[Any], dict[str, Any]]) -> list[SimpleNamespace]:
    """Rows with what the query does not have."""
    return [SimpleNamespace(**{**row._mapping, **add(row)}) for row in rows]


def with_rows(page: Page, rows: Iterable[Any]) -> Page:
    """The same page of the list, its rows dressed."""
    return replace(page, rows=list(rows))
