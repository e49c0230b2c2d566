"""A span of time that a list is asked for: from `since` on, before `before`; an open end is None."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple


class Span(NamedTuple):
    """Moments from `since` (included) to `before` (not included)."""

    since: dt.datetime | None = None
    before: dt.datetime | None = None

    @property
    def params(self) -> dict[str, Any]:
        """What `within` looks at, as the parameters of a query."""
        return {"since": self.since, "before": self.before}


EVER = Span()


def within(moment: str) -> str:
    """SQL: whether a moment lies in the span of `:since` and `:before`. One that is missing lies in none but `EVER`."""
    return (
        f"(cast(:since as timestamptz) is null or {moment} >= :since)"
        f" and (cast(:before as timestamptz) is null or {moment} < :before)"
    )
