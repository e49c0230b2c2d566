"""Reads of API keys and facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.integrations import rules
from erp.kernel.db import row, rows, scalar
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed, alphabetical


def key_of(secret: str) -> sa.Row[Any]:
    """The key with this secret. Raises `UnknownKey` when there is none or it was revoked."""
    found = row(
        "select id, name from api_key where key_hash = :hash and revoked_at is null",
        hash=rules.key_hash(secret),
    )
    if found is None:
        raise rules.UnknownKey
    return found


KEYS = "select id, name, prefix, created_at, revoked_at from api_key"
KEY_SORTS = {
    "working": "revoked_at desc nulls first, created_at desc",
    "name": f"{alphabetical('name')}, id",
    "-name": f"{alphabetical('name')} desc, id",
    "created_at": "created_at, id",
    "-created_at": "created_at desc, id",
}


def search_keys(*, q: str = "", revoked: bool | None = None, sort: str = "") -> Listed:
    """Keys by part of a name or by how they begin; those that still work come first."""
    return Listed(
        f"""{KEYS} where (:q = '' or strpos(lower(name), lower(:q)) > 0 or starts_with(:q, prefix))
                     and (cast(:revoked as boolean) is null or (revoked_at is not null) = :revoked)""",
        KEY_SORTS,
        sort,
        {"q": q.strip(), "revoked": revoked},
    )


def find_key(id: UUID) -> sa.Row[Any]:
    """One key, whether it still works or not. Raises `NotFound`."""
    found = row(f"{KEYS} where id = :id", id=id)
    if found is None:
        raise NotFound
    return found


def keys() -> Sequence[sa.Row[Any]]:
    """Every key ever issued, newest first; the secrets are not kept."""
    return rows(f"{KEYS} order by created_at desc")


def event_id(source: str, source_id: str) -> int | None:
    """The id of a fact that is known already."""
    found: int | None = scalar(
        "select id from event where source = :source and source_id = :source_id",
        source=source,
        source_id=source_id,
    )
    return found


def events_of(customer_id: UUID) -> Sequence[sa.Row[Any]]:
    """All that is known of a customer, in the order it happened."""
    return rows(
        """select id, source, source_id, kind, amount, currency, evidence, occurred_at, recorded_at,
                  payment_id, original_event_id, refunded_total
           from event where customer_id = :id order by occurred_at, id""",
        id=customer_id,
    )
