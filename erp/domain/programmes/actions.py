"""Verbs that make programmes and bring their terms into force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy.exc import IntegrityError

from erp.domain.programmes.model import Programme, Rule, Terms, Tier
from erp.domain.programmes.rules import Limits, TierRow, check_tiers
from erp.kernel import audit, ids
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, scalar
from erp.kernel.errors import DomainError, Invalid, NotFound


class KeyTaken(DomainError):
    code = "programme_key_taken"
    sentence = "Another programme has this key. Choose a different one."


class NotADraft(DomainError):
    code = "not_a_draft"
    sentence = "Only a draft can be changed or activated. Make a new draft of the terms."


def create(key: str, name: str, currency: str, zone: str, *, by: Actor, now: dt.datetime) -> UUID:
    """A new programme, without terms yet. Raises `KeyTaken`, `Invalid`."""
    if zone not in available_timezones():
        raise Invalid("Choose a time zone such as Europe/Moscow.", fields={"zone": "unknown zone"})
    programme = Programme(
        id=ids.uuid7(),
        reference=ids.reference("PRG"),
        key=key,
        name=name.strip(),
        currency=currency,
        zone=zone,
        created_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(programme)
            db.session.flush()
    except IntegrityError as clash:
        raise KeyTaken from clash
    audit.record("programme.created", "programme", programme.id, by=by, at=now, details={"key": key})
    return programme.id


def draft(
    programme_id: UUID,
    tiers: Sequence[TierRow],
    limits: Limits,
    *,
    note: str = "",
    by: Actor,
    now: dt.datetime,
) -> UUID:
    """A draft of the next version of the terms. Raises `Invalid` with a sentence for every tier that is wrong."""
    check_tiers(tiers)
    if row("select id from programme where id = :id for update", id=programme_id) is None:
        raise NotFound
    version = scalar(
        "select coalesce(max(version), 0) + 1 from terms where programme_id = :id", id=programme_id
    )
    terms_id = ids.uuid7()
    db.session.add(
        Terms(
            id=terms_id,
            programme_id=programme_id,
            version=version,
            state="draft",
            note=note,
            window_days=limits.window_days,
            hold_days=limits.hold_days,
            click_window_days=limits.click_window_days,
            minimum_payout=limits.minimum_payout,
            created_at=now,
        )
    )
    db.session.flush()
    db.session.add(
        Rule(terms_id=terms_id, key="percent", event_kind="payment", monthly_cap=limits.monthly_cap)
    )
    db.session.add_all(
        Tier(
            terms_id=terms_id,
            position=position,
            name=tier.name.strip(),
            threshold=tier.threshold,
            rate_bps=tier.rate_bps,
        )
        for position, tier in enumerate(tiers, start=1)
    )
    db.session.flush()
    audit.record("terms.drafted", "terms", terms_id, by=by, at=now, details={"version": version})
    return terms_id


def activate(terms_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Bring a draft into force for referrals made from now on; the version before it retires.

    Referrals already made keep the version they were made under. Raises `NotADraft`, `NotFound`.
    """
    found = row("select programme_id, state, version from terms where id = :id for update", id=terms_id)
    if found is None:
        raise NotFound
    if found.state != "draft":
        raise NotADraft
    execute(
        "update terms set state = 'retired', retired_at = :now where programme_id = :id and state = 'active'",
        id=found.programme_id,
        now=now,
    )
    execute(
        "update terms set state = 'active', effective_from = :now, activated_by = :by where id = :id",
        id=terms_id,
        now=now,
        by=str(by),
    )
    audit.record("terms.activated", "terms", terms_id, by=by, at=now, details={"version": found.version})


def discard(terms_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Throw a draft away. Raises `NotADraft`."""
    removed = execute("delete from terms where id = :id and state = 'draft'", id=terms_id).rowcount
    if not removed:
        raise NotADraft
    audit.record("terms.discarded", "terms", terms_id, by=by, at=now)
