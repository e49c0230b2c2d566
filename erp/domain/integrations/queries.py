"""Reads of API keys and facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.integrations import rules
from erp.kernel.db import row, rows, scalar


def key_of(secret: str) -> sa.Row[Any]:
    """The key with this secret. Raises `UnknownKey` when there is none or it was revoked."""
    found = row(
        "select id, name from api_key where key_hash = :hash and revoked_at is null",
        hash=rules.key_hash(secret),
    )
    if found is None:
        raise rules.UnknownKey
    return found


def keys() -> Sequence[sa.Row[Any]]:
    """Every key ever issued, newest first; the secrets are not kept."""
    return rows("select id, name, prefix, created_at, revoked_at from api_key order by created_at desc")


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
