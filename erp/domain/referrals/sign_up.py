"""A customer signs up with the owner, and is attributed once and for all."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain import agents, bookings, catalogue, integrations, programmes
from erp.domain.referrals import rules
from erp.domain.referrals.claims import Arrival, SignUp, find_claims
from erp.domain.referrals.rules import Claim
from erp.kernel import audit, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, violated
from erp.kernel.errors import NEEDED, Invalid, NotFound
from erp.kernel.ids import reference, uuid7
from erp.kernel.personal import lookup_hash, new_person, protect
from erp.kernel.sentences import Sentence

PRODUCT = "product"
OURS = "ref"
ACCRUE = "erp.jobs.commissions.accrue"


@dataclass(frozen=True)
class SignedUp:
    """What became of a sign-up, in references. `reason` says why nobody was attributed; `again`: a repetition."""

    customer: str
    customer_id: UUID
    referral: str | None
    agent_code: str | None
    basis: str | None
    case: str | None
    reason: str | None
    again: bool = False


def sign_up(given: SignUp, *, by: Actor, now: dt.datetime) -> SignedUp:
    """Register a customer and attribute them by open booking, code, click, or to nobody.

    The same sign-up again gets the same answer. Raises `Invalid`, `SignUpConflict`, or `NoActiveTerms`.
    """
    at = _moment(given, now)
    place = _place(given)
    digest = lookup_hash("sign_up", json.dumps(asdict(given), default=str, sort_keys=True))
    contacts = agents.contact_hashes(given.phone, given.email, given.inn)
    customer_id = _register(given, at, digest, contacts, place)
    if customer_id is None:
        return _answer_again(given.external_id, digest)
    arrival = Arrival(given, at, contacts, place, customer_id)
    audit.record("customer.signed_up", "customer", customer_id, by=by, at=now)
    terms = programmes.terms_to_pin(given.programme, at)
    claims = find_claims(arrival, terms.click_window_days)
    chosen = rules.choose(claims)
    if chosen is None:
        reason = rules.unattributed_reason(claims)
        execute(
            "update customer set unattributed_reason = :reason where id = :id", reason=reason, id=customer_id
        )
    else:
        _attribute(arrival, claims, chosen, terms, by, now)
    if place is not None:
        catalogue.mark_connected(place.claim_group_id, at=at)
        winner = chosen.booking_id if chosen else None
        bookings.connect(place.claim_group_id, winner=winner, by=by, now=now)
    _record_events(arrival, attributed=chosen is not None)
    return _answer(given.external_id, again=False)


def _moment(given: SignUp, now: dt.datetime) -> dt.datetime:
    """When it happened. A product whose clock runs a little ahead is told nothing; the future is refused."""
    fields: dict[str, Sentence] = {}
    if not given.external_id.strip():
        fields["external_id"] = NEEDED
    if given.kind not in rules.KINDS:
        fields["kind"] = Sentence("One of: %(kinds)s.", kinds=rules.KINDS)
    if given.occurred_at is not None and given.occurred_at > now + rules.CLOCK_SKEW:
        fields["occurred_at"] = Sentence("This lies in the future.")
    if fields:
        raise Invalid(fields=fields)
    return min(given.occurred_at or now, now)


def _place(given: SignUp) -> sa.Row[Any] | None:
    if given.establishment is None:
        return None
    try:
        if isinstance(given.establishment, str):
            return catalogue.find(given.establishment)
        return catalogue.find_by_source(*given.establishment)
    except NotFound:
        raise Invalid(
            Sentence("There is no such establishment in the catalogue."),
            fields={"establishment": Sentence("Nothing is known under this reference.")},
        ) from None


def _register(
    given: SignUp,
    at: dt.datetime,
    digest: bytes,
    contacts: agents.ContactHashes,
    place: sa.Row[Any] | None,
) -> UUID | None:
    """The new customer's id, or None when the external id is registered; the unique index settles the race."""
    try:
        with db.session.begin_nested():
            customer_id = new_person()
            execute(
                """insert into customer (id, reference, external_id, request_hash, kind, establishment_id,
                                         name_cipher, phone_hash, email_hash, inn_hash, signed_up_at)
                   values (:id, :reference, :external_id, :digest, :kind, :establishment_id, :name,
                           :phone, :email, :inn, :at)""",
                id=customer_id,
                reference=reference("CUS"),
                external_id=given.external_id,
                digest=digest,
                kind=given.kind,
                establishment_id=place.id if place else None,
                name=protect(customer_id, given.name) if given.name else None,
                at=at,
                **asdict(contacts),
            )
    except IntegrityError as refusal:
        if violated(refusal) != "customer_external_id_key":
            raise
        return None
    return customer_id


def _answer_again(external_id: str, digest: bytes) -> SignedUp:
    known = row("select request_hash from customer where external_id = :id", id=external_id)
    if known is None or bytes(known.request_hash) != digest:
        raise rules.SignUpConflict
    return _answer(external_id, again=True)


