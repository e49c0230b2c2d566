"""How an agent gets in: a one-time code to the phone, then short access tokens and rotating refresh tokens."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.agents import rules
from erp.kernel import audit, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, scalar
from erp.kernel.ids import random_text, reference, uuid7
from erp.kernel.personal import lookup_hash, new_person, protect, reveal

CODE_LIVES = dt.timedelta(minutes=5)
MOST_ATTEMPTS = 5
PAUSE = dt.timedelta(minutes=1)
MOST_IN_AN_HOUR = 5
ACCESS_LIVES = dt.timedelta(minutes=15)
REFRESH_LIVES = dt.timedelta(days=30)
KEPT = dt.timedelta(days=1)
"""How long a code is kept after it was asked for, for the counting; then it and its person are forgotten."""


@dataclass(frozen=True)
class Session:
    """A new pair of tokens, shown this once, and whose they are; `registered` when it is the agent's first."""

    access_token: str
    access_expires_at: dt.datetime
    refresh_token: str
    refresh_expires_at: dt.datetime
    agent_id: UUID
    registered: bool = False


@dataclass(frozen=True)
class Text:
    """What is to be sent to a phone."""

    to: str
    body: str


def request_code(phone: str, *, now: dt.datetime) -> UUID:
    """Send a six-digit code to `phone`, known or not; the code's id. Raises `Invalid` or `TooManyCodes`."""
    number = rules.normalise_phone(phone)
    phone_hash = lookup_hash("phone", number)
    _refuse_too_many(phone_hash, now)
    id, person_id = uuid7(), _person_of(phone_hash, now) or new_person()
    code = f"{secrets.randbelow(1_000_000):06}"
    execute(
        """insert into login_code (id, person_id, phone_hash, phone_cipher, code_hash, code_cipher,
                                   requested_at, expires_at)
           values (:id, :person_id, :phone_hash, :phone, :code_hash, :code, :now, :expires_at)""",
        id=id,
        person_id=person_id,
        phone_hash=phone_hash,
        phone=protect(person_id, number),
        code_hash=_code_hash(id, code),
        code=protect(person_id, code),
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
        """select person_id, phone_cipher, code_cipher from login_code
           where id = :id and sent_at is null and used_at is null and expires_at > :now""",
        id=id,
        now=now,
    )
    if found is None:
        return None
    to, code = reveal(found.person_id, found.phone_cipher), reveal(found.person_id, found.code_cipher)
    return Text(to, f"{code} is your code for Ref. Tell it to nobody.") if to and code else None


def record_sent(id: UUID, *, now: dt.datetime) -> None:
    """The gateway took the text; the code itself is not needed any more."""
    execute("update login_code set sent_at = :now, code_cipher = null where id = :id", id=id, now=now)


