"""Views of lists that people save for themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import Row, row, rows
from erp.kernel.errors import DomainError, Invalid, NotFound
from erp.kernel.ids import uuid7
from erp.kernel.sentences import Sentence

LONGEST_NAME = 40
MOST = 20


class TooManyViews(DomainError):
    code = "too_many_views"
    sentence = Sentence(
        "You have %(most)s views of this list, which is the most. Remove one first.", most=MOST
    )


def save_view(staff_id: UUID, list: str, name: str, state: str, *, by: Actor, now: dt.datetime) -> UUID:
    """Keep the `state` of a list's address under a name; one that has the name already shows this from now on.

    Raises `Invalid` or `TooManyViews`.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        said = Sentence("Give it a name of at most %(most)s letters.", most=LONGEST_NAME)
        raise Invalid(said, fields={"name": said})
    saved = row(
        """insert into saved_view (id, staff_id, list, name, state, saved_at)
           values (:id, :staff_id, :list, :name, :state, :now)
           on conflict (staff_id, list, lower(name)) do update
             set name = excluded.name, state = excluded.state, saved_at = excluded.saved_at
           returning id""",
        id=uuid7(),
        staff_id=staff_id,
        list=list,
        name=name,
        state=state,
        now=now,
    )
    assert saved is not None
    if len(saved_views(staff_id, list)) > MOST:
        raise TooManyViews
    id: UUID = saved.id
    audit.record("view.saved", "saved_view", id, by=by, at=now, details={"list": list})
    return id


def remove_view(id: UUID, staff_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Forget one of a person's own views. Raises `NotFound`, also for a stranger's."""
    gone = row(
        "delete from saved_view where id = :id and staff_id = :staff_id returning list",
        id=id,
        staff_id=staff_id,
    )
    if gone is None:
        raise NotFound
    audit.record("view.removed", "saved_view", id, by=by, at=now, details={"list": gone.list})


def saved_views(staff_id: UUID, list: str) -> Sequence[Row]:
    """(id, name, state) of a person's views of a list, by name."""
    return rows(
        "select id, name, state from saved_view where staff_id = :staff_id and list = :list order by lower(name)",
        staff_id=staff_id,
        list=list,
    )