def _attribute(
    arrival: Arrival,
    claims: Sequence[Claim],
    chosen: Claim,
    terms: sa.Row[Any],
    by: Actor,
    now: dt.datetime,
) -> None:
    """Write the referral with its share, pinned to the terms; a rival code freezes it and opens a case."""
    assert chosen.agent_id is not None
    id, rival = uuid7(), rules.rival(claims, chosen)
    place_id = arrival.place.id if arrival.place else None
    execute(
        """insert into referral (id, reference, customer_id, programme_id, terms_id, establishment_id, basis,
                                 booking_id, click_id, code, proof, frozen, registered_at)
           values (:id, :reference, :customer_id, :programme_id, :terms_id, :establishment_id, :basis,
                   :booking_id, :click_id, :code, cast(:proof as jsonb), :frozen, :at)""",
        id=id,
        reference=reference("REF"),
        customer_id=arrival.customer_id,
        programme_id=terms.programme_id,
        terms_id=terms.id,
        establishment_id=place_id,
        basis=chosen.basis,
        booking_id=chosen.booking_id,
        click_id=chosen.click_id,
        code=chosen.code,
        proof=json.dumps({"claims": [claim.as_proof() for claim in claims]}),
        frozen=rival is not None,
        at=arrival.at,
    )
    _give_share(id, chosen.agent_id, terms.programme_id, arrival)
    details = {"agent": str(chosen.agent_id), "basis": chosen.basis, "terms": str(terms.id)}
    audit.record("referral.made", "referral", id, by=by, at=now, details=details)
    if rival is not None:
        open_case(id, chosen.agent_id, rival, kind="booking_against_code", by=by, now=now)


def _give_share(referral_id: UUID, agent_id: UUID, programme_id: UUID, arrival: Arrival) -> None:
    """All of the referral to one agent; it counts as a connection when the customer is a place."""
    execute(
        """insert into referral_share (referral_id, agent_id, bps, programme_id, connected_at)
           values (:referral_id, :agent_id, :whole, :programme_id, :connected_at)""",
        referral_id=referral_id,
        agent_id=agent_id,
        whole=rules.WHOLE,
        programme_id=programme_id,
        connected_at=arrival.at if arrival.place else None,
    )


class Case(NamedTuple):
    id: UUID
    reference: str


def open_case(
    referral_id: UUID, holder: UUID, other: UUID, *, kind: str, by: Actor, now: dt.datetime
) -> Case:
    """Two agents claim one customer; of one referral one case is open at a time. Raises `CaseOpen`."""
    case = Case(uuid7(), reference("CASE"))
    try:
        with db.session.begin_nested():
            execute(
                """insert into attribution_case (id, reference, referral_id, kind, holder_agent_id, other_agent_id,
                                                 opened_at)
                   values (:id, :reference, :referral_id, :kind, :holder, :other, :now)""",
                **case._asdict(),
                kind=kind,
                referral_id=referral_id,
                holder=holder,
                other=other,
                now=now,
            )
    except IntegrityError as clash:
        if violated(clash) != "attribution_case_one_open_per_referral":
            raise
        raise rules.CaseOpen from clash
    details = {"referral": str(referral_id)}
    audit.record("case.opened", "attribution_case", case.id, by=by, at=now, details=details)
    return case


def _record_events(arrival: Arrival, *, attributed: bool) -> None:
    """The facts. Both may earn, and a connection that is told late changes tiers of the past: the engine looks."""
    source_id = arrival.given.source_id or f"sign_up:{arrival.given.external_id}"
    fact = integrations.NewEvent(PRODUCT, source_id, "sign_up", arrival.customer_id, arrival.at)
    signed_up = integrations.record_event(fact)
    if signed_up is None:
        raise rules.SignUpConflict
    if attributed:
        outbox.enqueue(ACCRUE, signed_up)
    if attributed and arrival.place is not None:
        connection = replace(
            fact, source=OURS, source_id=f"connection:{arrival.customer_id}", kind="connection"
        )
        outbox.enqueue(ACCRUE, integrations.record_event(connection) or 0)


def _answer(external_id: str, *, again: bool) -> SignedUp:
    """What was decided about a customer when they signed up, or since."""
    found = row(
        """select c.id, c.reference, c.unattributed_reason, r.reference as referral, r.basis, a.code,
                  (select k.reference from attribution_case k where k.referral_id = r.id limit 1) as case
           from customer c left join referral r on r.customer_id = c.id
                left join referral_share s on s.referral_id = r.id left join agent a on a.id = s.agent_id
           where c.external_id = :external_id order by s.bps desc, s.agent_id limit 1""",
        external_id=external_id,
    )
    assert found is not None
    return SignedUp(
        customer=found.reference,
        customer_id=found.id,
        referral=found.referral,
        agent_code=found.code,
        basis=found.basis,
        case=found.case,
        reason=found.unattributed_reason,
        again=again,
    )