def sign_in(phone: str, code: str, *, name: str | None = None, now: dt.datetime) -> Session:
    """Let in whoever knows the newest code sent to `phone`, registering them the first time.

    Raises `Invalid`, `WrongCode` or `AgentClosed`.
    """
    number = rules.normalise_phone(phone)
    phone_hash = lookup_hash("phone", number)
    id = _count_attempt(phone_hash, now)
    used = id and row(
        """update login_code set used_at = :now, code_cipher = null, phone_cipher = null
           where id = :id and code_hash = :code_hash and used_at is null returning person_id""",
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
    agent = row("select id, state from agent where phone_hash = :phone_hash", phone_hash=phone_hash)
    if agent is not None and agent.state == "closed":
        raise rules.AgentClosed
    agent_id = agent.id if agent else _register(used.person_id, number, phone_hash, name, now)
    return _start_session(agent_id, registered=agent is None, now=now)


def _count_attempt(phone_hash: bytes, now: dt.datetime) -> UUID | None:
    """The newest code of a phone, if it may still be tried. The attempt is counted before it is judged, on a
    connection of its own: a refusal rolls the caller back, and must not give the attempt back with it."""
    with db.engine.begin() as connection:
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


def _register(person_id: UUID, number: str, phone_hash: bytes, name: str | None, now: dt.datetime) -> UUID:
    """A new agent, pending, with a code for life."""
    name = " ".join((name or "").split())
    taken = {
        "id": person_id,
        "reference": reference("AGT"),
        "name": protect(person_id, name) if name else None,
        "phone": protect(person_id, number),
        "phone_hash": phone_hash,
        "now": now,
    }
    for length in range(rules.CODE_LENGTH, rules.LONGEST_CODE + 1):  # a code that is taken: one longer
        made = execute(
            """insert into agent (id, reference, code, name_cipher, phone_cipher, phone_hash, registered_at)
               values (:id, :reference, :code, :name, :phone, :phone_hash, :now) on conflict (code) do nothing""",
            code=random_text(length),
            **taken,
        )
        if made.rowcount:
            break
    else:
        raise RuntimeError("every code that was tried is taken")
    audit.record("agent.registered", "agent", person_id, by=Actor.agent(person_id), at=now)
    return person_id


def _start_session(agent_id: UUID, *, registered: bool, now: dt.datetime) -> Session:
    id, access, refresh_ = uuid7(), _token("refa_"), _token("refr_")
    execute(
        """insert into agent_session (id, agent_id, access_hash, access_expires_at, started_at)
           values (:id, :agent_id, :access_hash, :expires_at, :now)""",
        id=id,
        agent_id=agent_id,
        access_hash=_token_hash(access),
        expires_at=now + ACCESS_LIVES,
        now=now,
    )
    _keep_refresh_token(refresh_, id, now)
    audit.record("agent.signed_in", "agent", agent_id, by=Actor.agent(agent_id), at=now)
    return Session(access, now + ACCESS_LIVES, refresh_, now + REFRESH_LIVES, agent_id, registered)


def refresh(refresh_token: str, *, now: dt.datetime) -> Session:
    """The next pair for a refresh token, which buys nothing more; the old access token ends with it.

    A token shown twice was stolen from one of the two who have it: the session ends. Raises `SessionOver`.
    """
    token_hash = _token_hash(refresh_token)
    used = row(
        """update refresh_token set used_at = :now
           where token_hash = :token_hash and used_at is null and expires_at > :now returning session_id""",
        token_hash=token_hash,
        now=now,
    )
    if used is None:
        _end_if_reused(token_hash, now)
        raise rules.SessionOver
    access, next_refresh = _token("refa_"), _token("refr_")
    renewed = row(
        """update agent_session set access_hash = :access_hash, access_expires_at = :expires_at
           where id = :id and ended_at is null returning agent_id""",
        id=used.session_id,
        access_hash=_token_hash(access),
        expires_at=now + ACCESS_LIVES,
    )
    if renewed is None:
        raise rules.SessionOver
    _keep_refresh_token(next_refresh, used.session_id, now)
    return Session(access, now + ACCESS_LIVES, next_refresh, now + REFRESH_LIVES, renewed.agent_id)


def _end_if_reused(token_hash: bytes, now: dt.datetime) -> None:
    """End the session of a token that was used before, on a connection of its own: the refusal rolls us back."""
    with db.engine.begin() as connection:
        connection.execute(
            sa.text(
                """update agent_session set ended_at = :now, ending = 'token_reused'
                   where ended_at is null
                     and id = (select session_id from refresh_token
                               where token_hash = :token_hash and used_at is not null)"""
            ),
            {"token_hash": token_hash, "now": now},
        )


def sign_out(session_id: UUID, *, now: dt.datetime) -> None:
    """End one device's session. Harmless when repeated."""
    execute(
        """update agent_session set ended_at = :now, ending = 'signed_out'
           where id = :id and ended_at is null""",
        id=session_id,
        now=now,
    )


def agent_of(access_token: str, *, now: dt.datetime) -> sa.Row[Any]:
    """Whose token this is: id, reference, code, state and session_id. Raises `SessionOver`."""
    found = row(
        """select a.id, a.reference, a.code, a.state, s.id as session_id
           from agent_session s join agent a on a.id = s.agent_id
           where s.access_hash = :access_hash and s.ended_at is null and s.access_expires_at > :now""",
        access_hash=_token_hash(access_token),
        now=now,
    )
    if found is None:
        raise rules.SessionOver
    return found


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


def _token(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(32)


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _keep_refresh_token(token: str, session_id: UUID, now: dt.datetime) -> None:
    execute(
        "insert into refresh_token (token_hash, session_id, expires_at) values (:hash, :session_id, :expires_at)",
        hash=_token_hash(token),
        session_id=session_id,
        expires_at=now + REFRESH_LIVES,
    )
