"""Reads of the catalogue. Lists that show who booked a place are in bookings, which stands above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.catalogue import rules
from erp.kernel.db import row, rows, scalar
from erp.kernel.errors import NotFound

DETAIL = """select e.id, e.reference, e.claim_group_id, e.name, e.kind, e.cuisine, e.street, e.house, e.postcode,
                   e.city, e.country, e.lat, e.lon, e.phone, e.email, e.website, e.opening_hours, e.source,
                   e.source_id, e.created_at, e.updated_at, g.connected_at
            from establishment e join claim_group g on g.id = e.claim_group_id"""


def find(reference: str | UUID) -> sa.Row[Any]:
    """One establishment by what people call it (`EST-…`) or by its id."""
    if isinstance(reference, UUID):
        return _one(row(f"{DETAIL} where e.id = :id", id=reference))
    return _one(row(f"{DETAIL} where e.reference = :reference", reference=reference.strip().upper()))


def find_by_source(source: str, source_id: str) -> sa.Row[Any]:
    """One establishment by its id in the list it came from."""
    return _one(
        row(
            f"{DETAIL} where e.source = :source and e.source_id = :source_id",
            source=source,
            source_id=source_id,
        )
    )


def claim_group_of(id: UUID) -> UUID:
    """The real place behind a catalogue record."""
    group: UUID | None = scalar("select claim_group_id from establishment where id = :id", id=id)
    if group is None:
        raise NotFound
    return group


def same_place(claim_group_id: UUID) -> Sequence[sa.Row[Any]]:
    """Every catalogue record of one real place."""
    return rows(
        "select id, reference, name, source, source_id from establishment where claim_group_id = :id order by id",
        id=claim_group_id,
    )


def count() -> int:
    total: int = scalar("select count(*) from establishment")
    return total


def cities() -> list[str]:
    """Cities that have establishments, those with most first."""
    return [
        city.city
        for city in rows(
            "select city from establishment where city is not null group by city order by count(*) desc, city"
        )
    ]


def kinds() -> list[str]:
    """Kinds of establishments there are, the commonest first."""
    return [
        kind.kind
        for kind in rows(
            "select kind from establishment where kind is not null group by kind order by count(*) desc, kind"
        )
    ]


def matching(q: str, city: str, kind: str) -> tuple[str, dict[str, str]]:
    """The SQL condition on `establishment e`, and its parameters, for what somebody looks for.

    Every word of `q` must occur in name or address; a whole reference finds its establishment.
    """
    conditions, params = ["(:city = '' or e.city = :city)", "(:kind = '' or e.kind = :kind)"], {}
    if q.strip():
        words = {f"word{at}": f"%{literal(word)}%" for at, word in enumerate(rules.fold(q).split()[:8])}
        every = " and ".join(f"e.search_text like :{name}" for name in words) or "false"
        conditions.append(f"({every} or e.reference = :reference)")
        params = words | {"reference": q.strip().upper()}
    return " and ".join(conditions), params | {"city": city, "kind": kind}


def literal(word: str) -> str:
    """`word` as a part of a `like` pattern that means just itself."""
    return word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _one(found: sa.Row[Any] | None) -> sa.Row[Any]:
    if found is None:
        raise NotFound
    return found
