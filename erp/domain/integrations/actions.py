"""Keys are issued and revoked; facts are recorded once."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from uuid import UUID

from erp.domain.integrations import rules
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, row, rows_for_many, together
from erp.kernel.errors import NEEDED, Invalid, NotFound
from erp.kernel.ids import uuid7


def issue_key(name: str, *, by: Actor, now: dt.datetime) -> tuple[UUID, str]:
    """A new API key for the owner's product: its id and the secret, which is shown this once. Raises `KeyNameTaken`."""
    if not name.strip():
        raise Invalid(fields={"name": NEEDED})
    id, secret = uuid7(), rules.KEY_PREFIX + secrets.token_urlsafe(32)
    made = execute(
        """insert into api_key (id, name, prefix, key_hash, created_at)
           values (:id, :name, :prefix, :key_hash, :now)
           on conflict (lower(name)) where revoked_at is null do nothing""",
        id=id,
        name=name.strip(),
        prefix=secret[: rules.SHOWN],
        key_hash=rules.key_hash(secret),
        now=now,
    )
    if not made.rowcount:
        raise rules.KeyNameTaken
    audit.record("api_key.issued", "api_key", id, by=by, at=now, details={"name": name.strip()})
    return id, secret


def revoke_key(id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """The key opens nothing from now on. Harmless when repeated."""
    revoked = row(
        "update api_key set revoked_at = :now where id = :id and revoked_at is null returning id",
        id=id,
        now=now,
    )
    if revoked:
        audit.record("api_key.revoked", "api_key", id, by=by, at=now)
    elif row("select id from api_key where id = :id", id=id) is None:
        raise NotFound


@dataclass(frozen=True)
class NewEvent:
    """A fact as it is told to us. Amounts in minor units; `refunded_total` is cumulative over the original.

    A payment may say for which product `plan` it was, and how many `prepaid_days` from then on it pays for.
    """

    source: str
    source_id: str
    kind: str
    customer_id: UUID
    occurred_at: dt.datetime
    evidence: str = "attested"
    payment_id: UUID | None = None
    amount: int | None = None
    currency: str | None = None
    original_event_id: int | None = None
    refunded_total: int | None = None
    plan: str | None = None
    prepaid_days: int | None = None


COLUMNS = tuple(field.name for field in fields(NewEvent))
VALUES = attrgetter(*COLUMNS)


def record_event(event: NewEvent) -> int | None:
    """Keep a fact; its id, or None when it is known already by (source, source id)."""
    return record_events([event])[0]


def record_events(events: Sequence[NewEvent]) -> list[int | None]:
    """Keep many facts in one statement: an id for each that is new, None for each that was known.

    Rows go in by (source, source id), so that two overlapping batches wait for each other and cannot deadlock.
    """
    if len(events) == 1:
        [kept_alone] = together((RECORD_ONE, vars(events[0])))
        return [kept_alone[0][0] if kept_alone else None]
    kept = rows_for_many(
        RECORD, **dict(zip(COLUMNS, map(list, zip(*map(VALUES, events), strict=True)), strict=True))
    )
    ids = {(source, source_id): id for source, source_id, id in kept}
    return [ids.pop((event.source, event.source_id), None) for event in events]


RECORD_ONE = """
insert into event (source, source_id, kind, customer_id, payment_id, amount, currency, evidence, occurred_at,
                   original_event_id, refunded_total, plan, prepaid_days, recorded_at)
values (:source, :source_id, :kind, :customer_id, :payment_id, :amount, :currency, :evidence, :occurred_at,
        :original_event_id, :refunded_total, :plan, :prepaid_days, ref_now())
on conflict (source, source_id) do nothing
returning id
"""
"""For one fact arrays are of no use: to make and to unpack them costs as much as the row."""
RECORD = """
insert into event (source, source_id, kind, customer_id, payment_id, amount, currency, evidence, occurred_at,
                   original_event_id, refunded_total, plan, prepaid_days, recorded_at)
select source, source_id, kind, customer_id, payment_id, amount, currency, evidence, occurred_at, original_event_id,
       refunded_total, plan, prepaid_days, (select ref_now())
from unnest(cast(:source as text[]), cast(:source_id as text[]), cast(:kind as text[]), cast(:customer_id as uuid[]),
            cast(:payment_id as uuid[]), cast(:amount as bigint[]), cast(:currency as text[]),
            cast(:evidence as text[]), cast(:occurred_at as timestamptz[]), cast(:original_event_id as bigint[]),
            cast(:refunded_total as bigint[]), cast(:plan as text[]), cast(:prepaid_days as bigint[]))
     as given(source, source_id, kind, customer_id, payment_id, amount, currency, evidence, occurred_at,
              original_event_id, refunded_total, plan, prepaid_days)
order by source, source_id
on conflict (source, source_id) do nothing
returning source, source_id, id
"""
