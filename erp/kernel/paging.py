"""One page of a list, and how many there are in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from erp.kernel.db import rows as fetch
from erp.kernel.db import scalar

PER_PAGE = 50


@dataclass(frozen=True)
class Page:
    """Rows of page `page` (from 1) of `per_page`; `total` counts the whole filtered list."""

    rows: Sequence[sa.Row[Any]]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    @property
    def first(self) -> int:
        return min(self.total, (self.page - 1) * self.per_page + 1)

    @property
    def last(self) -> int:
        return min(self.total, self.page * self.per_page)


def paged(select: str, order: str, *, page: int = 1, per_page: int = PER_PAGE, **params: Any) -> Page:
    """Run `select … from … where …` for one page. `order` names columns of the answer, and comes from a fixed list in
    code, never from a person."""
    total = scalar(f"select count(*) from ({select}) as listed", **params)
    page = max(1, min(page, -(-total // per_page) or 1))
    found = fetch(
        f"select * from ({select}) as listed order by {order} limit :limit_ offset :offset_",
        limit_=per_page,
        offset_=(page - 1) * per_page,
        **params,
    )
    return Page(found, total, page, per_page)
