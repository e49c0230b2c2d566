"""GET and PATCH /me, GET /banks."""

import pytest
from flask import Flask

from erp.domain import agents
from tests.mobile_api.conftest import Bank, Caller

T_BANK = "100000000004"


def test_an_agent_sees_itself_and_its_link(alice: Caller) -> None:
    answer = alice.get("/me")
    assert answer.status_code == 200
    me = answer.json
    assert (me["name"], me["phone"], me["kind"], me["state"]) == (
        "Alice Ivanova",
        "+79012345601",
        "person",
        "pending",
    )
    assert me["link"].endswith(f"/r/{me['code']}")
    assert (me["email"], me["inn"], me["bank"], me["activated_at"]) == (None, None, None, None)


def test_the_answer_says_that_this_is_a_mock_instance(alice: Caller) -> None:
    assert alice.get("/me").headers["Ref-Mode"] == "mock"


def test_what_is_given_changes_and_the_rest_stays(alice: Caller) -> None:
    answer = alice.patch("/me", {"email": "Alice@Example.com", "inn": "500100732259"})
    assert answer.status_code == 200
    assert (answer.json["email"], answer.json["inn"]) == ("alice@example.com", "500100732259")
    assert answer.json["name"] == "Alice Ivanova"
    assert alice.get("/me").json == answer.json


def test_null_removes_and_nothing_changes_nothing(alice: Caller) -> None:
    alice.patch("/me", {"email": "alice@example.com"})
    assert alice.patch("/me", {}).json["email"] == "alice@example.com"
    assert alice.patch("/me", {"email": None}).json["email"] is None


def test_wrong_values_are_refused_by_name(alice: Caller, subtests: pytest.Subtests) -> None:
    for field, value in [
        ("email", "nowhere"),
        ("inn", "500100732258"),
        ("inn", 500100732259),
        ("name", ""),
        ("name", "a\x07b"),
    ]:
        with subtests.test(field=field, value=value):
            answer = alice.patch("/me", {field: value})
            assert answer.status_code == 422
            assert list(answer.json["fields"]) == [field]


def test_nobody_has_a_profile_without_signing_in(stranger: Caller, product: Caller) -> None:
    for caller in (stranger, product, Caller(stranger.app, "refa_invented"), Caller(stranger.app, "é")):
        answer = caller.get("/me")
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
        assert caller.patch("/me", {"name": "Mallory"}).status_code == 401
        assert caller.get("/banks").status_code == 401


def test_a_basic_password_is_no_token(alice: Caller, stranger: Caller) -> None:
    answer = stranger.get("/me", headers={"Authorization": "Basic eDp5"})
    assert answer.status_code == 401


def test_the_banks_of_sbp_are_listed_and_one_is_chosen(alice: Caller, bank: Bank) -> None:
    listed = alice.get("/banks").json["items"]
    chosen = next(one for one in listed if one["id"] == T_BANK)
    answer = alice.patch("/me", {"bank_member_id": T_BANK})
    assert answer.json["bank"] == {"member_id": T_BANK, "name": chosen["name_russian"]}
    assert alice.patch("/me", {"bank_member_id": None}).json["bank"] is None


def test_a_bank_that_is_not_on_the_list_is_refused(alice: Caller, bank: Bank) -> None:
    answer = alice.patch("/me", {"bank_member_id": "1"})
    assert answer.status_code == 422
    assert list(answer.json["fields"]) == ["bank_member_id"]


def test_a_silent_bank_is_a_503_and_changes_nothing(app: Flask, alice: Caller, no_bank: None) -> None:
    for answer in (alice.get("/banks"), alice.patch("/me", {"bank_member_id": T_BANK, "name": "Other"})):
        assert (answer.status_code, answer.json["code"]) == (503, "bank_away")
    assert alice.get("/me").json["name"] == "Alice Ivanova"


def test_personal_data_is_not_stored_in_the_clear(app: Flask, alice: Caller) -> None:
    alice.patch("/me", {"email": "alice@example.com"})
    reference = alice.get("/me").json["reference"]
    with app.app_context():
        assert "alice" not in str(agents.find(reference)).lower()
