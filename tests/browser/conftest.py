"""Somebody with every role, at an office where there is something of every noun."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from erp.domain import staff
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.permissions import Role
from erp.kernel.transaction import transaction
from tests.support.office import Office, ground, opened  # noqa: F401  # fixtures

EMAIL, PASSWORD = "everything@example.test", "correct horse battery"


@pytest.fixture
def office(app: Flask, opened: tuple[str, Office]) -> Office:  # noqa: F811
    _kept, office = opened
    with app.app_context(), transaction():
        roles = [role.value for role in Role]
        by = Actor.system("tests")
        staff.add(EMAIL, "Everything Person", PASSWORD, roles, by=by, now=clock.now())
    return office


@pytest.fixture
def sign_in(live: str) -> Callable[[Page], None]:
    def enter(page: Page) -> None:
        page.goto(f"{live}/sign-in")
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()

    return enter
