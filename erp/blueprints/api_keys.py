"""Keys by which the owner's product may talk to the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import StringField

from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Moment, Mono, Tag, To
from erp.blueprints.forms import Filters, Form, attempt, choice, needed
from erp.blueprints.history import history_of
from erp.blueprints.listing import Empty, Listing, Step, View
from erp.blueprints.lists import mount
from erp.blueprints.responses import page_or_part, refused, seen_other
from erp.blueprints.states import stated
from erp.domain import integrations
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("api_keys", __name__, url_prefix="/api-keys")


class KeyForm(Form):
    name = StringField(
        _("Name"), [needed], description=_("Which system will use it, such as: SuperApp, production.")
    )


class KeyFilters(Filters):
    state = choice(_("Any state"))


def _find(form: KeyFilters) -> Listed:
    revoked = {"active": False, "revoked": True}.get(form.value("state"))
    return integrations.search_keys(q=form.value("q"), revoked=revoked, sort=sort_key())


API_KEYS = Listing(
    "api_keys",
    _("API keys"),
    _("With a key the owner's product reports sign-ups and asks for payments."),
    columns=(
        Column("name", _("Name"), sort=True, card="name", to=To("api_keys.show", "id", "id")),
        Column("prefix", _("Begins with"), Mono(), of=lambda key: f"{key.prefix}…", card="note"),
        Column(
            "state", _("State"), Tag(), of=lambda key: "revoked" if key.revoked_at else "active", card="state"
        ),
        Column("created_at", _("Made"), Moment(), sort=True, card="sum", quiet=True),
        Column("revoked_at", _("Revoked"), Moment(), quiet=True),
    ),
    find=_find,
    filters=lambda: KeyFilters(state=stated(("active", "revoked"))),
    empty=Empty("key-round", _("No key yet"), _("Make one and give it to the owner's product.")),
    step=Step(_("Make a key"), "api_keys.new", Permission.API_KEYS_WRITE),
    views=(
        View(_("All")),
        View(_("In use"), {"state": "active"}),
        View(lazy_pgettext("view", "Revoked"), {"state": "revoked"}),
    ),
)
mount(bp, API_KEYS, Permission.API_KEYS_WRITE)


@bp.get("/new")
@requires(Permission.API_KEYS_WRITE)
def new() -> Any:
    return page_or_part("api_keys/new.html", "api_keys/_form.html", form=KeyForm(), refusal=None)


@bp.post("")
@requires(Permission.API_KEYS_WRITE)
def create() -> Any:
    """The only answer that holds the secret; it is not kept anywhere, not even by the browser."""
    form = KeyForm()
    with attempt(form) as tried, transaction():
        form.check()
        _id, secret = integrations.issue_key(form.name.data, by=current_user.actor, now=clock.now())
    if tried.refusal:
        return refused("api_keys/new.html", "api_keys/_form.html", form=form, refusal=tried.refusal)
    answer = page_or_part("api_keys/created.html", "api_keys/_created.html", name=form.name.data, key=secret)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/<uuid:id>")
@requires(Permission.API_KEYS_WRITE)
def show(id: UUID) -> Any:
    key = integrations.find_key(id)
    return render_template("api_keys/show.html", key=key, history=history_of("api_key", id))


@bp.post("/<uuid:id>/revocation")
@requires(Permission.API_KEYS_WRITE)
def revoke(id: UUID) -> Any:
    with transaction():
        integrations.revoke_key(id, by=current_user.actor, now=clock.now())
    flash(gettext("The key opens nothing from now on."))
    return seen_other(url_for("api_keys.show", id=id))
