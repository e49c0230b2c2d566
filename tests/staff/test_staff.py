"""Who works in RefERP, and how they prove it."""

from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy.exc import IntegrityError

from erp.domain import staff
from erp.domain.staff import passwords
from erp.kernel import audit
from erp.kernel.db import execute, scalar
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY, at_once

PASSWORD = "correct horse"


def add(email: str, *roles: str) -> UUID:
    with transaction():
        return staff.add(email, "Vera Smirnova", PASSWORD, roles or ["manager"], by=SOMEBODY, now=NOW)


def authenticate(email: str, password: str = PASSWORD) -> Any:
    with transaction():
        return staff.authenticate(email, password, now=NOW)


def test_the_right_password_opens_whatever_the_case_of_the_address(context: None) -> None:
    id = add("Vera@Example.test")
    member = authenticate(" vera@example.TEST ")
    assert (member.id, member.roles, member.session_version) == (id, ["manager"], 1)
    assert [entry.action for entry in audit.history("staff", id)] == ["staff.added", "staff.signed_in"]


def test_every_failure_to_sign_in_looks_the_same(context: None) -> None:
    add("vera@example.test")
    gone = add("gone@example.test")
    with transaction():
        staff.deactivate(gone, by=SOMEBODY, now=NOW)
    tries = [
        ("vera@example.test", "wrong horse"),
        ("nobody@example.test", PASSWORD),
        ("gone@example.test", PASSWORD),
    ]
    answers = set()
    for email, password in tries:
        with pytest.raises(staff.WrongCredentials) as refusal:
            authenticate(email, password)
        answers.add((str(refusal.value), refusal.value.code))
    assert len(answers) == 1


def test_an_unknown_address_takes_as_long_as_a_wrong_password(
    context: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher())
    passwords.of_nobody.cache_clear()
    add("vera@example.test")

    def seconds(email: str) -> float:
        begun = perf_counter()
        with pytest.raises(staff.WrongCredentials):
            authenticate(email, "wrong horse")
        return perf_counter() - begun

    pairs = [(seconds("vera@example.test"), seconds("nobody@example.test")) for _ in range(5)]
    known, unknown = (median(times) for times in zip(*pairs, strict=True))
    assert unknown > known / 3


def test_a_hash_of_weaker_days_is_renewed_at_sign_in(context: None) -> None:
    id = add("vera@example.test")
    weak = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
    with transaction():
        execute("update staff set password_hash = :weak", weak=weak)
        audit.record("test", "staff", id, by=SOMEBODY, at=NOW)
    authenticate("vera@example.test")
    assert scalar("select password_hash from staff") != weak
    assert authenticate("vera@example.test").id == id


def test_an_address_belongs_to_one_person(context: None) -> None:
    add("vera@example.test")
    with pytest.raises(staff.EmailTaken):
        add("VERA@example.test")


def test_every_wrong_field_is_named_at_once(context: None) -> None:
    with pytest.raises(Invalid) as refusal, transaction():
        staff.add("no address", " ", "short", ["king"], by=SOMEBODY, now=NOW)
    assert set(refusal.value.fields) == {"email", "name", "password", "roles"}


def test_roles_hold_from_the_next_request_on(context: None) -> None:
    id = add("vera@example.test")
    with transaction():
        staff.change_roles(id, ["finance", "auditor"], by=SOMEBODY, now=NOW)
    identity = staff.identity(id)
    assert identity is not None
    assert identity.roles == ["auditor", "finance"]


def test_nobody_can_be_left_without_a_role(context: None) -> None:
    id = add("vera@example.test")
    with pytest.raises(Invalid), transaction():
        staff.change_roles(id, [], by=SOMEBODY, now=NOW)


def test_leaving_ends_every_session_and_can_be_repeated(context: None) -> None:
    id = add("vera@example.test")
    for _ in range(2):
        with transaction():
            staff.deactivate(id, by=SOMEBODY, now=NOW)
    identity = staff.identity(id)
    assert identity is not None
    assert (identity.active, identity.session_version) == (False, 2)


def test_the_last_administrator_stays(context: None) -> None:
    id = add("root@example.test", "admin")
    with pytest.raises(staff.LastAdmin), transaction():
        staff.deactivate(id, by=SOMEBODY, now=NOW)
    with pytest.raises(staff.LastAdmin), transaction():
        staff.change_roles(id, ["auditor"], by=SOMEBODY, now=NOW)
    add("second@example.test", "admin")
    with transaction():
        staff.deactivate(id, by=SOMEBODY, now=NOW)


def test_two_administrators_cannot_remove_each_other_at_once(app: Flask) -> None:
    with app.app_context():
        both = [add("one@example.test", "admin"), add("two@example.test", "admin")]
    answers = at_once(app, lambda id: staff.deactivate(id, by=SOMEBODY, now=NOW), both)
    assert sorted(type(answer).__name__ for answer in answers) == ["LastAdmin", "NoneType"]


def test_a_change_that_leaves_no_audit_row_is_refused(context: None) -> None:
    add("vera@example.test")
    with pytest.raises(IntegrityError, match="without an audit row"), transaction():
        execute("update staff set name = 'Eve'")


def test_people_are_found_by_reference_and_by_part_of_a_name(context: None) -> None:
    id = add("vera@example.test")
    found = staff.search(q="smirn").page()
    assert [person.id for person in found.rows] == [id]
    assert staff.find(found.rows[0].reference.lower()).id == id
    assert staff.search(q="%").count() == 0
    with pytest.raises(NotFound):
        staff.find("STF-00000000")


def test_names_are_sorted_as_people_look_for_them(context: None) -> None:
    given = ["boris", "Яковлев", "Ärla", "Елена", "Ёлкин", "Anna", "Zoe", "ель"]
    with transaction():
        for number, name in enumerate(given):
            staff.add(f"{number}@example.test", name, PASSWORD, ["support"], by=SOMEBODY, now=NOW)
    listed = [person.name for person in staff.search(sort="name").page(1).rows]
    assert listed == ["Anna", "Ärla", "boris", "Zoe", "Елена", "Ёлкин", "ель", "Яковлев"]
