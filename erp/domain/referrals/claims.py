"""What speaks for whom when a customer signs up: found in the books, strongest first, and judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain import agents, bookings, catalogue
from erp.domain.referrals import rules
from erp.domain.referrals.rules import Claim
from erp.kernel.db import row, rows


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """A new customer as the owner's product tells of it.

    `establishment` is a reference of ours, or a pair (source, id at that source). `occurred_at` None means now;
    `source_id` None means that the external id names the event too.
    """

    external_id: str
    kind: str
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    inn: str | None = None
    code: str | None = None
    click: str | None = None
    establishment: str | tuple[str, str] | None = None
    programme: str | None = None
    occurred_at: dt.datetime | None = None
    source_id: str | None = None


@dataclass(frozen=True)
class Arrival:
    """A sign-up while it is being attributed."""

    given: SignUp
    at: dt.datetime
    contacts: agents.ContactHashes
    place: sa.Row[Any] | None
    customer_id: UUID


def find_claims(arrival: Arrival, click_window_days: int) -> list[Claim]:
    """Every claim on this customer, strongest first, each judged. A place that is connected already has none."""
    if (
        arrival.place is not None
        and catalogue.hold_place(arrival.place.claim_group_id, alone=True) is not None
    ):
        return [Claim("booking", void="already_connected")]
    found = (_booking(arrival), _code(arrival), _click(arrival, click_window_days))
    return _judge([claim for claim in found if claim is not None], arrival.contacts)


def _booking(arrival: Arrival) -> Claim | None:
    if arrival.place is None:
        return None
    booking = bookings.open_on(arrival.place.claim_group_id, at=arrival.at)
    return booking and Claim("booking", booking.agent_id, booking_id=booking.id)


def _code(arrival: Arrival) -> Claim | None:
    if not arrival.given.code or not arrival.given.code.strip():
        return None
    agent = agents.by_code(arrival.given.code)
    if agent is None:  # what was typed may be anything, so it is not kept
        return Claim("code", void="unknown_code")
    return Claim("code", agent.id, code=agent.code)


def _click(arrival: Arrival, window_days: int) -> Claim | None:
    if not arrival.given.click:
        return None
    try:
        token = UUID(arrival.given.click)
    except ValueError:
        return Claim("click", void="unknown_click")
    click = row("select agent_id, clicked_at from click where id = :id", id=token)
    if click is None:
        return Claim("click", void="unknown_click")
    age = arrival.at - click.clicked_at
    inside = -rules.CLOCK_SKEW <= age <= dt.timedelta(days=window_days)
    return Claim("click", click.agent_id, click_id=token, void=None if inside else "outside_click_window")


def _judge(claims: Sequence[Claim], contacts: agents.ContactHashes) -> list[Claim]:
    """Void what its agent may not have. Their rows are held, so that no contact changes before commit."""
    ids = [claim.agent_id for claim in claims if claim.agent_id is not None]
    held = rows(
        """select id, state, phone_hash, email_hash, inn_hash from agent where id = any(:ids)
           order by id for share""",
        ids=ids,
    )
    verdicts = {
        id: rules.void(state, agents.ContactHashes(phone, email, inn), contacts)
        for id, state, phone, email, inn in held
    }
    return [
        replace(claim, void=claim.void or verdicts[claim.agent_id]) if claim.agent_id else claim
        for claim in claims
    ]
