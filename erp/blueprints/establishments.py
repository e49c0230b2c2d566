"""The catalogue: places that may become customers, and who holds them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _
from wtforms import StringField

from erp.blueprints.forms import Filters, Form, choice, needed
from erp.blueprints.history import history_of
from erp.blueprints.listing import dressed, page_number, sort_key, with_rows
from erp.blueprints.people import with_agent_names
from erp.blueprints.presentation import format_tag
from erp.blueprints.responses import page_or_part
from erp.blueprints.states import state_of
from erp.domain import bookings, catalogue, referrals
from erp.kernel import clock
from erp.kernel.permissions import Permission, requires

bp = Blueprint("establishments", __name__, url_prefix="/establishments")


class PlaceFilters(Filters):
    kind = choice(_("Any kind"))
    city = choice(_("Any city"))
    state = choice(_("Any state"))


class BookingForm(Form):
    agent = StringField(
        _("Agent"), [needed], description=_("The code or the reference."), render_kw={"autocomplete": "off"}
    )


@bp.get("")
@requires(Permission.CATALOGUE_READ)
def index() -> Any:
    form = PlaceFilters(
        kind=[(kind, format_tag(kind)) for kind in catalogue.kinds()],
        city=[(city, city) for city in catalogue.cities()],
        state=[(state, state_of(state).label) for state in bookings.PLACE_STATES],
    )
    found = bookings.search_places(
        now=clock.now(),
        q=form.value("q"),
        city=form.value("city"),
        kind=form.value("kind"),
        state=form.value("state"),
        sort=sort_key(),
        page=page_number(),
    )
    page = with_rows(found, with_agent_names(found.rows, agent_name="agent_id"))
    return page_or_part("establishments/index.html", "establishments/_rows.html", form=form, page=page)


@bp.get("/<reference>")
@requires(Permission.CATALOGUE_READ)
def show(reference: str) -> Any:
    return render_template("establishments/show.html", **shown(reference))


def shown(reference: str) -> dict[str, Any]:
    """What the page of one place needs; the verbs of bookings answer with parts of it."""
    place = catalogue.find(reference)
    open_one = bookings.open_on(place.claim_group_id, at=clock.now())
    past = bookings.search(q=place.reference, state="ended").rows
    connected = referrals.search(q=place.reference).rows
    state = "connected" if place.connected_at else "booked" if open_one else "free"
    return {
        "establishment": dressed([place], lambda _place: {"state": state})[0],
        "booking": with_agent_names([open_one], agent_name="agent_id")[0] if open_one else None,
        "past": with_agent_names(past, agent_name="agent_id"),
        "referral": with_agent_names(connected, agent_name="agent_id")[0] if connected else None,
        "history": history_of("establishment", place.id),
        "form": BookingForm(formdata=None),
        "refusal": None,
    }
