"""How often somebody may ask."""

import pytest
from flask import Flask

from tests.mobile_api.conftest import Caller


@pytest.fixture
def strict(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three requests a minute, for tokens and for addresses."""
    rates = {"api_rate": "3 per minute", "auth_rate": "3 per minute"}
    monkeypatch.setitem(app.config, "REF", app.config["REF"].model_copy(update=rates))


def test_an_access_token_has_a_limit_over_all_endpoints(alice: Caller, bob: Caller, strict: None) -> None:
    answers = [alice.get(path) for path in ("/me", "/bookings", "/balance")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0"]
    refused = alice.get("/me")
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_requests")
    assert refused.content_type == "application/problem+json"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert bob.get("/me").status_code == 200


def test_an_api_key_has_a_limit_too(product: Caller, strict: None) -> None:
    statuses = [product.get("/sign-ups/nobody").status_code for _ in range(4)]
    assert statuses == [404, 404, 404, 429]


def test_an_address_may_only_try_so_often_to_sign_in(stranger: Caller, strict: None) -> None:
    wrong = {"phone": "+79012345678", "code": "000000"}
    statuses = [stranger.post("/auth/sessions", wrong).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert stranger.post("/auth/refresh", {"refresh_token": "refr_x"}).status_code == 429


def test_nobody_known_shares_a_limit_by_address(stranger: Caller, strict: None) -> None:
    assert [stranger.get("/me").status_code for _ in range(4)] == [401, 401, 401, 429]
