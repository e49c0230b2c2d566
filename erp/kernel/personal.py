"""Personal data at rest: encrypted with a key per person, found through a keyed hash.

A person's data key is random, wrapped by the master key and kept in `person_key`; destroying that row erases
everything of the person, backups included. Equality look-up (a phone at sign-in) goes through an HMAC with a key
of its own, so the ciphertexts tell nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import cache
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from erp import config
from erp.kernel.db import db, execute, rows, scalar
from erp.kernel.ids import uuid7

NONCE = 12
VEILED = b"address"


class PersonKey(db.Model):
    """A person's wrapped data key. No row: the person was erased."""

    __tablename__ = "person_key"
    person_id: so.Mapped[UUID] = so.mapped_column(sa.Uuid(), primary_key=True)
    wrapped: so.Mapped[bytes]


def new_person() -> UUID:
    """Somebody about whom we will store something; the id also names their agent or customer record."""
    person_id = uuid7()
    wrapped = _seal(_master(), AESGCM.generate_key(256), person_id.bytes)
    execute(
        "insert into person_key (person_id, wrapped) values (:id, :wrapped)", id=person_id, wrapped=wrapped
    )
    return person_id


def protect(person_id: UUID, text: str) -> bytes:
    """`text` encrypted for this person. Raises `KeyError` when the person was erased."""
    wrapped = scalar("select wrapped from person_key where person_id = :id", id=person_id)
    if wrapped is None:
        raise KeyError("this person was erased")
    return _seal(AESGCM(_open(_master(), bytes(wrapped), person_id.bytes)), text.encode(), person_id.bytes)


def reveal(person_id: UUID, cipher: bytes | None) -> str | None:
    """The text again, or None when there is none or the person was erased."""
    return reveal_many([(person_id, cipher)])[0]


def reveal_many(pairs: Sequence[tuple[UUID, bytes | None]]) -> list[str | None]:
    """The same for a whole list with one query, in the order asked."""
    ids = list({person_id for person_id, cipher in pairs if cipher is not None})
    if not ids:
        return [None] * len(pairs)
    found = rows("select person_id, wrapped from person_key where person_id = any(:ids)", ids=ids)
    keys = {id: AESGCM(_open(_master(), bytes(wrapped), id.bytes)) for id, wrapped in found}
    return [
        _open(keys[person_id], bytes(cipher), person_id.bytes).decode()
        if cipher is not None and person_id in keys
        else None
        for person_id, cipher in pairs
    ]


def lookup_hash(kind: str, normalised: str) -> bytes:
    """A keyed hash of a normalised value, equal for equal values of one `kind` ("phone", "email", "inn")."""
    key = bytes.fromhex(config.get().lookup_key.get_secret_value())
    return hmac.new(key, f"{kind}:{normalised}".encode(), hashlib.sha256).digest()


def veil(text: str) -> str:
    """`text` for an address: what somebody typed may name a person, and addresses end up in histories and logs."""
    return urlsafe_b64encode(_seal(_master(), text.encode(), VEILED)).decode().rstrip("=")


def unveil(veiled: str) -> str | None:
    """The text again; None when this was never veiled here."""
    try:
        sealed = urlsafe_b64decode(veiled + "=" * (-len(veiled) % 4))
        return _open(_master(), sealed, VEILED).decode()
    except (ValueError, InvalidTag):
        return None


@cache
def _master() -> AESGCM:
    return AESGCM(bytes.fromhex(config.get().master_key.get_secret_value()))


def _seal(key: AESGCM, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + key.encrypt(nonce, plain, bound_to)


def _open(key: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    return key.decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)
