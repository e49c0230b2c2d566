"""Passwords are changed by whoever has them, set anew by an administrator, and each change ends other sessions."""

from uuid import UUID

import pytest

from erp.domain import staff
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.errors import Invalid
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY

PASSWORD, NEXT = "correct horse", "battery staple"


@pytest.fixture
def vera(context: None) -> UUID:
    with transaction():
        return staff.add("vera@example.test", "Vera Smirnova", PASSWORD, ["manager"], by=SOMEBODY, now=NOW)


def signed_in(password: str) -> None:
    with transaction():
        staff.authenticate("vera@example.test", password, now=NOW)


def change(id: UUID, present: str, password: str) -> int:
    with transaction():
        return staff.change_password(id, present, password, by=Actor.staff(id), now=NOW)


def test_a_changed_password_opens_and_the_old_one_does_not(vera: UUID) -> None:
    assert change(vera, PASSWORD, NEXT) == 2
    signed_in(NEXT)
    with pytest.raises(staff.WrongCredentials):
        signed_in(PASSWORD)
    assert "staff.password_changed" in [entry.action for entry in audit.history("staff", vera)]


def test_it_is_changed_only_by_who_knows_it_to_another_that_is_long_enough(vera: UUID) -> None:
    with pytest.raises(staff.WrongPassword) as refusal:
        change(vera, "wrong horse", NEXT)
    assert set(refusal.value.fields) == {"present"}
    for password in (PASSWORD, "short"):
        with pytest.raises(Invalid) as invalid:
            change(vera, PASSWORD, password)
        assert set(invalid.value.fields) == {"password"}
    signed_in(PASSWORD)


def test_a_password_that_somebody_else_set_must_be_changed(vera: UUID) -> None:
    with transaction():
        staff.set_password(vera, NEXT, by=SOMEBODY, now=NOW)
    person = staff.identity(vera)
    assert person is not None
    assert (person.must_change_password, person.session_version) == (True, 2)
    change(vera, NEXT, PASSWORD)
    person = staff.identity(vera)
    assert person is not None
    assert (person.must_change_password, person.session_version) == (False, 3)


def test_nobody_sets_their_own_password_without_the_present_one(vera: UUID) -> None:
    with pytest.raises(staff.OwnAccount):
        staff.set_password(vera, NEXT, by=Actor.staff(vera), now=NOW)


def test_who_comes_back_signs_in_with_the_password_from_before(vera: UUID) -> None:
    with transaction():
        staff.deactivate(vera, by=SOMEBODY, now=NOW)
    with transaction():
        staff.reactivate(vera, by=SOMEBODY, now=NOW)
    with transaction():
        staff.reactivate(vera, by=SOMEBODY, now=NOW)
    signed_in(PASSWORD)
    done = [entry.action for entry in audit.history("staff", vera)]
    assert done == ["staff.added", "staff.deactivated", "staff.reactivated", "staff.signed_in"]


def test_preferences_are_kept_one_by_one_and_only_what_there_is(vera: UUID) -> None:
    by = Actor.staff(vera)
    with transaction():
        staff.prefer(vera, {"language": "ru", "theme": "dark", "zone": "Asia/Yerevan"}, by=by, now=NOW)
    with transaction():
        staff.prefer(vera, {"theme": None}, by=by, now=NOW)
    person = staff.identity(vera)
    assert person is not None
    assert (person.language, person.theme, person.zone) == ("ru", None, "Asia/Yerevan")
    with pytest.raises(Invalid) as refusal:
        staff.prefer(vera, {"language": "tlh", "theme": "pink", "zone": "Mars/Olympus"}, by=by, now=NOW)
    assert set(refusal.value.fields) == {"language", "theme", "zone"}
