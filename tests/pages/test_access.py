"""Who may open what, over every address there is, so that a new page cannot be forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from erp.access import declared
from erp.kernel.permissions import Role, granted
from tests.pages.conftest import HTMX, Desk

SAMPLES = {"uuid": "00000000-0000-7000-8000-000000000000", "int": "999999", "default": "NONE-00000000"}


def rules(app: Flask, audience: str) -> list[tuple[str, str, Rule]]:
    """(method, address, rule) of every route for `audience`; arguments name nothing that exists."""
    found = []
    for rule in app.url_map.iter_rules():
        access = declared(app, rule.endpoint)
        if access is None or access.audience != audience:
            continue
        values = {name: sample(rule, name) for name in rule.arguments}
        _domain, url = rule.build(values) or ("", "")
        found += [(method, url, rule) for method in sorted(rule.methods or ()) if method in METHODS]
    return found


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def sample(rule: Rule, name: str) -> str:
    kind = type(rule._converters[name]).__name__
    return SAMPLES["uuid" if kind == "UUIDConverter" else "int" if kind == "IntegerConverter" else "default"]


def test_a_stranger_is_sent_to_sign_in_and_comes_back_afterwards(app: Flask, client: FlaskClient) -> None:
    pages = [(method, url) for method, url, _rule in rules(app, "staff")]
    assert len(pages) > 40
    for method, url in pages:
        answer = client.open(url, method=method)
        if method == "GET":
            assert answer.status_code == 303, url
            assert answer.headers["Location"].startswith("/sign-in"), url
        else:
            assert answer.status_code == 400, f"{method} {url} without a token"


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_its_permissions_say_and_nothing_else(
    app: Flask, desk: Callable[[Role], Desk], role: Role
) -> None:
    colleague = desk(role)
    allowed = granted([role])
    for method, url, rule in rules(app, "staff"):
        access = declared(app, rule.endpoint)
        assert access is not None
        if rule.endpoint == "sessions.delete":
            continue
        token = {"X-CSRFToken": colleague.token()} if method != "GET" else {}
        answer = colleague.client.open(url, method=method, headers=token)
        if access.permission is not None and access.permission not in allowed:
            assert answer.status_code == 403, f"{method} {url}"
        elif method == "GET" and not rule.arguments:
            assert answer.status_code == 200, f"{method} {url}: {answer.text[:500]}"
        else:
            assert answer.status_code in (200, 303, 404, 409, 422), f"{method} {url}: {answer.status_code}"


def test_every_form_without_its_token_is_refused(app: Flask, desk: Callable[[Role], Desk]) -> None:
    admin = desk(Role.ADMIN)
    for method, url, _rule in rules(app, "staff") + rules(app, "public"):
        if method == "GET" or url.startswith(("/api/", "/webhooks/")):
            continue
        answer = admin.client.open(url, method=method)
        assert answer.status_code == 400, f"{method} {url}"
        assert "out of date" in answer.text


def test_the_menu_offers_exactly_what_the_role_may_open(desk: Callable[[Role], Desk]) -> None:
    menu = desk(Role.SUPPORT).get("/").text
    assert 'href="/bookings"' in menu
    assert 'href="/audit"' not in menu
    assert 'href="/staff"' not in menu


def test_htmx_with_an_ended_session_is_told_so_and_gets_no_page(client: FlaskClient) -> None:
    answer = client.get("/jobs", headers=HTMX)
    assert answer.status_code == 401
    assert "Your sign-in has expired" in answer.text
    assert "<html" not in answer.text
