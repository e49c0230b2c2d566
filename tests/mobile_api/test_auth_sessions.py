"""POST /auth/sessions, POST /auth/refresh, DELETE /auth/session."""

from flask import Flask

from tests.mobile_api.conftest import Caller, move_clock, newest_code, signed_in

PHONE = "+79012345678"


def _sign_in(stranger: Caller, code: str) -> dict[str, str]:
    answer = stranger.post("/auth/sessions", {"phone": PHONE, "code": code})
    assert answer.status_code == 201
    return answer.json  # type: ignore[no-any-return]


def test_the_first_sign_in_registers_the_agent(app: Flask, stranger: Caller) -> None:
    code = newest_code(app, PHONE)
    answer = stranger.post("/auth/sessions", {"phone": PHONE, "code": code, "name": "Ivan Ivanov"})
    assert answer.status_code == 201
    assert answer.json["registered"] is True
    me = Caller(app, answer.json["access_token"]).get("/me").json
    assert (me["name"], me["phone"], me["state"]) == ("Ivan Ivanov", PHONE, "pending")


def test_the_next_sign_in_finds_the_same_agent(app: Flask) -> None:
    first = signed_in(app, PHONE, "Ivan Ivanov").get("/me").json
    move_clock(app, minutes=2)
    second = signed_in(app, PHONE, "Somebody Else").get("/me").json
    assert second == first


def test_a_wrong_code_is_refused_and_after_five_even_the_right_one(app: Flask, stranger: Caller) -> None:
    code = newest_code(app, PHONE)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        answer = stranger.post("/auth/sessions", {"phone": PHONE, "code": wrong})
        assert (answer.status_code, answer.json["code"]) == (401, "wrong_code")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert stranger.post("/auth/sessions", {"phone": PHONE, "code": code}).status_code == 401


def test_a_code_is_good_once(app: Flask, stranger: Caller) -> None:
    code = newest_code(app, PHONE)
    _sign_in(stranger, code)
    assert stranger.post("/auth/sessions", {"phone": PHONE, "code": code}).status_code == 401


def test_a_refresh_token_buys_the_next_pair_and_ends_the_old_access_token(
    app: Flask, stranger: Caller
) -> None:
    old = _sign_in(stranger, newest_code(app, PHONE))
    new = stranger.post("/auth/refresh", {"refresh_token": old["refresh_token"]})
    assert new.status_code == 201
    assert Caller(app, old["access_token"]).get("/me").status_code == 401
    assert Caller(app, new.json["access_token"]).get("/me").status_code == 200


def test_a_refresh_token_used_twice_ends_the_whole_session(app: Flask, stranger: Caller) -> None:
    old = _sign_in(stranger, newest_code(app, PHONE))
    new = stranger.post("/auth/refresh", {"refresh_token": old["refresh_token"]}).json
    stolen = stranger.post("/auth/refresh", {"refresh_token": old["refresh_token"]})
    assert (stolen.status_code, stolen.json["code"]) == (401, "session_over")
    assert Caller(app, new["access_token"]).get("/me").status_code == 401
    assert stranger.post("/auth/refresh", {"refresh_token": new["refresh_token"]}).status_code == 401


def test_an_access_token_lives_a_quarter_of_an_hour(app: Flask, alice: Caller) -> None:
    assert alice.get("/me").status_code == 200
    move_clock(app, minutes=16)
    assert alice.get("/me").status_code == 401


def test_signing_out_ends_access_and_refresh(app: Flask, stranger: Caller) -> None:
    session = _sign_in(stranger, newest_code(app, PHONE))
    agent = Caller(app, session["access_token"])
    assert agent.delete("/auth/session").status_code == 204
    assert agent.get("/me").status_code == 401
    assert stranger.post("/auth/refresh", {"refresh_token": session["refresh_token"]}).status_code == 401


def test_signing_out_needs_a_session(stranger: Caller) -> None:
    assert stranger.delete("/auth/session").status_code == 401


def test_values_that_are_no_text_are_refused(stranger: Caller) -> None:
    answer = stranger.post("/auth/sessions", {"phone": PHONE, "code": 123456})
    assert answer.status_code == 422
    assert list(answer.json["fields"]) == ["code"]
