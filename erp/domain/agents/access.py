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
from erp.domain.agents.codes import use_code
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, row, writing
from erp.kernel.ids import random_text, reference, uuid7
from erp.kernel.personal import lookup_hash, protect

ACCESS_LIVES = dt.timedelta(minutes=15)
REFRESH_LIVES = dt.timedelta(days=30)


@dataclass(frozen=True)
class Session:
    """A new pair of tokens, shown this once, and whose they are; `registered` when it is the agent's first."""

    access_token: str
    access_expires_at: dt.datetime
    refresh_token: str
    refresh_expires_at: dt.datetime
    agent_id: UUID
    registered: bool = False


def sign_in(phone: str, code: str, *, name: str | None = None, now: dt.datetime) -> Session:
    """Let in whoever knows the newest code sent to `phone`, registering them the first time.

    Raises `Invalid`, `WrongCode` or `AgentClosed`.
    """
    number = rules.normalise_phone(phone)
    phone_hash = lookup_hash("phone", number)
    person_id = use_code(phone_hash, code, now=now)
    agent = row("select id, state from agent where phone_hash = :phone_hash", phone_hash=phone_hash)
    if agent is not None and agent.state == "closed":
        raise rules.AgentClosed
    agent_id = agent.id if agent else _register(person_id, number, phone_hash, name, now)
    return _start_session(agent_id, registered=agent is None, now=now)


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
    with writing() as connection, connection.begin():
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


def forget_sessions(*, now: dt.datetime) -> int:
    """Remove refresh tokens that expired, which name nobody any more, and the sessions that have none left; how many
    sessions."""
    execute("delete from refresh_token where expires_at < :now", now=now)
    forgotten: int = execute(
        """delete from agent_session s where s.access_expires_at < :now
             and not exists (select 1 from refresh_token r where r.session_id = s.id)""",
        now=now,
    ).rowcount
    return forgotten


def agent_of(access_token: str, *, now: dt.datetime) -> sa.Row[Any]:
    """Whose token this is: id, reference, code, state, language and session_id. Raises `SessionOver`."""
    found = row(
        """select a.id, a.reference, a.code, a.state, a.language, s.id as session_id
           from agent_session s join agent a on a.id = s.agent_id
           where s.access_hash = :access_hash and s.ended_at is null and s.access_expires_at > :now""",
        access_hash=_token_hash(access_token),
        now=now,
    )
    if found is None:
        raise rules.SessionOver
    return found


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
