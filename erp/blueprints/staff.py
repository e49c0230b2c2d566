"""Who works in RefERP and what they may do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import EmailField, PasswordField, SelectMultipleField, StringField

from erp.blueprints.forms import Filters, Form, attempt, choice, needed, options
from erp.blueprints.history import history_of
from erp.blueprints.listing import page_number, sort_key
from erp.blueprints.responses import page_or_part, refused, seen_other
from erp.domain import staff
from erp.kernel import clock
from erp.kernel.permissions import Permission, Role, granted, requires
from erp.kernel.transaction import transaction

bp = Blueprint("staff", __name__, url_prefix="/staff")
ROLE_NAMES = {
    Role.ADMIN: _("Administrator"),
    Role.MANAGER: _("Programme manager"),
    Role.FINANCE: _("Finance"),
    Role.SUPPORT: _("Support"),
    Role.AUDITOR: _("Auditor"),
}
ROLES = [(role.value, name) for role, name in ROLE_NAMES.items()]


class StaffFilters(Filters):
    role = choice(_("Any role"))


class RolesForm(Form):
    roles = SelectMultipleField(_("Roles"), [needed], choices=options(ROLES))


class ColleagueForm(Form):
    name = StringField(_("Name"), [needed], render_kw={"autocomplete": "off"})
    email = EmailField(_("E-mail"), [needed], render_kw={"autocomplete": "off"})
    password = PasswordField(
        _("First password"),
        [needed],
        description=_("At least 10 characters. Hand it over in person."),
        render_kw={"autocomplete": "new-password"},
    )
    roles = SelectMultipleField(_("Roles"), [needed], choices=options(ROLES))


@bp.get("")
@requires(Permission.STAFF_READ)
def index() -> Any:
    form = StaffFilters(role=ROLES)
    page = staff.search(q=form.value("q"), role=form.value("role"), sort=sort_key(), page=page_number())
    return page_or_part("staff/index.html", "staff/_rows.html", form=form, page=page)


@bp.get("/new")
@requires(Permission.STAFF_WRITE)
def new() -> Any:
    return page_or_part("staff/new.html", "staff/_form.html", form=ColleagueForm(), refusal=None, **_adding())


@bp.post("")
@requires(Permission.STAFF_WRITE)
def create() -> Any:
    form = ColleagueForm()
    with attempt(form) as tried, transaction():
        form.check()
        staff.add(
            form.email.data,
            form.name.data,
            form.password.data,
            form.roles.data,
            by=current_user.actor,
            now=clock.now(),
        )
    if tried.refusal:
        return refused("staff/new.html", "staff/_form.html", form=form, refusal=tried.refusal, **_adding())
    flash(gettext("%(name)s may sign in now.", name=form.name.data))
    return seen_other(url_for("staff.index"))


def _adding() -> dict[str, Any]:
    return {"action": url_for("staff.create"), "submit": gettext("Add")}


@bp.get("/<reference>")
@requires(Permission.STAFF_READ)
def show(reference: str) -> Any:
    person = staff.find(reference)
    form = RolesForm(data={"roles": person.roles})
    return page_or_part("staff/show.html", "staff/_form.html", form=form, refusal=None, **_shown(person))


@bp.post("/<reference>/roles")
@requires(Permission.STAFF_WRITE)
def update(reference: str) -> Any:
    person = staff.find(reference)
    form = RolesForm()
    with attempt(form) as tried, transaction():
        form.check()
        staff.change_roles(person.id, form.roles.data, by=current_user.actor, now=clock.now())
    if tried.refusal:
        return refused(
            "staff/show.html", "staff/_form.html", form=form, refusal=tried.refusal, **_shown(person)
        )
    flash(gettext("%(name)s has these roles from now on.", name=person.name))
    return seen_other(url_for("staff.show", reference=reference))


@bp.post("/<reference>/deactivation")
@requires(Permission.STAFF_WRITE)
def deactivate(reference: str) -> Any:
    person = staff.find(reference)
    with attempt() as tried, transaction():
        staff.deactivate(person.id, by=current_user.actor, now=clock.now())
    if tried.refusal:
        flash(tried.refusal, "error")
    else:
        flash(gettext("%(name)s can no longer sign in.", name=person.name))
    return seen_other(url_for("staff.show", reference=reference))


def _shown(person: Any) -> dict[str, Any]:
    return {
        "person": person,
        "permissions": sorted(granted(person.roles)),
        "history": history_of("staff", person.id),
        "action": url_for("staff.update", reference=person.reference),
        "submit": gettext("Save"),
    }
