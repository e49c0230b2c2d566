"""Who may enter: checks every request against what its view declares. A view that declares nothing is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, redirect, request, url_for
from flask_login import current_user

import mobile_api.auth
from erp.blueprints.responses import seen_other
from erp.kernel.errors import Forbidden, Unauthenticated
from erp.kernel.permissions import ATTRIBUTE, Access, public
from erp.kernel.sentences import Sentence

__all__ = ["declared", "enforce", "public"]


def declared(app: Flask, endpoint: str) -> Access | None:
    """What the view behind an endpoint declares; None is a mistake that a test finds."""
    if endpoint in PUBLIC_BY_LIBRARY:
        return Access("public", None, PUBLIC_BY_LIBRARY[endpoint])
    return getattr(app.view_functions[endpoint], ATTRIBUTE, None)


PUBLIC_BY_LIBRARY = {
    "static": "stylesheets, scripts and icons",
}
WITH_FIRST_PASSWORD = {"me.password", "me.change_password", "me.prefer", "sessions.delete"}
"""All that is open to somebody whose password another person knows."""


def enforce(app: Flask) -> None:
    app.before_request(_check)


def _check() -> Any:
    if request.endpoint is None:
        return None
    access = declared(current_app, request.endpoint)
    if access is None:
        raise Forbidden(Sentence("This page declares no permission, so it is closed."))
    return GATES[access.audience](access)


def _staff_gate(access: Access) -> Any:
    reader = current_user._get_current_object()
    if not reader.is_authenticated:
        return _to_sign_in()
    if access.permission is not None and access.permission not in reader.permissions:
        raise Forbidden
    if reader.must_change_password and request.endpoint not in WITH_FIRST_PASSWORD:
        return seen_other(url_for("me.password"))
    return None


def _to_sign_in() -> Any:
    """A person goes to the sign-in page and comes back; a page that is open asks them to sign in beside it."""
    if "HX-Request" in request.headers or request.method != "GET":
        raise Unauthenticated(Sentence("Your sign-in has expired. Sign in again, then repeat what you did."))
    return redirect(url_for("sessions.new", next=request.full_path.rstrip("?")), 303)


GATES: dict[str, Callable[[Access], Any]] = {
    "public": lambda access: None,
    "staff": _staff_gate,
    "agent": lambda access: mobile_api.auth.admit_agent(),
    "product": lambda access: mobile_api.auth.admit_product(),
}
