"""Passwords: kept as Argon2 hashes, changed by their owner, or set anew by an administrator."""

from __future__ import annotations

import datetime as dt
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from erp.domain.staff import rules
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import row
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.sentences import Sentence

HASHER = PasswordHasher()


@cache
def of_nobody() -> str:
    """The hash that is checked when the address is unknown, so that the answer takes as long as for a known one."""
    return HASHER.hash("the password of nobody")


def change_password(id: UUID, present: str, password: str, *, by: Actor, now: dt.datetime) -> int:
    """Have another password from now on; every session but the one that goes on with the returned version ends.

    Raises `WrongPassword`, or `Invalid` for one that is too short or the same again.
    """
    found = row("select password_hash from staff where id = :id for no key update", id=id)
    if found is None:
        raise NotFound
    try:
        HASHER.verify(found.password_hash, present)
    except VerifyMismatchError:
        raise rules.WrongPassword(fields={"present": rules.WrongPassword.sentence}) from None
    if password == present:
        raise Invalid(fields={"password": Sentence("This is the password you have. Choose another.")})
    version = _put(id, password, theirs=True)
    audit.record("staff.password_changed", "staff", id, by=by, at=now)
    return version


def set_password(id: UUID, password: str, *, by: Actor, now: dt.datetime) -> None:
    """Give somebody who forgot theirs a first password again; they are signed out and must change it.

    Raises `OwnAccount` for oneself, who is asked for the present password instead, or `Invalid`.
    """
    if by == Actor.staff(id):
        raise rules.OwnAccount
    _put(id, password, theirs=False)
    audit.record("staff.password_set", "staff", id, by=by, at=now)


def end_sessions(id: UUID, *, by: Actor, now: dt.datetime) -> int:
    """Sign somebody out everywhere; whoever asks goes on with the returned version."""
    ended = row(
        "update staff set session_version = session_version + 1 where id = :id returning session_version",
        id=id,
    )
    if ended is None:
        raise NotFound
    audit.record("staff.sessions_ended", "staff", id, by=by, at=now)
    version: int = ended.session_version
    return version


def _put(id: UUID, password: str, *, theirs: bool) -> int:
    """The new session version."""
    if problems := rules.problems_of_password(password):
        raise Invalid(fields=problems)
    written = row(
        """update staff set password_hash = :hash, must_change_password = not :theirs,
                  session_version = session_version + 1
           where id = :id returning session_version""",
        hash=HASHER.hash(password),
        theirs=theirs,
        id=id,
    )
    if written is None:
        raise NotFound
    version: int = written.session_version
    return version
