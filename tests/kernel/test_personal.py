"""Personal data is unreadable at rest and gone when erased."""

import psycopg
import pytest
from cryptography.exceptions import InvalidTag

from erp.kernel import personal
from erp.kernel.db import execute, rows
from erp.kernel.transaction import transaction


def test_what_is_protected_is_revealed_to_us_alone(context: None) -> None:
    with transaction():
        person = personal.new_person()
        cipher = personal.protect(person, "Иван Петров")
    assert "Иван".encode() not in cipher
    assert personal.reveal(person, cipher) == "Иван Петров"
    assert [bytes(wrapped) for (wrapped,) in rows("select wrapped from person_key")] != [cipher]


def test_a_cipher_belongs_to_its_person(context: None) -> None:
    with transaction():
        one, other = personal.new_person(), personal.new_person()
        cipher = personal.protect(one, "+79990001122")
    with pytest.raises(InvalidTag):
        personal.reveal(other, cipher)


def test_erasing_the_key_erases_the_person(context: None) -> None:
    with transaction():
        person, other = personal.new_person(), personal.new_person()
        ciphers = [
            (person, personal.protect(person, "one")),
            (other, personal.protect(other, "two")),
            (other, None),
        ]
        execute("delete from person_key where person_id = :id", id=person)
    assert personal.reveal_many(ciphers) == [None, "two", None]


def test_equal_values_are_found_by_equal_hashes_of_one_kind() -> None:
    assert personal.lookup_hash("phone", "+7999") == personal.lookup_hash("phone", "+7999")
    assert personal.lookup_hash("phone", "+7999") != personal.lookup_hash("inn", "+7999")


def test_audit_rows_are_for_good(superuser: psycopg.Connection) -> None:
    for sql in ("update audit_entry set action = ''", "delete from audit_entry", "truncate audit_entry"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            superuser.execute(sql)
