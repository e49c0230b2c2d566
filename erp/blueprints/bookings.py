"""Bookings: made and released by staff on the page of a place, moved through their stages on their own."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import StringField

from erp.blueprints import establishments, stories
from erp.blueprints.address import sort_key
from erp.blueprints.bulk_actions import BulkAction
from erp.blueprints.columns import Column, Moment, Mono, Tag, To, Who, Words
from erp.blueprints.establishments import BookingForm
from erp.blueprints.forms import Form, Within, attempt, choice, needed
from erp.blueprints.listing import Empty, Listing, Step, View, in_days
from erp.blueprints.lists import mount
from erp.blueprints.people import with_agent_names
from erp.blueprints.responses import done, refused
from erp.blueprints.seen import unchanged
from erp.blueprints.states import state_of, stated
from erp.blueprints.tags import format_tag
from erp.domain import agents, bookings, catalogue
from erp.kernel import clock
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.sentences import Sentence
from erp.kernel.transaction import transaction

bp = Blueprint("bookings", __name__)
STATES = ("open", *bookings.ENDINGS)
ICONS = {"booked": "bookmark", "contacted": "phone", "meeting": "calendar", "agreed": "handshake"}


OF_AGENT = To("agents.show", "reference", "agent_reference")


class BookingFilters(Within):
    state = choice(_("Any state"))
    stage = choice(_("Any stage"))
    reached = choice(_("Any progress"))
    by = choice(_("Dates are of the booking"))


class ExtensionForm(Form):
    note = StringField(_("Why it needs more time"), [needed])


class Stage(NamedTuple):
    """A stage on the way of a booking: `state` is done, current, failed or later."""

    title: str
    icon: str
    state: str
    text: str = ""
    at: Any = None


def _find(form: BookingFilters) -> Listed:
    found = bookings.search(
        q=form.value("q"),
        state=form.value("state"),
        stage=form.value("stage"),
        reached=form.value("reached"),
        span=form.span,
        dated_by=form.value("by"),
        sort=sort_key(),
    )
    return found.dressed(lambda rows: with_agent_names(rows, agent_name="agent_id"))


def _filters() -> BookingFilters:
    return BookingFilters(
        state=[(state, state_of(f"booking.{state}").label) for state in STATES],
        stage=stated(bookings.STAGES),
        reached=[
            (name, gettext("At least: %(stage)s", stage=state_of(name).label)) for name in bookings.REACHED
        ],
        by=[("expires", _("Dates are of the expiry")), ("ended", _("Dates are of the end"))],
    )


BOOKINGS = Listing(
    "bookings",
    _("Bookings"),
    _("An agent's exclusive, time-limited claim on an establishment."),
    columns=(
        Column("reference", _("Booking"), Mono(), to=To("bookings.show")),
        Column(
            "establishment",
            _("Establishment"),
            of="establishment_name",
            sort=True,
            card="name",
            to=To("bookings.show"),
        ),
        Column(
            "establishment_kind", _("Kind"), of=lambda row: format_tag(row.establishment_kind), shown=False
        ),
        Column("city", _("City"), quiet=True),
        Column("agent", _("Agent"), Who(), of="agent_name", sort=True, card="note", to=OF_AGENT),
        Column("stage", _("Stage"), Tag(), of=lambda row: row.ending or row.stage, card="state"),
        Column("booked_at", _("Booked"), Moment(), sort=True, quiet=True),
        Column(
            "expires_at",
            _("Expires"),
            Moment(is_near=True),
            of=lambda row: None if row.ended_at else row.expires_at,
            sort=True,
            card="sum",
            quiet=True,
        ),
        Column("ended_at", _("Ended"), Moment(), shown=False),
        Column("extension_note", _("Why extended"), Words(), shown=False),
    ),
    find=_find,
    filters=_filters,
    empty=Empty("bookmark", _("No booking yet"), _("Open an establishment to book it for an agent.")),
    step=Step(_("Find a place to book"), "establishments.index", Permission.BOOKINGS_WRITE, "store"),
    actions=(
        BulkAction(
            "release",
            _("Release"),
            "erp.domain.bookings.release",
            Permission.BOOKINGS_WRITE,
            _("Each place is free at once, and its agent loses the exclusive right."),
            "bookmark-x",
            kind="danger",
        ),
        BulkAction(
            "extend",
            _("Give one more term"),
            "erp.domain.bookings.extend",
            Permission.BOOKINGS_WRITE,
            _("Each booking lasts one more term. That is possible once."),
            "calendar-plus",
            asks=("note", _("Why they need more time")),
        ),
    ),
    views=(
        View(_("All")),
        View(lazy_pgettext("view", "Open"), {"state": "open"}),
        View(
            _("Expiring this week"),
            lambda: {"state": "open", "by": "expires", "until": in_days(7), "sort": "expires_at"},
        ),
        View(_("Agreed, not signed up"), {"state": "open", "stage": "agreed"}),
        View(lazy_pgettext("view", "Expired"), {"state": "expired"}),
        View(_("Connected"), {"state": "connected"}),
    ),
)
mount(bp, BOOKINGS, Permission.BOOKINGS_READ, at="/bookings")


@bp.get("/bookings/<reference>")
@requires(Permission.BOOKINGS_READ)
def show(reference: str) -> Any:
    context = _shown(reference)
    booking = context["booking"]
    return stories.page("bookings/show.html", "booking", booking.id, booking.reference, **context)


@bp.post("/establishments/<reference>/booking")
@requires(Permission.BOOKINGS_WRITE)
def create(reference: str) -> Any:
    place, form = catalogue.find(reference), BookingForm()
    with attempt(form) as tried, transaction():
        form.check()
        agent = agents.by_code(form.agent.data) or agents.find(form.agent.data)
        bookings.book(agent.id, place.id, by=current_user.actor, now=clock.now())
    if tried.refusal:
        context = establishments.shown(reference) | {"form": form, "refusal": tried.refusal}
        return refused("establishments/show.html", "establishments/_booking.html", **context)
    flash(gettext("%(place)s is booked.", place=place.name))
    url = url_for("establishments.show", reference=reference)
    return done(url, "establishments/_booking.html", **establishments.shown(reference))


@bp.delete("/establishments/<reference>/booking")
@bp.post("/establishments/<reference>/booking/release")
@requires(Permission.BOOKINGS_WRITE)
def release(reference: str) -> Any:
    """By DELETE, or by POST from a form, which knows no DELETE."""
    place = catalogue.find(reference)
    with attempt() as tried, transaction():
        held = bookings.open_on(place.claim_group_id, at=clock.now())
        if held is None:
            raise NotFound(Sentence("Nobody holds this place now."))
        unchanged("booking", held.id)
        bookings.release(held.id, by=current_user.actor, now=clock.now())
    context = establishments.shown(reference) | {"refusal": tried.refusal}
    if tried.refusal:
        return refused("establishments/show.html", "establishments/_booking.html", **context)
    flash(gettext("%(place)s is free again.", place=place.name))
    url = url_for("establishments.show", reference=reference)
    return done(url, "establishments/_booking.html", **context)


@bp.post("/bookings/<reference>/stage")
@requires(Permission.BOOKINGS_WRITE)
def stage(reference: str) -> Any:
    booking, to = bookings.find(reference), request.form.get("stage", "")
    with attempt() as tried, transaction():
        unchanged("booking", booking.id)
        bookings.move_stage(booking.id, to, by=current_user.actor, now=clock.now())
    context = _shown(reference) | {"refusal": tried.refusal}
    if tried.refusal:
        return refused("bookings/show.html", "bookings/_stage.html", **context)
    return done(url_for("bookings.show", reference=reference), "bookings/_stage.html", **context)


@bp.post("/bookings/<reference>/extension")
@requires(Permission.BOOKINGS_WRITE)
def extend(reference: str) -> Any:
    booking, form = bookings.find(reference), ExtensionForm()
    with attempt(form) as tried, transaction():
        unchanged("booking", booking.id)
        form.check()
        bookings.extend(booking.id, form.note.data, by=current_user.actor, now=clock.now())
    context = _shown(reference) | {"refusal": tried.refusal}
    if tried.refusal:
        return refused("bookings/show.html", "bookings/_stage.html", **context | {"extension_form": form})
    flash(gettext("The booking lasts one more term."))
    return done(url_for("bookings.show", reference=reference), "bookings/_stage.html", **context)


def _shown(reference: str) -> dict[str, Any]:
    (booking,) = with_agent_names([bookings.find(reference)], agent_name="agent_id")
    is_open = booking.ended_at is None and booking.expires_at > clock.now()
    moves = [stage for stage in (*bookings.STAGES, "lost") if stage in bookings.MOVES[booking.stage]]
    return {
        "booking": booking,
        "is_open": is_open,
        "stages": _stages(booking),
        "moves": moves if is_open else [],
        "newest": stories.newest("booking", booking.id, booking.reference),
        "extension_form": ExtensionForm(formdata=None),
        "refusal": None,
    }


def _stages(booking: Any) -> list[Stage]:
    """How far the agent has come, and how it ended."""
    reached = bookings.STAGES.index(booking.stage)
    stages = [
        Stage(
            str(state_of(name).label),
            ICONS[name],
            "done" if at < reached or booking.ended_at else "current" if at == reached else "later",
        )
        for at, name in enumerate(bookings.STAGES)
        if at <= reached or not booking.ended_at
    ]
    if booking.ended_at is None:
        return [*stages, Stage(gettext("Connected"), "link", "later")]
    ended = "done" if booking.ending == "connected" else "failed"
    icon = "link" if booking.ending == "connected" else "x"
    return [*stages, Stage(str(state_of(booking.ending).label), icon, ended, "", booking.ended_at)]
