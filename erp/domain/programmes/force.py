"""Verbs that bring terms into force, now or at a moment to come, and end them.

Which version a referral is pinned to follows from the moment of the sign-up alone (`queries.terms_to_pin`); the state
of a version only says so to readers. A sign-up holds the version it pins until it is written; whoever changes what is
in force waits for it, and begins after it.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from erp.domain.programmes.actions import locked_draft
from erp.kernel import audit, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import execute, row, rows, scalar
from erp.kernel.errors import DomainError, Invalid, NotFound
from erp.kernel.sentences import Counted, Sentence

ANNOUNCE, CALL_OFF = "erp.jobs.notices.announce_terms", "erp.jobs.notices.call_off_terms"
AHEAD = dt.timedelta(minutes=5)
"""How long before its moment a version must be scheduled, and until when that can be undone."""
INSTANT = dt.timedelta(microseconds=1)


class NotScheduled(DomainError):
    code = "terms_not_scheduled"
    sentence = Sentence("These terms are not scheduled, or are about to take force. Look at them again.")


class NotActive(DomainError):
    code = "terms_not_active"
    sentence = Sentence("Only terms that are in force can be retired.")


def activate(terms_id: UUID, *, seen: int = 1, reason: str = "", by: Actor, now: dt.datetime) -> None:
    """Bring a draft into force for referrals made from now on; the version before it retires.

    Referrals already made keep the version they were made under. `seen` is the revision that was looked at. Raises
    `NotADraft`, `ChangedSince`, `NotFound`.
    """
    terms = locked_draft(terms_id, seen)
    _hold(terms.programme_id)
    come_into_force(terms.programme_id, by=by, now=now)
    begins = _after_the_last_sign_up(terms.programme_id, now)
    _retire_active(terms.programme_id, begins, by)
    execute(
        "update terms set state = 'active', effective_from = :begins, activated_by = :by where id = :id",
        id=terms_id,
        begins=begins,
        by=str(by),
    )
    details = {"version": terms.version, "reason": reason}
    audit.record("terms.activated", "terms", terms_id, by=by, at=begins, details=details)
    _announce(terms_id, terms.version)


def schedule(
    terms_id: UUID, begins: dt.datetime, *, seen: int = 1, reason: str = "", by: Actor, now: dt.datetime
) -> None:
    """Have a draft take force at a moment to come. Raises as `activate`, and `Invalid`."""
    if begins < now + AHEAD:
        said = Counted(
            "Choose a moment at least %(num)s minute ahead, or activate it now.",
            "Choose a moment at least %(num)s minutes ahead, or activate it now.",
            num=int(AHEAD.total_seconds() // 60),
        )
        raise Invalid(said, fields={"begins": said})
    terms = locked_draft(terms_id, seen)
    _hold(terms.programme_id)
    if scalar(
        "select true from terms where programme_id = :id and state = 'scheduled' and effective_from = :begins",
        id=terms.programme_id,
        begins=begins,
    ):
        taken = Sentence("Another version is scheduled for this moment. Choose another one.")
        raise Invalid(taken, fields={"begins": taken})
    execute(
        "update terms set state = 'scheduled', effective_from = :begins, activated_by = :by where id = :id",
        id=terms_id,
        begins=begins,
        by=str(by),
    )
    details = {"version": terms.version, "from": begins.isoformat(), "reason": reason}
    audit.record("terms.scheduled", "terms", terms_id, by=by, at=now, details=details)
    _announce(terms_id, terms.version)


def _announce(terms_id: UUID, version: int) -> None:
    """Agents are told of a version that follows another; a programme's first is news to nobody."""
    if version > 1:
        outbox.enqueue(ANNOUNCE, terms_id)


def unschedule(terms_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Make a draft of a scheduled version again, as long as nobody can be pinned to it. Raises `NotScheduled`."""
    changed = execute(
        """update terms set state = 'draft', effective_from = null, activated_by = null
           where id = :id and state = 'scheduled' and effective_from > :latest""",
        id=terms_id,
        latest=now + AHEAD,
    ).rowcount
    if not changed:
        raise NotScheduled
    audit.record("terms.unscheduled", "terms", terms_id, by=by, at=now)
    outbox.enqueue(CALL_OFF, terms_id)


def retire(terms_id: UUID, *, reason: str, by: Actor, now: dt.datetime) -> None:
    """End what is in force without anything in its place: sign-ups are refused from then on. Raises `NotActive`."""
    terms = row("select programme_id, version from terms where id = :id", id=terms_id)
    if terms is None:
        raise NotFound
    _hold(terms.programme_id)
    come_into_force(terms.programme_id, by=by, now=now)
    ends = _after_the_last_sign_up(terms.programme_id, now)
    changed = execute(
        "update terms set state = 'retired', retired_at = :ends where id = :id and state = 'active'",
        id=terms_id,
        ends=ends,
    ).rowcount
    if not changed:
        raise NotActive
    details = {"version": terms.version, "reason": reason}
    audit.record("terms.retired", "terms", terms_id, by=by, at=ends, details=details)


def due(now: dt.datetime) -> list[UUID]:
    """Programmes with a scheduled version whose moment has come."""
    found = rows(
        "select distinct programme_id from terms where state = 'scheduled' and effective_from <= :now",
        now=now,
    )
    return [terms.programme_id for terms in found]


def come_into_force(programme_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Let the states follow what is in force by now: scheduled versions, in the order of their moments."""
    _hold(programme_id)
    for terms in rows(
        """select id, version, effective_from from terms
           where programme_id = :id and state = 'scheduled' and effective_from <= :now order by effective_from""",
        id=programme_id,
        now=now,
    ):
        _retire_active(programme_id, terms.effective_from, by)
        execute("update terms set state = 'active' where id = :id", id=terms.id)
        details = {"version": terms.version}
        audit.record("terms.activated", "terms", terms.id, by=by, at=terms.effective_from, details=details)


def _hold(programme_id: UUID) -> None:
    """One change of what is in force at a time."""
    execute("select 1 from programme where id = :id for no key update", id=programme_id)


def _after_the_last_sign_up(programme_id: UUID, now: dt.datetime) -> dt.datetime:
    """The first moment from `now` on at which nobody signed up: sign-ups under way are waited for, and keep theirs."""
    execute("select 1 from terms where programme_id = :id and state = 'active' for update", id=programme_id)
    last: dt.datetime | None = scalar(
        "select max(registered_at) from referral where programme_id = :id and registered_at >= :now",
        id=programme_id,
        now=now,
    )
    return last + INSTANT if last else now


def _retire_active(programme_id: UUID, ends: dt.datetime, by: Actor) -> None:
    retired = row(
        """update terms set state = 'retired', retired_at = :ends
           where programme_id = :id and state = 'active' returning id, version""",
        id=programme_id,
        ends=ends,
    )
    if retired is not None:
        details = {"version": retired.version}
        audit.record("terms.retired", "terms", retired.id, by=by, at=ends, details=details)
