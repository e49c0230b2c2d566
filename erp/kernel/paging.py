"""A list that somebody asks for: one page of it, all of it in batches, how many there are and what they sum to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from erp.kernel.db import Row, scalar, stream
from erp.kernel.db import rows as fetch
from erp.kernel.reading import shaped

PER_PAGE = 50
BATCH = 500
"""Rows that are in memory at once while a whole list is read."""
NOT_ASKED = re.compile(r":(\w+) = ''|cast\(:(\w+) as [\w\[\]]+\) is null")
"""How a `select` tests that nobody asks for a filter: with "" in it, or with nothing."""

ACCENTED, PLAIN = "ёàáâãäåçèéêëìíîïñòóôõöøùúûüýÿ", "еaaaaaaceeeeiiiinoooooouuuuyy"


def alphabetical(column: str) -> str:
    """SQL to sort names by, in any script: case and accents do not count, ё is е.

    A collation would do it better, but the embedded PostgreSQL is built without ICU.
    """
    return f"translate(lower({column}), '{ACCENTED}', '{PLAIN}')"


@dataclass(frozen=True)
class Page:
    """Rows of page `page` (from 1) of `per_page`; `total` counts the whole filtered list."""

    rows: Sequence[Any]
    total: int
    page: int
    per_page: int
    sums: Sequence[Row] = ()
    """Sums over the whole list, a row for each currency, when they were asked for."""

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    @property
    def near(self) -> list[int]:
        """The pages that are offered: this one, those beside it, the first and the last."""
        beside = range(max(1, self.page - 1), min(self.pages, self.page + 1) + 1)
        return sorted({1, self.pages, *beside})

    @property
    def first(self) -> int:
        return min(self.total, (self.page - 1) * self.per_page + 1)

    @property
    def last(self) -> int:
        return min(self.total, self.page * self.per_page)


@dataclass(frozen=True)
class Listed:
    """A filtered and sorted list, not read yet.

    `select` is `select … from … where …`; `sorts` are the orders it can be read in, by name: they name columns of the
    answer and come from code, never from a person. An unknown `sort` is the first of them. `number` is SQL for how many
    rows there are, where that takes less than to select them all.

    Filters that may not be asked for read "(:city = '' or city = :city)", "(cast(:on as date) is null or day = :on)".
    """

    select: str
    sorts: Mapping[str, str]
    sort: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    dress: Callable[[Sequence[Row]], Sequence[Any]] = list
    """What each batch of rows becomes before anybody sees it."""
    number: str = ""

    def dressed(self, dress: Callable[[Sequence[Any]], Sequence[Any]]) -> Listed:
        """The same list, with `dress` put over what each batch already wears."""
        return replace(self, dress=lambda found: dress(self.dress(found)))

    @property
    def _order(self) -> str:
        return self.sorts.get(self.sort) or next(iter(self.sorts.values()))

    def page(self, number: int = 1, per_page: int = PER_PAGE, *, sums: Iterable[str] = ()) -> Page:
        """One page of the list; one past the end is the last. `sums`: columns to sum over the whole list."""
        if summed := self._summed(sums):
            total = sum(row.number for row in summed)
            number = max(1, min(number, -(-total // per_page)))
            return Page(self.dress(self._rows(number, per_page)), total, number, per_page, summed)
        found, total = self._counted(number, per_page)
        if not found and number > 1 and (total := self.count()):
            number = -(-total // per_page)
            found, total = self._counted(number, per_page)
        return Page(self.dress(found), total, number if found else 1, per_page)

    def first(self, most: int) -> Sequence[Any]:
        """At most so many from the top, without counting the rest."""
        return self.dress(self._rows(1, most))

    def batches(self, size: int = BATCH) -> Iterator[Sequence[Any]]:
        """The whole list as it is now, never more than `size` rows of it in memory."""
        for batch in stream(self._ordered("*"), size, **self.params):
            yield self.dress(batch)

    def count(self) -> int:
        total: int = scalar(f"select {self._number}", **self.params)
        return total

    @property
    def _select(self) -> str:
        return self._settled(self.select)

    @property
    def _number(self) -> str:
        return self._settled(self.number) or f"(select count(*) from ({self._select}) as counted)"

    def _settled(self, sql: str) -> str:
        blank = frozenset([name for name, value in self.params.items() if value == ""])
        missing = frozenset([name for name, value in self.params.items() if value is None])
        return _settled(sql, blank, missing)

    def _rows(self, number: int, per_page: int, columns: str = "*") -> Sequence[Any]:
        """The part is told in figures: a plan for any part would be one for a tenth of the list."""
        part = (
            f"limit {per_page:d}" if number == 1 else f"limit {per_page:d} offset {(number - 1) * per_page:d}"
        )
        return fetch(f"{self._ordered(columns)} {part}", **self.params)

    def _counted(self, number: int, per_page: int) -> tuple[Sequence[Any], int]:
        """A page, and how many there are in all, by one statement. A page past the end does not know."""
        found = self._rows(number, per_page, f"*, {self._number} as total_")
        if not found:
            return [], 0
        return shaped(found[0]._fields[:-1], [row[:-1] for row in found]), found[0].total_

    def _ordered(self, columns: str) -> str:
        return f"select {columns} from ({self._select}) as listed order by {self._order}"

    def _summed(self, columns: Iterable[str]) -> Sequence[Row]:
        """(currency, how many rows, each of `columns` summed), in the one look that counts the list."""
        summed = "".join(f", coalesce(sum({column}), 0)::bigint as {column}" for column in columns)
        if not summed:
            return ()
        return fetch(
            f"""select currency, count(*) as number{summed} from ({self._select}) as listed
                group by currency order by currency""",
            **self.params,
        )

    def only(self, ids: Sequence[Any], of: str = "id") -> Listed:
        """Those of the list whose `id` (or another column `of` it) is among `ids`."""
        return replace(
            self,
            select=f"select * from ({self.select}) as narrowed where {of} = any(:ids_)",
            params={**self.params, "ids_": list(ids)},
            number="",
        )


@lru_cache(maxsize=2048)
def _settled(sql: str, blank: frozenset[str], missing: frozenset[str]) -> str:
    """The statement with the answer to each test whether a filter is asked for.

    The database plans what comes often once for all who send the same text. Such a test in it keeps that plan from every
    index which one of the filters could use.
    """

    def answer(test: re.Match[str]) -> str:
        name, other = test.groups()
        if other:
            return "true" if other in missing else "false"
        return test[0] if name in missing else "true" if name in blank else "false"

    return NOT_ASKED.sub(answer, sql)
