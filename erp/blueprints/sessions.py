"""Staff sign in to RefERP and out of it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Container
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import lazy_gettext as _
from flask_login import UserMixin, current_user, login_user, logout_user
from wtforms import EmailField, HiddenField, PasswordField

from erp.blueprints.forms import Form, attempt, needed
from erp.blueprints.preferences import IN_BROWSER, remembered
from erp.blueprints.present import as_of
from erp.blueprints.responses import local_url, page_or_part, refused, seen_other, varied, wants_part
from erp.blueprints.waiting import count_anew
from erp.domain import staff
from erp.extensions import limiter, login_manager
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.permissions import for_staff, granted, public
from erp.kernel.transaction import transaction
from erp.language import read_by

bp = Blueprint("sessions", __name__)
RENEWED_EVERY = 600
"""Seconds between two renewals of the cookie of somebody who works."""
FAILURES_FROM_ADDRESS = "30 per minute; 300 per hour"
FAILURES_FOR_EMAIL = "10 per minute; 60 per hour"


class SignedIn(UserMixin):
    """The member of staff who makes this request. A raised session version ends the session."""

    def __init__(self, person: Any):
        self.id: UUID = person.id
        self.reference: str = person.reference
        self.name: str = person.name
        self.roles: list[str] = list(person.roles)
        self.session_version: int = person.session_version
        self.must_change_password: bool = person.must_change_password
        self.language: str | None = person.language
        self.theme: str | None = person.theme
        self.zone: str | None = person.zone
        self.views: Container[str] = person.views
        self.permissions = granted(self.roles)
        self.actor = Actor.staff(person.id)

    def get_id(self) -> str:
        return f"{self.id}.{self.session_version}"


class SignInForm(Form):
    next = HiddenField()
    email = EmailField(_("E-mail"), [needed], render_kw={"autocomplete": "username"})
    password = PasswordField(_("Password"), [needed], render_kw={"autocomplete": "current-password"})


@login_manager.user_loader
def load(session_id: str) -> SignedIn | None:
    """Who holds this session, unless they left, or it was ended since."""
    id, _dot, version = session_id.partition(".")
    person = staff.identity(UUID(id))
    if person is None or not person.active or str(person.session_version) != version:
        return None
    if request.method == "GET":
        as_of(person.now)
    _renew()
    reader = SignedIn(person)
    read_by(reader)
    return reader


def _renew() -> None:
    """A sign-in lasts as long as somebody works. To sign the cookie anew for every request costs more than to read it."""
    signed = int(time.time())
    if signed - session.get("signed", 0) > RENEWED_EVERY:
        session["signed"] = signed


@bp.get("/sign-in")
@public("nobody is signed in yet")
def new() -> Any:
    if current_user.is_authenticated:
        return _signed_in(request.args.get("next"))
    form = SignInForm(next=request.args.get("next", ""))
    return page_or_part("sessions/new.html", "sessions/_drawer.html", form=form, refusal=None)


def _signed_in(next_url: str | None) -> Any:
    """On to where somebody wanted to go. A page that is still open gets what its forms need to be sent after all."""
    if not wants_part():
        return varied(make_response(redirect(local_url(next_url), 303)))
    g.pop("csrf_token", None)  # made for the session that has ended
    return varied(make_response(render_template("sessions/_signed_in.html")))


@bp.post("/sign-in/preferences")
@public("nobody is signed in yet")
def prefer() -> Any:
    """Language and theme of this browser, until somebody signs in who has chosen their own."""
    to = url_for("sessions.new", next=request.form.get("next") or None)
    return remembered(seen_other(to), request.form)


def _email() -> str:
    return hashlib.sha256(staff.normalise_email(request.form.get("email", "")).encode()).hexdigest()


def _failed(response: Response) -> bool:
    return response.status_code >= 400


@bp.post("/sign-in")
@public("nobody is signed in yet")
@limiter.limit(FAILURES_FROM_ADDRESS, deduct_when=_failed)
@limiter.limit(FAILURES_FOR_EMAIL, key_func=_email, deduct_when=_failed)
def create() -> Any:
    form = SignInForm()
    with attempt(form) as tried, transaction():
        form.check()
        person = staff.authenticate(form.email.data, form.password.data, now=clock.now())
    if tried.refusal:
        return refused("sessions/new.html", "sessions/_drawer.html", form=form, refusal=tried.refusal)
    session.clear()
    session.permanent = True
    _renew()
    login_user(SignedIn(person))
    count_anew()
    chosen = {name: value for name in IN_BROWSER if (value := getattr(person, name))}
    return remembered(_signed_in(form.next.data), chosen)


@bp.post("/sign-out")
@for_staff("everybody may leave")
def delete() -> Any:
    logout_user()
    session.clear()
    answer = seen_other(url_for("sessions.new"))
    answer.headers["Clear-Site-Data"] = '"cache"'  # what Back would show
    return answer
