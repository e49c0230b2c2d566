"""Whoever is signed in: their language, theme and zone, their password, and where else they are signed in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user, login_user
from wtforms import PasswordField, SelectField

from erp.blueprints.forms import Form, attempt, needed, options
from erp.blueprints.preferences import THEMES, remembered
from erp.blueprints.present import now
from erp.blueprints.responses import local_url, page_or_part, refused, seen_other
from erp.blueprints.sessions import FAILURES_FOR_EMAIL, SignedIn
from erp.blueprints.zones import zone_choices
from erp.domain import staff
from erp.extensions import limiter
from erp.kernel import clock
from erp.kernel.permissions import for_staff
from erp.kernel.sentences import LANGUAGES
from erp.kernel.transaction import transaction
from erp.language import locale, read_by

bp = Blueprint("me", __name__, url_prefix="/me")
NAMES = ("language", "theme", "zone")


class PreferencesForm(Form):
    language = SelectField(_("Language"), validate_choice=False)
    theme = SelectField(_("Theme"), validate_choice=False)
    zone = SelectField(
        _("Time zone"),
        validate_choice=False,
        description=_("Moments on pages are shown in it. Terms keep the zone of their programme."),
    )

    def __init__(self, **values: Any):
        super().__init__(**values)
        by_browser = ("", gettext("As the browser asks"))
        self.language.choices = options([by_browser, *LANGUAGES.items()])
        self.theme.choices = options((theme, THEMES[theme]) for theme in ("system", "light", "dark"))
        self.zone.choices = options(
            [("", gettext("As the browser says")), *zone_choices(locale(), now().date())]
        )


class OwnPasswordForm(Form):
    present = PasswordField(_("Present password"), [needed], render_kw={"autocomplete": "current-password"})
    password = PasswordField(
        _("New password"),
        [needed],
        description=_("At least 10 characters."),
        render_kw={"autocomplete": "new-password"},
    )


@bp.get("")
@for_staff("everybody has preferences")
def show() -> Any:
    return render_template("me/show.html", **_shown())


@bp.post("/preferences")
@for_staff("everybody has preferences")
def prefer() -> Any:
    """What is given changes, the rest stays: the menu sends one, the page sends all."""
    given = {name: request.form[name] or None for name in NAMES if name in request.form}
    form = PreferencesForm()
    with attempt(form) as tried, transaction():
        staff.prefer(current_user.id, given, by=current_user.actor, now=clock.now())
    if tried.refusal:
        return refused(
            "me/show.html", "me/_preferences.html", **_shown(preferences=form, refusal=tried.refusal)
        )
    _renewed()
    flash(gettext("Your preferences are kept."))
    return remembered(seen_other(local_url(request.form.get("next") or url_for("me.show"))), given)


@bp.get("/password")
@for_staff("everybody has a password")
def password() -> Any:
    return page_or_part("me/password.html", "me/_password.html", password=OwnPasswordForm(), refusal=None)


def _failed(response: Response) -> bool:
    return response.status_code >= 400


@bp.post("/password")
@for_staff("everybody has a password")
@limiter.limit(FAILURES_FOR_EMAIL, key_func=lambda: str(current_user.get_id()), deduct_when=_failed)
def change_password() -> Any:
    form = OwnPasswordForm()
    with attempt(form) as tried, transaction():
        form.check()
        staff.change_password(
            current_user.id, form.present.data, form.password.data, by=current_user.actor, now=clock.now()
        )
    if tried.refusal:
        return refused("me/password.html", "me/_password.html", password=form, refusal=tried.refusal)
    _go_on()
    flash(gettext("Your password is changed. Everywhere else you are signed out."))
    return seen_other(url_for("me.show"))


@bp.post("/sessions/end")
@for_staff("everybody may sign out elsewhere")
def end_sessions() -> Any:
    with transaction():
        staff.end_sessions(current_user.id, by=current_user.actor, now=clock.now())
    _go_on()
    flash(gettext("You are signed out everywhere but here."))
    return seen_other(url_for("me.show"))


def _renewed() -> SignedIn:
    """The reader as they are from now on, for what is still said in this answer."""
    reader = SignedIn(staff.identity(current_user.id))
    read_by(reader)
    return reader


def _go_on() -> None:
    """This session takes the new version on, which has ended all the others."""
    login_user(_renewed())


def _shown(*, preferences: PreferencesForm | None = None, refusal: str | None = None) -> dict[str, Any]:
    chosen = {name: getattr(current_user, name) or "" for name in NAMES}
    return {
        "preferences": preferences or PreferencesForm(data=chosen | {"theme": chosen["theme"] or "system"}),
        "password": OwnPasswordForm(),
        "refusal": refusal,
    }
