"""Reads of bookings, and of the catalogue with who has booked what."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain import catalogue
from erp.kernel.db import row, scalar
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed, alphabetical
from erp.kernel.span import EVER, Span, within

DETAIL = """select b.id, b.reference, b.stage, b.booked_at, b.expires_at, b.extended_at, b.extension_note,
                   b.ended_at, b.ending, b.agent_id, a.reference as agent_reference, a.code as agent_code,
                   b.establishment_id, b.claim_group_id, e.reference as establishment_reference,
                   e.name as establishment_name, e.kind as establishment_kind, e.street, e.house, e.city
            from booking b join agent a on a.id = b.agent_id join establishment e on e.id = b.establishment_id"""
SORTS = {
    "newest": "booked_at desc, id desc",
    "oldest": "booked_at, id",
    "expiring": "ended_at is not null, expires_at, id",
    "booked_at": "booked_at, id",
    "-booked_at": "booked_at desc, id desc",
    "expires_at": "ended_at is not null, expires_at, id",
    "-expires_at": "ended_at is not null, expires_at desc, id desc",
    "establishment": "lower(establishment_name), id",
    "-establishment": "lower(establishment_name) desc, id",
    "place": "lower(establishment_name), id",
    "agent": "agent_code, booked_at desc, id",
    "-agent": "agent_code desc, booked_at desc, id",
}
MOMENTS = {"booked": "b.booked_at", "expires": "b.expires_at", "ended": "b.ended_at"}
"""The moments by which a list of bookings can be cut."""
REACHED = {
    "contacted": "(b.stage <> 'booked' or b.ending = 'connected')",
    "meeting": "(b.stage in ('meeting', 'agreed') or b.ending = 'connected')",
    "agreed": "(b.stage = 'agreed' or b.ending = 'connected')",
    "connected": "coalesce(b.ending = 'connected', false)",
    "paid": """(b.ending = 'connected' and exists (
                 select 1 from referral r join event f on f.customer_id = r.customer_id and f.kind = 'payment'
                 where r.booking_id = b.id))""",
}
"""How far a booking came, at least. A place that connected has passed every stage, whichever of them was told."""
PLACE_STATE = """case when g.connected_at is not null then 'connected' when b.id is not null then 'booked'
                      else 'free' end"""
PLACE_IN_STATE = {
    "free": "g.connected_at is null and b.id is null",
    "booked": "g.connected_at is null and b.id is not null",
    "connected": "g.connected_at is not null",
}
PLACE_STATES = tuple(PLACE_IN_STATE)
PLACES = """establishment e join claim_group g on g.id = e.claim_group_id
            left join booking b on b.claim_group_id = e.claim_group_id and b.ended_at is null and b.expires_at > :now"""
PLACE_SORTS = {
    "name": f"{alphabetical('name')}, id",
    "city": f"city nulls last, {alphabetical('name')}, id",
    "kind": f"kind nulls last, {alphabetical('name')}, id",
    "-name": f"{alphabetical('name')} desc, id",
    "-city": f"city desc nulls last, {alphabetical('name')}, id",
    "-kind": f"kind desc nulls last, {alphabetical('name')}, id",
    "newest": "id desc",
}


def find(reference: str) -> sa.Row[Any]:
    return _one(row(f"{DETAIL} where b.reference = :reference", reference=reference.strip().upper()))


def find_for_agent(agent_id: UUID, reference: str) -> sa.Row[Any]:
    """One of the agent's own bookings; a stranger's does not exist for them."""
    return _one(
        row(
            f"{DETAIL} where b.reference = :reference and b.agent_id = :agent_id",
            reference=reference.strip().upper(),
            agent_id=agent_id,
        )
    )


def get(id: UUID) -> sa.Row[Any]:
    return _one(row(f"{DETAIL} where b.id = :id", id=id))


def open_on(claim_group_id: UUID, *, at: dt.datetime) -> sa.Row[Any] | None:
    """The booking that held a place at a moment, even if it has ended since."""
    return row(
        f"""{DETAIL} where b.claim_group_id = :id and b.booked_at <= :at and b.expires_at > :at
              and (b.ended_at is null or b.ended_at > :at)
            order by b.booked_at desc limit 1""",
        id=claim_group_id,
        at=at,
    )


def search(
    *,
    q: str = "",
    state: str = "",
    stage: str = "",
    reached: str = "",
    agent_id: UUID | None = None,
    span: Span = EVER,
    dated_by: str = "booked",
    sort: str = "newest",
) -> Listed:
    """Bookings by place, reference or agent's code; `state` is open, ended, or one of the endings.

    `reached` is a key of `REACHED`; `span` cuts by the moment that `dated_by`, a key of `MOMENTS`, names.
    """
    return Listed(
        f"""{DETAIL}
            where (:state = '' or b.ending = :state or (:state = 'open' and b.ended_at is null)
                   or (:state = 'ended' and b.ended_at is not null))
              and (:stage = '' or b.stage = :stage) and {REACHED.get(reached, "true")}
              and {within(MOMENTS.get(dated_by, MOMENTS["booked"]))}
              and (cast(:agent_id as uuid) is null or b.agent_id = :agent_id)
              and (:q = '' or b.reference = upper(:q) or a.code = upper(:q) or a.reference = upper(:q)
                   or e.reference = upper(:q) or strpos(lower(e.name), lower(:q)) > 0)""",
        SORTS,
        sort,
        {"q": q.strip(), "state": state, "stage": stage, "agent_id": agent_id, **span.params},
    )


def number_open(agent_id: UUID) -> int:
    """How many places an agent holds now."""
    sql = "select count(*) from booking where agent_id = :agent_id and ended_at is null"
    number: int = scalar(sql, agent_id=agent_id)
    return number


def of_agent(agent_id: UUID, *, state: str = "", sort: str = "newest") -> Listed:
    """An agent's own bookings."""
    return search(agent_id=agent_id, state=state, sort=sort)


def search_places(
    *,
    now: dt.datetime,
    q: str = "",
    city: str = "",
    kind: str = "",
    state: str = "",
    sort: str = "name",
) -> Listed:
    """Establishments with their state (free, booked, connected) and who holds them.

    A booking whose term is over counts as ended, whether or not the clock has come to it.
    """
    condition, params = catalogue.matching(q, city, kind)
    in_state = PLACE_IN_STATE.get(state, "false") if state else "true"
    return Listed(
        f"""select e.id, e.reference, e.name, e.kind, e.cuisine, e.street, e.house, e.postcode, e.city, e.country,
                   e.lat, e.lon, e.phone, e.website, e.opening_hours, {PLACE_STATE} as state, b.reference as booking_reference, b.stage, b.expires_at, b.agent_id,
                   a.reference as agent_reference, a.code as agent_code
            from {PLACES} left join agent a on a.id = b.agent_id
            where {condition} and {in_state}""",
        PLACE_SORTS,
        sort,
        {"now": now, **params},
        number=_number_of_places(condition, state),
    )


def _number_of_places(condition: str, state: str) -> str:
    """SQL for how many places are in a state. Most are free: those are counted by who is not."""

    def those(in_state: str) -> str:
        return f"(select count(*) from {PLACES} where {condition} and {in_state})"

    every = f"(select count(*) from establishment e where {condition})"
    if not state:
        return every
    if state == "free":
        return f"({every} - {those(PLACE_IN_STATE['booked'])} - {those(PLACE_IN_STATE['connected'])})"
    return those(PLACE_IN_STATE.get(state, "false"))


def _one(found: sa.Row[Any] | None) -> sa.Row[Any]:
    if found is None:
        raise NotFound
    return found
