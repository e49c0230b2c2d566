"""The catalogue: places that may become customers, and who holds them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from wtforms import StringField

from erp.blueprints import stories
from erp.blueprints.address import sort_key
from erp.blueprints.columns import Beside, Column, Moment, Mono, Plain, Tag, To, Who, Words
from erp.blueprints.forms import Filters, Form, choice, needed
from erp.blueprints.lately import lately
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import dressed, with_agent_names
from erp.blueprints.present import now
from erp.blueprints.states import stated
from erp.blueprints.tags import in_words
from erp.domain import bookings, catalogue, referrals
from erp.kernel import clock
from erp.kernel.paging import Listed
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


def _address(place: Any) -> str:
    return " ".join(filter(None, (place.street, place.house)))


def _filters() -> PlaceFilters:
    return PlaceFilters(
        kind=in_words(lately(catalogue.kinds)),
        city=[(city, city) for city in lately(catalogue.cities)],
        state=stated(bookings.PLACE_STATES),
    )


def _find(form: PlaceFilters) -> Listed:
    asked = {name: form.value(name) for name in ("q", "city", "kind", "state")}
    found = bookings.search_places(now=now(), **asked, sort=sort_key())
    return found.dressed(lambda rows: with_agent_names(rows, agent_name="agent_id"))


ESTABLISHMENTS = Listing(
    "establishments",
    _("Establishments"),
    _("Places that may become customers. An agent books one before working on it."),
    columns=(
        Column("reference", _("Reference"), Mono(), to=To("establishments.show")),
        Column("name", _("Name"), sort=True, card="name", to=To("establishments.show")),
        Column(
            "kind",
            _("Kind"),
            Beside("cuisine", _("Cuisine"), Plain()),
            sort=True,
        ),
        Column("address", _("Address"), of=_address, card="note"),
        Column("postcode", _("Postcode"), shown=False),
        Column("city", _("City"), sort=True),
        Column("state", _("State"), Tag(), card="state"),
        Column(
            "agent_name", _("Agent"), Who(), card="more", to=To("agents.show", "reference", "agent_reference")
        ),
        Column("expires_at", _("Booked until"), Moment(), shown=False),
        Column("phone", _("Phone"), shown=False),
        Column("website", _("Website"), shown=False),
        Column("opening_hours", _("Opening hours"), Words(), shown=False),
    ),
    find=_find,
    filters=_filters,
    empty=Empty(
        "store",
        _("The catalogue is empty"),
        _("Import one with: ref import establishments FILE"),
    ),
    views=(
        View(_("All")),
        View(_("Free"), {"state": "free"}),
        View(_("Booked"), {"state": "booked"}),
        View(_("Connected"), {"state": "connected"}),
    ),
)
mount(bp, ESTABLISHMENTS, Permission.CATALOGUE_READ)


@bp.get("/<reference>")
@requires(Permission.CATALOGUE_READ)
def show(reference: str) -> Any:
    context = shown(reference)
    place = context["establishment"]
    return stories.page("establishments/show.html", "establishment", place.id, place.reference, **context)


def shown(reference: str) -> dict[str, Any]:
    """What the page of one place needs; the verbs of bookings answer with parts of it."""
    place = catalogue.find(reference)
    open_one = bookings.open_on(place.claim_group_id, at=clock.now())
    past = bookings.search(q=place.reference, state="ended").first(50)
    connected = referrals.search(q=place.reference).first(1)
    state = "connected" if place.connected_at else "booked" if open_one else "free"
    return {
        "establishment": dressed([place], lambda _place: {"state": state})[0],
        "booking": with_agent_names([open_one], agent_name="agent_id")[0] if open_one else None,
        "past": with_agent_names(past, agent_name="agent_id"),
        "referral": with_agent_names(connected, agent_name="agent_id")[0] if connected else None,
        "newest": stories.newest("establishment", place.id, place.reference),
        "form": BookingForm(formdata=None),
        "refusal": None,
    }
