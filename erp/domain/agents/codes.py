"""One-time codes: asked for by phone, sent by a job, tried a few times, used once, forgotten after a day."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from erp.domain.agents import rules
from erp.kernel import outbox
from erp.kernel.db import execute, row, scalar, writing
from erp.kernel.ids import uuid7
from erp.kernel.personal import lookup_hash, new_person, protect, reveal
from erp.kernel.sentences import Sentence

CODE_LIVES = dt.timedelta(minutes=5)
MOST_ATTEMPTS = 5
PAUSE = dt.timedelta(minutes=1)
MOST_IN_AN_HOUR = 5
KEPT = dt.timedelta(days=1)
"""How long a code is kept after it was asked for, for the counting; then it and its person are forgotten."""


@dataclass(frozen=True)
class Text:
    """What is to be sent to a phone, and in which language; None where none was asked for."""

    to: str
    body: Sentence
    language: str | None


def request_code(phone: str, *, language: str | None = None, now: dt.datetime) -> UUID:
    """Send a six-digit code to `phone`, known or not, in `language` unless its agent prefers another; the code's id.

    Raises `Invalid` or `TooManyCodes`.
    """
    number = rules.normalise_phone(phone)
    phone_hash = lookup_hash("phone", number)
    _refuse_too_many(phone_hash, now)
    id, person_id = uuid7(), _person_of(phone_hash, now) or new_person()
    code = f"{secrets.randbelow(1_000_000):06}"
    execute(
        """insert into login_code (id, person_id, phone_hash, phone_cipher, code_hash, code_cipher,
                                   language, requested_at, expires_at)
           values (:id, :person_id, :phone_hash, :phone, :code_hash, :code,
                   coalesce((select language from agent where phone_hash = :phone_hash), :language),
                   :now, :expires_at)""",
        id=id,
        person_id=person_id,
        phone_hash=phone_hash,
        phone=protect(person_id, number),
        code_hash=_code_hash(id, code),
        code=protect(person_id, code),
        language=language,
        now=now,
        expires_at=now + CODE_LIVES,
    )
    outbox.enqueue("erp.jobs.agents.send_code", id)
    return id


def _refuse_too_many(phone_hash: bytes, now: dt.datetime) -> None:
    """Requests for one phone wait for each other, then each counts in a statement of its own."""
    execute("select pg_advisory_xact_lock(hashtextextended(:phone, 0))", phone=phone_hash.hex())
    recent = row(
        """select count(*) as number, min(requested_at) as first, max(requested_at) as last
           from login_code where phone_hash = :phone_hash and requested_at > :hour_ago""",
        phone_hash=phone_hash,
        hour_ago=now - dt.timedelta(hours=1),
    )
    assert recent is not None
    waits = []
    if recent.number and recent.last + PAUSE > now:
        waits.append(recent.last + PAUSE - now)
    if recent.number >= MOST_IN_AN_HOUR:
        waits.append(recent.first + dt.timedelta(hours=1) - now)
    if waits:
        raise rules.TooManyCodes(retry_after=int(max(waits).total_seconds()) + 1)


def _person_of(phone_hash: bytes, now: dt.datetime) -> UUID | None:
    """The agent with this phone, or who asked for a code a moment ago and has not registered yet."""
    person: UUID | None = scalar(
        """select coalesce(
             (select id from agent where phone_hash = :phone_hash),
             (select person_id from login_code where phone_hash = :phone_hash and requested_at > :hour_ago
              order by requested_at desc limit 1))""",
        phone_hash=phone_hash,
        hour_ago=now - dt.timedelta(hours=1),
    )
    return person


def _code_hash(id: UUID, code: str) -> bytes:
    return lookup_hash("login_code", f"{id}:{code}")


def code_to_send(id: UUID, *, now: dt.datetime) -> Text | None:
    """The text that takes a code to its phone, or None when it was sent, used, or has expired."""
    found = row(
        """select person_id, phone_cipher, code_cipher, language from login_code
           where id = :id and sent_at is null and used_at is null and expires_at > :now""",
        id=id,
        now=now,
    )
    if found is None:
        return None
    to, code = reveal(found.person_id, found.phone_cipher), reveal(found.person_id, found.code_cipher)
    if not to or not code:
        return None
    return Text(to, Sentence("%(code)s is your code for Ref. Tell it to nobody.", code=code), found.language)


def text_for(agent_id: UUID, body: Sentence) -> Text | None:
    """`body` to an agent's phone, in the agent's language; None when the agent was erased."""
    found = row("select phone_cipher, language from agent where id = :id", id=agent_id)
    to = found and reveal(agent_id, found.phone_cipher)
    return Text(to, body, found.language) if found and to else None


def record_sent(id: UUID, *, now: dt.datetime) -> None:
    """The gateway took the text; the code itself is not needed any more."""
    execute("update login_code set sent_at = :now, code_cipher = null where id = :id", id=id, now=now)


def use_code(phone_hash: bytes, code: str, *, now: dt.datetime) -> UUID:
    """The person whose newest code this is; every code of their phone is wiped. Raises `WrongCode`."""
    id = _count_attempt(phone_hash, now)
    used = id and row(
        """update login_code set used_at = :now where id = :id and code_hash = :code_hash and used_at is null
           returning person_id""",
        id=id,
        code_hash=_code_hash(id, code.strip()),
        now=now,
    )
    if not used:
        raise rules.WrongCode
    execute(
        "update login_code set code_cipher = null, phone_cipher = null where phone_hash = :phone_hash",
        phone_hash=phone_hash,
    )
    person_id: UUID = used.person_id
    return person_id


def _count_attempt(phone_hash: bytes, now: dt.datetime) -> UUID | None:
    """The newest code of a phone, if it may still be tried. The attempt is counted before it is judged, on a
    connection of its own: a refusal rolls the caller back, and must not give the attempt back with it."""
    with writing() as connection, connection.begin():
        counted: UUID | None = connection.execute(
            sa.text(
                """update login_code set attempts = attempts + 1
                   where id = (select id from login_code where phone_hash = :phone_hash
                               order by requested_at desc limit 1)
                     and used_at is null and expires_at > :now and attempts < :most
                   returning id"""
            ),
            {"phone_hash": phone_hash, "now": now, "most": MOST_ATTEMPTS},
        ).scalar()
    return counted


def forget_codes(*, now: dt.datetime) -> int:
    """Remove codes that are a day old, and the keys of those who asked for one and never registered."""
    people = [
        forgotten.person_id
        for forgotten in execute(
            "delete from login_code where requested_at < :then returning person_id", then=now - KEPT
        )
    ]
    execute(
        """delete from person_key where person_id = any(:people)
             and not exists (select 1 from agent where id = person_id)
             and not exists (select 1 from login_code c where c.person_id = person_key.person_id)""",
        people=people,
    )
    return len(people)
