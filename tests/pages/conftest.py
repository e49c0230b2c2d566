"""The cast of the page tests: one colleague for each role, and a browser without scripts for each of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from erp.domain import staff
from erp.kernel import clock, reading
from erp.kernel.actor import Actor
from erp.kernel.permissions import Role
from erp.kernel.transaction import transaction
from tests.support.office import Office, ground, opened  # noqa: F401  # fixtures

PASSWORD = "correct horse battery"
TEST = Actor.system("tests")
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Desk:
    """One colleague at a browser. Forms are sent with the token of the page they were opened on."""

    def __init__(self, client: FlaskClient, id: UUID, role: Role):
        self.client = client
        self.id = id
        self.role = role
        self.actor = Actor.staff(id)

    def get(self, url: str, *, part: bool = False) -> TestResponse:
        return self.client.get(url, headers=HTMX if part else {})

    def post(self, url: str, *, part: bool = False, **values: object) -> TestResponse:
        values["csrf_token"] = self.token()
        return self.client.post(url, data=values, headers=HTMX if part else {})

    def may_open(self, url: str) -> bool:
        return self.client.get(url).status_code != 403

    def token(self) -> str:
        """Any page holds one: sign-out is a form."""
        return token_on(self.client.get("/"))


@contextmanager
def asking() -> Iterator[list[str]]:
    """The statements that the driver is given meanwhile, by whatever way they go."""
    asked: list[str] = []

    execute, ask = psycopg.Cursor.execute, reading.ask

    def noted_alone(driver: Any, prepared: Any, text: bytes, *given: Any) -> Any:
        asked.append(text.decode())
        return ask(driver, prepared, text, *given)

    def noted(cursor: Any, query: Any, *given: Any, **how: Any) -> Any:
        asked.append(str(query))
        return execute(cursor, query, *given, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", noted)
        patch.setattr(reading, "ask", noted_alone)
        yield asked


HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def token_on(page: TestResponse) -> str:
    found = TOKEN.search(page.text)
    assert found, page.text[:2000]
    return unescape(found[1])


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **values: str) -> TestResponse:
    token = token_on(client.get("/sign-in"))
    return client.post("/sign-in", data={"email": email, "password": password, "csrf_token": token, **values})


@pytest.fixture
def office(app: Flask, opened: tuple[str, Office]) -> Office:  # noqa: F811
    _kept, office = opened
    return office


@pytest.fixture
def desk(app: Flask) -> Callable[[Role], Desk]:
    """`desk(Role.FINANCE)`: somebody new with that role, signed in."""
    seated = 0

    def seat(role: Role) -> Desk:
        nonlocal seated
        seated += 1
        email = f"{role}{seated}@example.test"
        with app.app_context(), transaction():
            id = staff.add(email, f"{role.title()} {seated}", PASSWORD, [role], by=TEST, now=clock.now())
        client = app.test_client()
        assert sign_in(client, email).status_code == 303
        return Desk(client, id, role)

    return seat
