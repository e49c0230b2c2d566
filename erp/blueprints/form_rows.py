"""Rows of a form that people add, remove and move: by buttons that send the form, so scripts are not needed.

A button's value says what to do, such as `rules-add`, `rules-1-up`, `rules-0-down`, `tiers-2-remove`. What was typed
stays with its row; the rows are numbered anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from werkzeug.datastructures import MultiDict

DEED = re.compile(r"([a-z]+)-(?:(\d+)-)?(add|up|down|remove)$")


class Moved(NamedTuple):
    """What was typed with its rows rearranged, and the row that the eye should rest on: "rules-1"."""

    typed: MultiDict[str, str]
    row: str


def rearranged(typed: MultiDict[str, str], deed: str) -> Moved:
    """Do to the rows what the button says; a button that is not known does nothing."""
    found = DEED.match(deed)
    if not found:
        return Moved(typed, "")
    list_name, at, what = found[1], int(found[2] or 0), found[3]
    rows = rows_of(typed, list_name)
    to = {"add": len(rows), "up": max(at - 1, 0), "down": min(at + 1, len(rows) - 1)}.get(
        what, max(at - 1, 0)
    )
    if what == "add":
        rows.append({})
    elif at < len(rows):
        row = rows.pop(at)
        if what != "remove":
            rows.insert(to, row)
    kept = [(name, value) for name, value in typed.items(multi=True) if not name.startswith(f"{list_name}-")]
    return Moved(MultiDict([*kept, *_flat(list_name, rows)]), f"{list_name}-{to}")


def rows_of(typed: MultiDict[str, str], list_name: str) -> list[dict[str, str]]:
    """The rows of a list in their order, each by the names of its fields."""
    rows: dict[int, dict[str, str]] = {}
    for name, value in typed.items():
        found = re.match(rf"{list_name}-(\d+)-(\w+)$", name)
        if found:
            rows.setdefault(int(found[1]), {})[found[2]] = value
    return [rows[at] for at in sorted(rows)]


def _flat(list_name: str, rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    """A row that is new and empty is there by its first field alone."""
    return [
        (f"{list_name}-{at}-{name}", value)
        for at, row in enumerate(rows)
        for name, value in (row or _empty()).items()
    ]


def _empty() -> Mapping[str, str]:
    return {"new": "yes"}
