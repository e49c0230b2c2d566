"""What `ref check` says about one law of the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """Law `number` (design.md, Invariants) held for `examined` rows, except for those named in `bad`.

    Nothing examined means nothing proven.
    """

    number: int
    title: str
    examined: int
    bad: Sequence[str] = field(default_factory=list)


@dataclass(frozen=True)
class Audited:
    """Every row of `table` whose column `moment` is set, and for which `where` (SQL) holds, owes an audit row
    `action` about itself, or about the `subject` whose id the SQL `of` tells of a row `x`. `key` is its key."""

    table: str
    action: str
    moment: str
    where: str = "true"
    subject: str = ""
    of: str = "x.id"
    key: str = "id"
