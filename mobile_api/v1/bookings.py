"""An agent's exclusive claims on establishments, from booking to their end."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, g
from pydantic import BaseModel, Field

from erp.domain import bookings, catalogue
from erp.kernel import clock
from erp.kernel.errors import NotFound
from erp.kernel.permissions import for_agent
from erp.kernel.sentences import Sentence
from erp.kernel.transaction import transaction
from mobile_api import pages
from mobile_api.answers import answer, nothing
from mobile_api.idempotency import idempotent
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, Named, ReferencePath, Shown, example, named

api = noun("bookings", "Bookings: an agent's exclusive, time-limited claim on an establishment")
State = Literal["", "open", "ended", "connected", "released", "expired", "lost"]


class BookingQuery(pages.PageQuery):
    state: State = Field("", description="Only those that are open, have ended, or ended like this")


class StageChange(BaseModel):
    model_config = example({"stage": "contacted"})

    stage: Literal["contacted", "meeting", "agreed", "lost"] = Field(description="`lost` ends the booking")


class Booking(Shown):
    model_config = example(
        {
            "reference": "BKG-7K3M9QXD",
            "establishment": {"reference": "EST-7K3M9QXD", "name": "Cafe Aino"},
            "stage": "booked",
            "booked_at": "2026-11-22T04:30:00Z",
            "expires_at": "2026-12-06T04:30:00Z",
            "ended_at": None,
            "ending": None,
        }
    )

    reference: str
    establishment: Named
    stage: str = Field(description="booked, contacted, meeting or agreed: how far it has come")
    booked_at: Moment
    expires_at: Moment = Field(description="When the claim ends by itself")
    ended_at: Moment | None
    ending: str | None = Field(description="connected, released, expired or lost")


class Bookings(Shown):
    items: list[Booking]
    next: str | None


@api.post("/establishments/<reference>/booking", responses={201: Booking, 403: None, 404: None, 409: None})
@for_agent
@idempotent
def book_establishment(path: ReferencePath) -> Response:
    """Book an establishment: for a time, nobody else can.

    Of many who try at once, one gets it; the others get 409 `already_booked`.
    """
    made = bookings.book(g.agent.id, path.reference, by=g.actor, now=clock.now())
    return answer(_shown(bookings.find_for_agent(g.agent.id, made.reference)), 201)


@api.delete("/establishments/<reference>/booking", responses={204: None, 404: None, 409: None})
@for_agent
def release_establishment(path: ReferencePath) -> Response:
    """Give a booked establishment back before its time."""
    now = clock.now()
    with transaction():
        booking = bookings.open_on(catalogue.find(path.reference).claim_group_id, at=now)
        if booking is None or booking.agent_id != g.agent.id:
            raise NotFound(Sentence("You hold no booking on this establishment."))
        bookings.release(booking.id, by=g.actor, now=now)
    return nothing()


@api.get("/bookings", responses={200: Bookings})
@for_agent
def list_bookings(query: BookingQuery) -> Response:
    """List the agent's bookings, newest first."""
    found = bookings.of_agent(g.agent.id, state=query.state)
    page = found.page(pages.page_number(query), query.limit)
    return answer(Bookings(items=[_shown(booking) for booking in page.rows], next=pages.after(page)))


@api.get("/bookings/<reference>", responses={200: Booking, 404: None})
@for_agent
def show_booking(path: ReferencePath) -> Response:
    """Show one of the agent's bookings."""
    return answer(_shown(bookings.find_for_agent(g.agent.id, path.reference)))


@api.patch("/bookings/<reference>", responses={200: Booking, 404: None, 409: None})
@for_agent
def move_booking(path: ReferencePath, body: StageChange) -> Response:
    """Tell how far a booking has come, or that it is lost."""
    with transaction():
        booking = bookings.find_for_agent(g.agent.id, path.reference)
        bookings.move_stage(booking.id, body.stage, by=g.actor, now=clock.now())
        moved = bookings.find_for_agent(g.agent.id, path.reference)
    return answer(_shown(moved))


def _shown(booking: Any) -> Booking:
    return Booking(
        reference=booking.reference,
        establishment=named(booking.establishment_reference, booking.establishment_name),
        stage=booking.stage,
        booked_at=booking.booked_at,
        expires_at=booking.expires_at,
        ended_at=booking.ended_at,
        ending=booking.ending,
    )
