"""Verbs that make programmes and write drafts of their terms."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy.exc import IntegrityError

from erp.domain.programmes.checks import check
from erp.domain.programmes.model import Programme, Rule, Terms, Tier
from erp.domain.programmes.rules import TermsDraft
from erp.kernel import audit, ids
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, scalar
from erp.kernel.errors import DomainError, Invalid, NotFound
from erp.kernel.sentences import Sentence

LONGEST_NOTICE = 365


class KeyTaken(DomainError):
    code = "programme_key_taken"
    sentence = Sentence("Another programme has this key. Choose a different one.")


class ChangedSince(DomainError):
    code = "draft_changed"
    sentence = Sentence("Somebody has changed this draft since you opened it. Look at it again first.")


class NotADraft(DomainError):
    code = "not_a_draft"
    sentence = Sentence("Only a draft can be changed or activated. Make a new draft of the terms.")


def create(key: str, name: str, currency: str, zone: str, *, by: Actor, now: dt.datetime) -> UUID:
    """A new programme, without terms yet. Raises `KeyTaken`, `Invalid`."""
    if zone not in available_timezones():
        zone_needed = Sentence("Choose a time zone such as Europe/Moscow.")
        raise Invalid(zone_needed, fields={"zone": zone_needed})
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


def change_notice(programme_id: UUID, days: int, *, by: Actor, now: dt.datetime) -> None:
    """How many days before its referrals move to other terms agents must be told. Raises `Invalid`, `NotFound`."""
    if not 1 <= days <= LONGEST_NOTICE:
        raise Invalid(fields={"days": Sentence("From 1 to %(most)s days.", most=LONGEST_NOTICE)})
    before = row("select notice_days from programme where id = :id for update", id=programme_id)
    if before is None:
        raise NotFound
    execute("update programme set notice_days = :days where id = :id", id=programme_id, days=days)
    details = {"before": before.notice_days, "days": days}
    audit.record("programme.notice_changed", "programme", programme_id, by=by, at=now, details=details)


def draft(programme_id: UUID, given: TermsDraft, *, note: str = "", by: Actor, now: dt.datetime) -> UUID:
    """A draft of the next version of the terms. Raises `Invalid` with a sentence for every value that is wrong."""
    check(given)
    if row("select id from programme where id = :id for update", id=programme_id) is None:
        raise NotFound
    version = scalar(
        "select coalesce(max(version), 0) + 1 from terms where programme_id = :id", id=programme_id
    )
    terms = Terms(id=ids.uuid7(), programme_id=programme_id, version=version, state="draft", created_at=now)
    _write(terms, given, note)
    audit.record("terms.drafted", "terms", terms.id, by=by, at=now, details={"version": version})
    return terms.id


def redraft(
    terms_id: UUID,
    given: TermsDraft,
    *,
    note: str = "",
    seen: int,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Write a draft anew; `seen` is the revision that was looked at.

    Raises `Invalid` as `draft` does, `NotADraft`, `ChangedSince`, `NotFound`.
    """
    check(given)
    terms = locked_draft(terms_id, seen)
    execute("delete from rule where terms_id = :id", id=terms_id)
    execute("delete from tier where terms_id = :id", id=terms_id)
    terms.revision += 1
    _write(terms, given, note)
    details = {"version": terms.version, "revision": terms.revision}
    audit.record("terms.redrafted", "terms", terms_id, by=by, at=now, details=details)


def locked_draft(terms_id: UUID, seen: int) -> Terms:
    """The draft, held until the transaction ends."""
    terms = db.session.get(Terms, terms_id, with_for_update=True, populate_existing=True)
    if terms is None:
        raise NotFound
    if terms.state != "draft":
        raise NotADraft
    if terms.revision != seen:
        raise ChangedSince
    return terms


LISTS = {"tiers", "rules"}
"""What of a draft has tables of its own; everything else is a column of the terms."""


def _write(terms: Terms, given: TermsDraft, note: str) -> None:
    terms.note = note
    for field in fields(given):
        if field.name not in LISTS:
            setattr(terms, field.name, getattr(given, field.name))
    db.session.add(terms)
    db.session.flush()
    db.session.add_all(
        Rule(terms_id=terms.id, position=position, **vars(rule))
        for position, rule in enumerate(given.rules, start=1)
    )
    db.session.add_all(
        Tier(
            terms_id=terms.id,
            position=position,
            name=tier.name.strip(),
            threshold=tier.threshold,
            rate_bps=tier.rate_bps,
        )
        for position, tier in enumerate(given.tiers, start=1)
    )
    db.session.flush()


def discard(terms_id: UUID, *, seen: int = 1, by: Actor, now: dt.datetime) -> None:
    """Throw a draft away. `seen` is the revision that was looked at. Raises `NotADraft`, `ChangedSince`, `NotFound`."""
    terms = locked_draft(terms_id, seen)
    execute("delete from terms where id = :id", id=terms_id)
    details = {"version": terms.version}
    audit.record("terms.discarded", "terms", terms_id, by=by, at=now, details=details)
