"""Reads about people who work here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.kernel.db import row, rows
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed, alphabetical

COLUMNS = """id, reference, name, email, roles, active, session_version, must_change_password, language, theme,
             zone"""
HOLDER = f"""{COLUMNS}, ref_now() as now,
             array(select distinct list from saved_view where staff_id = staff.id) as views"""
"""Somebody who is here, with the moment, and the lists of which they saved views."""


def identity(id: UUID) -> sa.Row[Any] | None:
    """Who holds a session; asked once a request."""
    return row(f"select {HOLDER} from staff where id = :id", id=id)


def find(reference: str) -> sa.Row[Any]:
    found = row(
        f"select {COLUMNS}, created_at, deactivated_at from staff where reference = :reference",
        reference=reference.upper(),
    )
    if found is None:
        raise NotFound
    return found


SORTS = {
    "present": f"active desc, {alphabetical('name')}, id",
    "name": f"{alphabetical('name')}, id",
    "-name": f"{alphabetical('name')} desc, id",
    "created_at": "created_at, id",
    "-created_at": "created_at desc, id",
}


def search(*, q: str = "", role: str = "", active: bool | None = None, sort: str = "") -> Listed:
    """People by part of a name or e-mail address; those who left come last."""
    return Listed(
        f"""select {COLUMNS}, created_at, deactivated_at from staff
            where (:q = '' or strpos(lower(name), lower(:q)) > 0 or strpos(email, lower(:q)) > 0)
              and (:role = '' or :role = any(roles))
              and (cast(:active as boolean) is null or active = :active)""",
        SORTS,
        sort,
        {"q": q.strip(), "role": role, "active": active},
    )


def names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """What to call these people, those who left included."""
    return {
        person.id: person.name
        for person in rows("select id, name from staff where id = any(:ids)", ids=list(ids))
    }
