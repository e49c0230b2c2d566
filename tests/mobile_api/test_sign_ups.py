"""POST /sign-ups, GET /sign-ups/<external_id>, GET /referrals."""

import pytest
from flask import Flask

from erp.kernel.db import scalar
from tests.mobile_api.conftest import Caller

AINO = {"external_id": "superapp-1", "kind": "establishment", "name": "Cafe Aino", "phone": "+358401234567"}


def _code(agent: Caller) -> str:
    return agent.get("/me").json["code"]  # type: ignore[no-any-return]


def _sign_up(product: Caller, **more: object) -> dict[str, object]:
    answer = product.post("/sign-ups", {**AINO, **more})
    assert answer.status_code == 201, answer.text
    return answer.json  # type: ignore[no-any-return]


def test_a_code_attributes_its_agent_in_any_spelling(product: Caller, alice: Caller, programme: str) -> None:
    code = _code(alice)
    for number, spelled in enumerate((code, code.lower(), " ".join(code), f"{code[:3]}-{code[3:]}")):
        signed_up = _sign_up(product, external_id=f"superapp-{number}", code=spelled)
        assert (signed_up["agent_code"], signed_up["basis"], signed_up["reason"]) == (code, "code", None)
        assert product.get(f"/sign-ups/superapp-{number}").json == signed_up


def test_an_open_booking_goes_before_a_code_and_opens_a_case(
    product: Caller, alice: Caller, bob: Caller, places: list[str], programme: str
) -> None:
    alice.post(f"/establishments/{places[0]}/booking")
    signed_up = _sign_up(product, establishment=places[0], code=_code(bob))
    assert (signed_up["agent_code"], signed_up["basis"]) == (_code(alice), "booking")
    assert str(signed_up["case"]).startswith("CASE-")
    assert alice.get("/referrals").json["items"][0]["contested"] is True
    assert alice.get("/bookings").json["items"][0]["ending"] == "connected"
    assert alice.get(f"/establishments/{places[0]}").json["state"] == "connected"


def test_an_establishment_may_be_named_by_its_id_at_the_source(
    product: Caller, alice: Caller, places: list[str], programme: str
) -> None:
    alice.post(f"/establishments/{places[0]}/booking")
    source = {"source": "osm", "source_id": "osm-2"}
    assert _sign_up(product, establishment_source=source)["agent_code"] == _code(alice)


def test_nobody_is_attributed_when_nothing_is_given(product: Caller, programme: str) -> None:
    signed_up = _sign_up(product)
    assert (signed_up["agent_code"], signed_up["reason"]) == (None, "nothing_given")


def test_nobody_refers_themselves(product: Caller, alice: Caller, programme: str) -> None:
    signed_up = _sign_up(product, code=_code(alice), phone="8 901 234-56-01")
    assert (signed_up["agent_code"], signed_up["reason"]) == (None, "self_referral")


def test_the_same_sign_up_again_gets_the_same_answer(
    app: Flask, product: Caller, alice: Caller, programme: str
) -> None:
    first = _sign_up(product, code=_code(alice))
    assert _sign_up(product, code=_code(alice)) == first
    with app.app_context():
        assert scalar("select count(*) from customer") == 1


def test_another_sign_up_under_the_same_id_is_refused(product: Caller, programme: str) -> None:
    _sign_up(product)
    answer = product.post("/sign-ups", {**AINO, "name": "Cafe Other"})
    assert (answer.status_code, answer.json["code"]) == (409, "sign_up_conflict")


def test_a_sign_up_without_any_programme_is_refused(product: Caller) -> None:
    answer = product.post("/sign-ups", AINO)
    assert (answer.status_code, answer.json["code"]) == (409, "no_active_terms")
    assert product.get("/sign-ups/superapp-1").status_code == 404


def test_values_that_cannot_be_accepted_are_named(
    product: Caller, programme: str, subtests: pytest.Subtests
) -> None:
    for field, value in [
        ("external_id", ""),
        ("external_id", "a b"),
        ("external_id", "x" * 101),
        ("external_id", 7),
        ("kind", "robot"),
        ("name", "\x00"),
        ("occurred_at", "2026-11-22T04:30:00"),
        ("occurred_at", "yesterday"),
        ("occurred_at", "2999-01-01T00:00:00Z"),
        ("establishment", "EST-00000000"),
        ("establishment", "EST\x00"),
    ]:
        with subtests.test(field=field, value=value):
            answer = product.post("/sign-ups", {**AINO, field: value})
            assert answer.status_code == 422
            assert list(answer.json["fields"]) == [field]


def test_agents_see_their_own_referrals_without_contacts(
    product: Caller, alice: Caller, bob: Caller, programme: str
) -> None:
    _sign_up(product, code=_code(alice))
    listed = alice.get("/referrals")
    referral = listed.json["items"][0]
    assert (referral["customer"]["name"], referral["basis"]) == ("Cafe Aino", "code")
    assert referral["programme"]["name"] == "SuperApp"
    assert "358401234567" not in listed.text
    assert bob.get("/referrals").json == {"items": [], "next": None}


def test_only_the_product_tells_of_sign_ups(stranger: Caller, alice: Caller) -> None:
    for caller in (stranger, alice, Caller(stranger.app, "refk_invented")):
        assert caller.post("/sign-ups", AINO).status_code == 401
        assert caller.get("/sign-ups/superapp-1").status_code == 401


def test_an_unknown_sign_up_is_not_found(product: Caller) -> None:
    assert product.get("/sign-ups/nobody").status_code == 404


def test_referrals_are_for_agents(stranger: Caller, product: Caller) -> None:
    for caller in (stranger, product):
        assert caller.get("/referrals").status_code == 401
