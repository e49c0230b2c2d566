"""Who works in RefERP and what they may do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, url_for
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import EmailField, PasswordField, SelectMultipleField, StringField

from erp.blueprints import roles
from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Moment, Mono, Tag, To
from erp.blueprints.forms import Filters, Form, attempt, choice, needed, options
from erp.blueprints.history import history_of
from erp.blueprints.listing import Empty, Listing, Step, View
from erp.blueprints.lists import mount
from erp.blueprints.responses import page_or_part, refused, seen_other
from erp.blueprints.seen import unchanged
from erp.blueprints.states import stated
from erp.domain import staff
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("staff", __name__, url_prefix="/staff")


class StaffFilters(Filters):
    role = choice(_("Any role"))
    state = choice(_("Any state"))


class RolesForm(Form):
    roles = SelectMultipleField(_("Roles"), [needed], choices=options(roles.CHOICES))


def first_password() -> PasswordField:
    """A password that somebody else gives."""
    return PasswordField(
        _("First password"),
        [needed],
        description=_(
            "At least 10 characters. Hand it over in person; it must be changed at the first sign-in."
        ),
        render_kw={"autocomplete": "new-password"},
    )


class FirstPasswordForm(Form):
    password = first_password()


class ColleagueForm(Form):
    name = StringField(lazy_pgettext("person", "Name"), [needed], render_kw={"autocomplete": "off"})
    email = EmailField(_("E-mail"), [needed], render_kw={"autocomplete": "off"})
    password = first_password()
    roles = SelectMultipleField(_("Roles"), [needed], choices=options(roles.CHOICES))


def _find(form: StaffFilters) -> Listed:
    active = {"active": True, "inactive": False}.get(form.value("state"))
    return staff.search(q=form.value("q"), role=form.value("role"), active=active, sort=sort_key())


STAFF = Listing(
    "staff",
    _("Staff"),
    _("Who works in RefERP and what they may do."),
    columns=(
        Column("reference", _("Reference"), Mono(), to=To("staff.show")),
        Column("name", lazy_pgettext("person", "Name"), sort=True, card="name", to=To("staff.show")),
        Column("email", _("E-mail"), card="note"),
        Column("roles", _("Roles"), of=lambda row: roles.role_names(row.roles), card="more"),
        Column(
            "state", _("State"), Tag(), of=lambda row: "active" if row.active else "inactive", card="state"
        ),
        Column("created_at", _("Since"), Moment(), sort=True, quiet=True),
        Column("deactivated_at", _("Until"), Moment(), shown=False),
    ),
    find=_find,
    names_people=True,
    filters=lambda: StaffFilters(role=roles.CHOICES, state=stated(("active", "inactive"))),
    empty=Empty("user-cog", _("Nobody works here yet"), _("Add the colleagues who will.")),
    step=Step(_("Add a colleague"), "staff.new", Permission.STAFF_WRITE),
    views=(
        View(_("All")),
        View(_("Working here"), {"state": "active"}),
        View(_("Finance"), {"role": "finance"}),
        View(lazy_pgettext("staff", "Left"), {"state": "inactive"}),
    ),
)
mount(bp, STAFF, Permission.STAFF_READ)


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
            first_password=True,
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
        unchanged("staff", person.id)
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
        unchanged("staff", person.id)
        staff.deactivate(person.id, by=current_user.actor, now=clock.now())
    if tried.refusal:
        flash(tried.refusal, "error")
    else:
        flash(gettext("%(name)s can no longer sign in.", name=person.name))
    return seen_other(url_for("staff.show", reference=reference))


@bp.post("/<reference>/reactivation")
@requires(Permission.STAFF_WRITE)
def reactivate(reference: str) -> Any:
    person = staff.find(reference)
    with transaction():
        staff.reactivate(person.id, by=current_user.actor, now=clock.now())
    flash(gettext("%(name)s may sign in again.", name=person.name))
    return seen_other(url_for("staff.show", reference=reference))


@bp.post("/<reference>/password")
@requires(Permission.STAFF_WRITE)
def set_password(reference: str) -> Any:
    person = staff.find(reference)
    form = FirstPasswordForm()
    with attempt(form) as tried, transaction():
        form.check()
        staff.set_password(person.id, form.password.data, by=current_user.actor, now=clock.now())
    if tried.refusal:
        shown = _shown(person) | {"first_password": form, "password_refusal": tried.refusal}
        roles_form = RolesForm(formdata=None, data={"roles": person.roles})
        return refused("staff/show.html", "staff/_password.html", form=roles_form, refusal=None, **shown)
    flash(gettext("%(name)s is signed out and must choose a password of their own next.", name=person.name))
    return seen_other(url_for("staff.show", reference=reference))


def _shown(person: Any) -> dict[str, Any]:
    return {
        "person": person,
        "first_password": FirstPasswordForm(formdata=None),
        "password_refusal": None,
        "permissions": roles.permission_names(person.roles),
        "history": history_of("staff", person.id),
        "action": url_for("staff.update", reference=person.reference),
        "submit": gettext("Save"),
    }
