"""Who may work in RefERP: added, signed in, given roles, deactivated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.exc import IntegrityError

from erp.domain.staff import rules
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, rows, violated
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.ids import reference, uuid7
from erp.kernel.permissions import Role

HASHER = PasswordHasher()
NOBODY = HASHER.hash("the password of nobody")
"""Checked when the address is unknown, so that the answer takes as long as for a known one."""


@dataclass(frozen=True)
class StaffMember:
    """Somebody who has just proved who they are; the session keeps `id` and `session_version`."""

    id: UUID
    reference: str
    name: str
    roles: list[str]
    session_version: int


def add(email: str, name: str, password: str, roles: Iterable[str], *, by: Actor, now: dt.datetime) -> UUID:
    """Let somebody work here. Raises `Invalid` or `EmailTaken`."""
    email, roles = rules.normalise_email(email), sorted(set(roles))
    rules.check_new(email, name, password, roles)
    id = uuid7()
    try:
        with db.session.begin_nested():
            execute(
                """insert into staff (id, reference, email, name, password_hash, roles, created_at)
                   values (:id, :reference, :email, :name, :password_hash, :roles, :now)""",
                id=id,
                reference=reference("STF"),
                email=email,
                name=name.strip(),
                password_hash=HASHER.hash(password),
                roles=roles,
                now=now,
            )
    except IntegrityError as refusal:
        if violated(refusal) != "staff_email_key":
            raise
        raise rules.EmailTaken(fields={"email": rules.EmailTaken.sentence}) from refusal
    audit.record("staff.added", "staff", id, by=by, at=now, details={"roles": roles})
    return id


def authenticate(email: str, password: str, *, now: dt.datetime) -> StaffMember:
    """Whose e-mail and password these are. Raises `WrongCredentials`, after the same time for any reason."""
    found = row(
        """select id, reference, name, roles, session_version, password_hash from staff
           where email = :email and active""",
        email=rules.normalise_email(email),
    )
    try:
        HASHER.verify(found.password_hash if found else NOBODY, password)
    except VerifyMismatchError:
        raise rules.WrongCredentials from None
    if found is None:
        raise rules.WrongCredentials
    if HASHER.check_needs_rehash(found.password_hash):
        execute(
            "update staff set password_hash = :hash where id = :id", hash=HASHER.hash(password), id=found.id
        )
    audit.record("staff.signed_in", "staff", found.id, by=Actor.staff(found.id), at=now)
    return StaffMember(found.id, found.reference, found.name, list(found.roles), found.session_version)


def change_roles(id: UUID, roles: Iterable[str], *, by: Actor, now: dt.datetime) -> None:
    """Give exactly these roles; they hold from the next request on. Raises `LastAdmin`."""
    roles = sorted(set(roles))
    if problems := rules.problems_of_roles(roles):
        raise Invalid(fields=problems)
    admins = _lock_admins()
    if admins == [id] and Role.ADMIN not in roles:
        raise rules.LastAdmin
    changed = row("update staff set roles = :roles where id = :id returning id", roles=roles, id=id)
    if changed is None:
        raise NotFound
    audit.record("staff.roles_changed", "staff", id, by=by, at=now, details={"roles": roles})


def deactivate(id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """End somebody's work here and every session they have. Harmless when repeated. Raises `LastAdmin`."""
    if _lock_admins() == [id]:
        raise rules.LastAdmin
    ended = row(
        """update staff set active = false, deactivated_at = :now, session_version = session_version + 1
           where id = :id and active returning id""",
        id=id,
        now=now,
    )
    if ended:
        audit.record("staff.deactivated", "staff", id, by=by, at=now)


def _lock_admins() -> list[UUID]:
    """The administrators, held until commit, so that two of them cannot remove each other at once."""
    execute("select id from staff where active and 'admin' = any(roles) order by id for update")
    return [admin.id for admin in rows("select id from staff where active and 'admin' = any(roles)")]
