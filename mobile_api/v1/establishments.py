"""The catalogue as an agent sees it: which places are free, which are taken, which are theirs."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, g
from pydantic import Field

from erp.domain import bookings, catalogue
from erp.kernel import clock
from erp.kernel.permissions import for_agent
from mobile_api import pages
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, ReferencePath, Shown, Words, example

api = noun("establishments", "Establishments: places of the catalogue that may become customers")
State = Literal["free", "booked", "connected"]


class Search(pages.PageQuery):
    q: Words = Field("", description="Words of the name or address, or a whole reference")
    city: Words = Field("", description="Exactly this city")
    kind: Words = Field("", description="Exactly this kind", examples=["cafe"])
    state: Literal["", "free", "booked", "connected"] = Field("", description="Only these")


class Establishment(Shown):
    model_config = example(
        {
            "reference": "EST-7K3M9QXD",
            "name": "Cafe Aino",
            "kind": "cafe",
            "cuisine": "finnish",
            "street": "Pohjoisesplanadi",
            "house": "21",
            "postcode": "00100",
            "city": "Helsinki",
            "country": "FI",
            "lat": 60.1676,
            "lon": 24.9472,
            "phone": "+358 9 1234567",
            "website": None,
            "opening_hours": "Mo-Fr 09:00-18:00",
            "state": "booked",
            "booked_until": "2026-12-06T04:30:00Z",
            "booking": "BKG-7K3M9QXD",
        }
    )

    reference: str
    name: str
    kind: str | None
    cuisine: str | None
    street: str | None
    house: str | None
    postcode: str | None
    city: str | None
    country: str | None
    lat: float | None
    lon: float | None
    phone: str | None
    website: str | None
    opening_hours: str | None
    state: State = Field(description="free, booked by some agent, or connected: a customer already")
    booked_until: Moment | None
    booking: str | None = Field(description="Reference of the booking, if it is your own")


class Establishments(Shown):
    items: list[Establishment]
    next: str | None


@api.get("/establishments", responses={200: Establishments})
@for_agent
def list_establishments(query: Search) -> Response:
    """Search the catalogue by words, city, kind and state."""
    page = bookings.search_places(
        now=clock.now(),
        q=query.q,
        city=query.city,
        kind=query.kind,
        state=query.state,
    ).page(pages.page_number(query), query.limit)
    items = [_shown(place, place.state, place) for place in page.rows]
    return answer(Establishments(items=items, next=pages.after(page)))


@api.get("/establishments/<reference>", responses={200: Establishment, 404: None})
@for_agent
def show_establishment(path: ReferencePath) -> Response:
    """Show one establishment and whether it can be booked."""
    place = catalogue.find(path.reference)
    booking = bookings.open_on(place.claim_group_id, at=clock.now())
    state = "connected" if place.connected_at else "booked" if booking else "free"
    return answer(_shown(place, state, booking))


def _shown(place: Any, state: str, booking: Any) -> Establishment:
    """`booking` has agent_id, expires_at and a reference under one of two names; None when there is none."""
    is_own = booking is not None and booking.agent_id == g.agent.id
    reference = getattr(booking, "booking_reference", None) or getattr(booking, "reference", None)
    return Establishment(
        **{name: getattr(place, name) for name in FROM_CATALOGUE},
        state=state,
        booked_until=booking.expires_at if booking is not None else None,
        booking=reference if is_own else None,
    )


FROM_CATALOGUE = tuple(
    name for name in Establishment.model_fields if name not in ("state", "booked_until", "booking")
)
