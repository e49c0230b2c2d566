"""POST /auth/codes."""

import pytest
from flask import Flask

from erp.kernel.db import scalar
from tests.mobile_api.conftest import Caller

PHONE = "+79012345678"


def test_a_code_is_made_for_a_phone_in_any_spelling(app: Flask, stranger: Caller) -> None:
    answer = stranger.post("/auth/codes", {"phone": "8 (901) 234-56-78"})
    assert answer.status_code == 204
    assert answer.data == b""
    with app.app_context():
        assert scalar("select count(*) from login_code") == 1
        assert scalar("select job from outbox") == "erp.jobs.agents.send_code"


def test_known_and_unknown_phones_are_answered_alike(alice: Caller, stranger: Caller) -> None:
    unknown = stranger.post("/auth/codes", {"phone": PHONE})
    assert (unknown.status_code, unknown.data) == (204, b"")


def test_a_second_code_within_a_minute_is_refused_with_the_time_to_wait(stranger: Caller) -> None:
    stranger.post("/auth/codes", {"phone": PHONE})
    again = stranger.post("/auth/codes", {"phone": PHONE})
    assert again.status_code == 429
    assert again.json["code"] == "too_many_codes"
    assert 0 < int(again.headers["Retry-After"]) <= 61


def test_what_is_no_phone_is_refused(stranger: Caller, subtests: pytest.Subtests) -> None:
    for phone in ["", "12", "call me", "+7901234567890123", "\x00", "\ud800", 79012345678, None]:
        with subtests.test(phone=phone):
            answer = stranger.post("/auth/codes", {"phone": phone})
            assert answer.status_code == 422
            assert "phone" in answer.json["fields"]


def test_what_is_no_json_object_is_refused(stranger: Caller, subtests: pytest.Subtests) -> None:
    for body, content_type, status in [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"phone=1", "application/x-www-form-urlencoded", 415),
        (b"", None, 415),
        (b"[]", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b"{}", "application/json", 422),
    ]:
        with subtests.test(body=body, content_type=content_type, status=status):
            answer = stranger.post("/auth/codes", data=body, content_type=content_type)
            assert answer.status_code == status
            assert answer.content_type == "application/problem+json"
            assert answer.json["status"] == status
