"""Who may work in RefERP: added, signed in, given roles, deactivated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.exc import IntegrityError

from erp.domain.staff import passwords, queries, rules
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, rows, violated
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.ids import reference, uuid7
from erp.kernel.permissions import Role


def add(
    email: str,
    name: str,
    password: str,
    roles: Iterable[str],
    *,
    first_password: bool = False,
    by: Actor,
    now: dt.datetime,
) -> UUID:
    """Let somebody work here. A `first_password` is known to whoever gave it, so that it must be changed at the first
    sign-in. Raises `Invalid` or `EmailTaken`."""
    email, roles = rules.normalise_email(email), sorted(set(roles))
    rules.check_new(email, name, password, roles)
    id = uuid7()
    try:
        with db.session.begin_nested():
            execute(
                """insert into staff (id, reference, email, name, password_hash, roles, must_change_password,
                                      created_at)
                   values (:id, :reference, :email, :name, :password_hash, :roles, :first_password, :now)""",
                id=id,
                reference=reference("STF"),
                email=email,
                name=name.strip(),
                password_hash=passwords.HASHER.hash(password),
                roles=roles,
                first_password=first_password,
                now=now,
            )
    except IntegrityError as refusal:
        if violated(refusal) != "staff_email_key":
            raise
        raise rules.EmailTaken(fields={"email": rules.EmailTaken.sentence}) from refusal
    audit.record("staff.added", "staff", id, by=by, at=now, details={"roles": roles})
    return id


def authenticate(email: str, password: str, *, now: dt.datetime) -> sa.Row[Any]:
    """Whose e-mail and password these are, as `queries.identity` has them. Raises `WrongCredentials`, after the same
    time for any reason."""
    of_nobody = passwords.of_nobody()
    found = row(
        f"select {queries.HOLDER}, password_hash from staff where email = :email and active",
        email=rules.normalise_email(email),
    )
    try:
        passwords.HASHER.verify(found.password_hash if found else of_nobody, password)
    except VerifyMismatchError:
        raise rules.WrongCredentials from None
    if found is None:
        raise rules.WrongCredentials
    if passwords.HASHER.check_needs_rehash(found.password_hash):
        execute(
            "update staff set password_hash = :hash where id = :id",
            hash=passwords.HASHER.hash(password),
            id=found.id,
        )
    audit.record("staff.signed_in", "staff", found.id, by=Actor.staff(found.id), at=now)
    return found


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


def reactivate(id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Let somebody who had left sign in again, with the password and the roles they had. Harmless when repeated."""
    back = row(
        "update staff set active = true, deactivated_at = null where id = :id and not active returning id",
        id=id,
    )
    if back:
        audit.record("staff.reactivated", "staff", id, by=by, at=now)


def _lock_admins() -> list[UUID]:
    """The administrators, held until commit, so that two of them cannot remove each other at once."""
    execute("select id from staff where active and 'admin' = any(roles) order by id for update")
    return [admin.id for admin in rows("select id from staff where active and 'admin' = any(roles)")]
