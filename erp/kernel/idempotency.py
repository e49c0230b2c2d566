"""A POST that is repeated with the same `Idempotency-Key` is answered as the first time, not done again."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import db, execute, row
from erp.kernel.errors import DomainError
from erp.kernel.sentences import Sentence

KEPT = dt.timedelta(days=30)
"""For how long an answer is kept: as long as a sign-in lives without being used."""


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    sentence = Sentence(
        "This Idempotency-Key was used with another request. Send a new key for a new request."
    )


class IdempotentRequest(db.Model):
    """A request of `caller` under `key`, with the answer it was given in the same transaction as its effect."""

    __tablename__ = "idempotent_request"
    caller: so.Mapped[str] = so.mapped_column(primary_key=True)
    key: so.Mapped[str] = so.mapped_column(primary_key=True)
    request_hash: so.Mapped[bytes]
    status: so.Mapped[int | None]
    answer: so.Mapped[bytes | None]
    received_at: so.Mapped[dt.datetime] = so.mapped_column(server_default=sa.text("ref_now()"), index=True)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


def begin(caller: str, key: str, request: bytes) -> Answer | None:
    """Claim `key` inside the open transaction, or return the answer given before.

    A second request with the same key waits here until the first has committed. Raises `KeyReused` when the
    request differs from the first.
    """
    digest = hashlib.sha256(request).digest()
    claimed = execute(
        """insert into idempotent_request (caller, key, request_hash) values (:caller, :key, :digest)
           on conflict do nothing""",
        caller=caller,
        key=key,
        digest=digest,
    ).rowcount
    if claimed:
        return None
    found = row(
        "select request_hash, status, answer from idempotent_request where caller = :caller and key = :key",
        caller=caller,
        key=key,
    )
    assert found is not None
    if bytes(found.request_hash) != digest:
        raise KeyReused
    return Answer(found.status, bytes(found.answer))


def finish(caller: str, key: str, answer: Answer) -> None:
    """Keep the answer beside the effect, in the same transaction."""
    execute(
        "update idempotent_request set status = :status, answer = :body where caller = :caller and key = :key",
        status=answer.status,
        body=answer.body,
        caller=caller,
        key=key,
    )


def forget(*, now: dt.datetime) -> int:
    """Remove the requests whose answers need not be kept any more; how many."""
    forgotten: int = execute(
        "delete from idempotent_request where received_at < :then", then=now - KEPT
    ).rowcount
    return forgotten
