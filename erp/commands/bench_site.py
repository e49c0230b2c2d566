"""The application as `ref bench pages` visits it: the demo's catalogue, a manager and an agent signed in."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

from flask import Flask
from flask_login import current_user

from benchmarks.pages import ADDRESS, BROWSER, LIST, Site
from erp.app import create_app
from erp.blueprints import shell
from erp.commands import import_establishments
from erp.commands.demo import CATALOGUE
from erp.domain import agents, staff
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.db import scalar
from erp.kernel.permissions import Permission, Role, for_agent, public, requires
from erp.kernel.transaction import transaction
from mobile_api.nouns import noun

BY = Actor.system("benchmark")
EMAIL, PASSWORD = "manager@bench.example", "as good as any other"
PHONE = "+79990001122"
GUARDS = {"guarded": requires(Permission.CATALOGUE_READ), "place": for_agent}
"""Views that are not for everybody."""


@contextmanager
def open_site(views: Mapping[str, Callable[[], Any]]) -> Iterator[Site]:
    """On the configured database, which is empty; `views` answer under /bench/."""
    app = create_app()
    api = noun("bench", "A yardstick")
    for name, view in views.items():
        guard = GUARDS.get(name, public("a yardstick"))
        door = api if name == "place" else app
        door.add_url_rule(f"/bench/{name}", f"bench_{name}", guard(_as_function(view)))
    app.register_blueprint(api)
    with redirect_stdout(sys.stderr):
        import_establishments.command.main([str(CATALOGUE)], standalone_mode=False)
    with app.app_context():
        with transaction():
            staff.add(EMAIL, "Bench Manager", PASSWORD, [Role.MANAGER], by=BY, now=clock.now())
        token, place = _token(), scalar("select min(reference) from establishment")
    cookie = _cookie(app)
    yield Site(app, cookie, token, place, lambda: _frame(app, cookie))


def _as_function(view: Callable[[], Any]) -> Callable[[], Any]:
    """A declaration is an attribute of a function, which a method does not take."""
    return lambda: view()


def _token() -> str:
    with transaction():
        code_id = agents.request_code(PHONE, now=clock.now())
    text = agents.code_to_send(code_id, now=clock.now())
    assert text
    code = text.body.values["code"]
    with transaction():
        return agents.sign_in(PHONE, code, now=clock.now()).access_token


def _cookie(app: Flask) -> str:
    browser = app.test_client()
    browser.environ_base.update({"HTTP_USER_AGENT": BROWSER, "REMOTE_ADDR": ADDRESS})
    form = browser.get("/sign-in").get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert found
    browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, "csrf_token": found[1]})
    browser.get(LIST)  # the first page after signing in gives the session all that it keeps
    cookie = browser.get_cookie("ref")
    assert cookie
    return f"ref={cookie.value}"


def _frame(app: Flask, cookie: str) -> Mapping[str, Any]:
    """What the base layout asks for, worked out once."""
    with app.test_request_context("/establishments", headers={"Cookie": cookie}):
        user, areas, moment = current_user._get_current_object(), shell.nav(), shell.now()
    return {
        "current_user": user,
        "nav": lambda: areas,
        "now": lambda: moment,
        "csrf_token": lambda: "x" * 90,
        "language": lambda: "en",
    }
