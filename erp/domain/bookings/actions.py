"""A place is booked, worked through stages, and its booking ends once.

Locks are taken in the order place, agent, booking, here and at sign-up.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain import catalogue
from erp.domain.bookings import rules
from erp.domain.bookings.model import ONE_OPEN
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, rows, scalar, violated
from erp.kernel.errors import NEEDED, Invalid, NotFound
from erp.kernel.ids import reference, uuid7
from erp.kernel.sentences import Sentence

CLOCKWORK = Actor.system("expiry of bookings")


def book(agent_id: UUID, establishment: UUID | str, *, by: Actor, now: dt.datetime) -> sa.Row[Any]:
    """Give an agent the exclusive right to connect a place for one term: the booking's id and reference.

    `establishment` is an id or a reference. Raises `NotFound`, `AlreadyConnected`, `AgentMayNotBook`,
    `TooManyBookings` or `AlreadyBooked`.
    """
    place = catalogue.find(establishment)
    if catalogue.hold_place(place.claim_group_id) is not None:
        raise rules.AlreadyConnected
    _check_agent(agent_id, now)
    _settle_overdue(place.claim_group_id, now)
    made = _insert(agent_id, place, now)
    details = {"agent": str(agent_id), "establishment": str(place.id)}
    audit.record("booking.made", "booking", made.id, by=by, at=now, details=details)
    return made


def _check_agent(agent_id: UUID, now: dt.datetime) -> None:
    """Bookings of one agent wait for each other here, so that the count in the next statement is true."""
    agent = row("select state from agent where id = :id for no key update", id=agent_id)
    if agent is None:
        raise NotFound
    if agent.state not in rules.MAY_BOOK:
        raise rules.AgentMayNotBook
    held = scalar(
        "select count(*) from booking where agent_id = :id and ended_at is null and expires_at > :now",
        id=agent_id,
        now=now,
    )
    if held >= rules.MOST_OPEN:
        raise rules.TooManyBookings


def _settle_overdue(claim_group_id: UUID, now: dt.datetime) -> bool:
    """Whoever comes before the clock does the clock's work; whether there was any."""
    overdue = row(
        """update booking set ended_at = expires_at, ending = 'expired'
           where claim_group_id = :id and ended_at is null and expires_at <= :now returning id""",
        id=claim_group_id,
        now=now,
    )
    if overdue:
        audit.record("booking.expired", "booking", overdue.id, by=CLOCKWORK, at=now)
    return overdue is not None


def _insert(agent_id: UUID, place: sa.Row[Any], now: dt.datetime) -> sa.Row[Any]:
    try:
        with db.session.begin_nested():  # the index, not a look beforehand, settles the race
            made = row(
                """insert into booking (id, reference, agent_id, establishment_id, claim_group_id, booked_at,
                                        expires_at)
                   values (:id, :reference, :agent_id, :establishment_id, :claim_group_id, :now, :expires_at)
                   returning id, reference, expires_at""",
                id=uuid7(),
                reference=reference("BKG"),
                agent_id=agent_id,
                establishment_id=place.id,
                claim_group_id=place.claim_group_id,
                now=now,
                expires_at=now + rules.TERM,
            )
    except IntegrityError as refusal:
        if violated(refusal) != ONE_OPEN:
            raise
        raise rules.AlreadyBooked(establishment=place.reference) from refusal
    assert made is not None
    return made


def release(booking_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Give the place back before the term is over. Raises `BookingEnded`."""
    _hold_open(booking_id, now)
    _end(booking_id, "released", by, now)


def release_of_agent(agent_id: UUID, *, by: Actor, now: dt.datetime) -> int:
    """Give back every place that an agent holds, because its account was closed; how many."""
    held = rows(
        """select id from booking where agent_id = :agent_id and ended_at is null and expires_at > :now
           order by id for update""",
        agent_id=agent_id,
        now=now,
    )
    for (booking_id,) in held:
        _end(booking_id, "released", by, now)
    return len(held)


def move_stage(booking_id: UUID, stage: str, *, by: Actor, now: dt.datetime) -> None:
    """Tell how far the agent has come; `lost` ends the booking. Raises `IllegalMove` or `BookingEnded`."""
    before = _hold_open(booking_id, now)
    if stage not in rules.MOVES[before.stage]:
        raise rules.IllegalMove(stage=before.stage)
    if stage == "lost":
        _end(booking_id, "lost", by, now)
        return
    execute("update booking set stage = :stage where id = :id", stage=stage, id=booking_id)
    details = {"before": before.stage, "after": stage}
    audit.record("booking.moved", "booking", booking_id, by=by, at=now, details=details)


def extend(booking_id: UUID, note: str, *, by: Actor, now: dt.datetime) -> None:
    """Staff give one more term, once, for a reason. Raises `AlreadyExtended` or `BookingEnded`."""
    note = " ".join(note.split())
    if not note:
        raise Invalid(Sentence("Say why the booking is extended."), fields={"note": NEEDED})
    before = _hold_open(booking_id, now)
    if before.extended_at is not None:
        raise rules.AlreadyExtended
    execute(
        """update booking set expires_at = expires_at + :term, extended_at = :now, extension_note = :note
           where id = :id""",
        term=rules.TERM,
        now=now,
        note=note,
        id=booking_id,
    )
    audit.record("booking.extended", "booking", booking_id, by=by, at=now, details={"note": note})


def expire_overdue(*, now: dt.datetime, limit: int) -> int:
    """End every booking whose term is over, at most `limit` at once; how many there were."""
    ended = rows(
        """update booking set ended_at = expires_at, ending = 'expired'
           where id = any(array(select id from booking where ended_at is null and expires_at <= :now
                                order by expires_at limit :limit for update skip locked))
           returning id""",
        now=now,
        limit=limit,
    )
    for booking in ended:
        audit.record("booking.expired", "booking", booking.id, by=CLOCKWORK, at=now)
    return len(ended)


def connect(claim_group_id: UUID, *, winner: UUID | None, by: Actor, now: dt.datetime) -> None:
    """A place has signed up: the booking that won ends connected, even if its term was over by the time this was
    told; one that did not win is lost.

    The caller holds the place (`catalogue.hold_place`).
    """
    open_one = row(
        "select id from booking where claim_group_id = :id and ended_at is null for update", id=claim_group_id
    )
    if open_one is None:
        return
    if open_one.id == winner:
        _end(open_one.id, "connected", by, now)
    elif not _settle_overdue(claim_group_id, now):
        _end(open_one.id, "lost", by, now)


def _hold_open(booking_id: UUID, now: dt.datetime) -> sa.Row[Any]:
    """An open booking, kept from changing until commit. Its term may be over before the clock has ended it."""
    found = row(
        "select stage, expires_at, extended_at, ended_at from booking where id = :id for update",
        id=booking_id,
    )
    if found is None:
        raise NotFound
    if found.ended_at is not None or found.expires_at <= now:
        raise rules.BookingEnded
    return found


def _end(booking_id: UUID, ending: str, by: Actor, now: dt.datetime) -> None:
    execute(
        "update booking set ended_at = :now, ending = :ending where id = :id",
        now=now,
        ending=ending,
        id=booking_id,
    )
    audit.record(f"booking.{ending}", "booking", booking_id, by=by, at=now)
