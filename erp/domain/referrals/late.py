"""What a person decides about a customer after the sign-up: attributed late, or given to another agent."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain import integrations, programmes
from erp.domain.referrals import rules
from erp.domain.referrals.actions import decide_case
from erp.domain.referrals.queries import shares
from erp.domain.referrals.sign_up import OURS, open_case
from erp.kernel import audit, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import Row, db, execute, row, rows, violated
from erp.kernel.errors import NotFound
from erp.kernel.ids import reference, uuid7

ACCRUE = "erp.jobs.commissions.accrue"


def attribute_late(customer_id: UUID, agent_id: UUID, *, by: Actor, now: dt.datetime) -> str:
    """Attribute a customer whom nobody had brought, as if the agent's code had been given at the sign-up.

    Pinned to the terms of that day; what was paid since earns by a job. The referral's reference. Raises `NotFound`,
    `AlreadyAttributed`, `CannotAttribute` or `NoActiveTerms`.
    """
    customer = _customer(customer_id)
    agent = row("select id, code, state from agent where id = :id for share", id=agent_id)
    if agent is None:
        raise NotFound
    if agent.state == "closed" or customer.unattributed_reason == "already_connected":
        raise rules.CannotAttribute
    terms = programmes.terms_to_pin(None, customer.signed_up_at)
    id, ref = uuid7(), reference("REF")
    try:
        with db.session.begin_nested():
            _write(id, ref, customer, agent, terms)
    except IntegrityError as refusal:
        refusals = {
            "no_self_referral": rules.CannotAttribute,
            "referral_customer_id_key": rules.AlreadyAttributed,
        }
        raise refusals.get(violated(refusal) or "", refusal) from refusal
    execute("update customer set unattributed_reason = null where id = :id", id=customer_id)
    details = {"agent": str(agent_id), "basis": "code", "terms": str(terms.id), "late": True}
    audit.record("referral.made", "referral", id, by=by, at=now, details=details)
    _tell_commissions(customer)
    return ref


def _customer(customer_id: UUID) -> Row:
    """Held until the transaction ends."""
    found = row(
        """select id, establishment_id, signed_up_at, unattributed_reason from customer
           where id = :id for no key update""",
        id=customer_id,
    )
    if found is None:
        raise NotFound
    return found


def _write(id: UUID, ref: str, customer: Row, agent: Row, terms: sa.Row[Any]) -> None:
    claim = rules.Claim("code", agent.id, code=agent.code)
    execute(
        """insert into referral (id, reference, customer_id, programme_id, terms_id, establishment_id, basis, code,
                                 proof, registered_at)
           values (:id, :reference, :customer_id, :programme_id, :terms_id, :establishment_id, 'code', :code,
                   cast(:proof as jsonb), :at)""",
        id=id,
        reference=ref,
        customer_id=customer.id,
        programme_id=terms.programme_id,
        terms_id=terms.id,
        establishment_id=customer.establishment_id,
        code=agent.code,
        proof=json.dumps({"claims": [claim.as_proof()], "late": True}),
        at=customer.signed_up_at,
    )
    execute(
        """insert into referral_share (referral_id, agent_id, bps, programme_id, connected_at)
           values (:id, :agent_id, :whole, :programme_id, :connected_at)""",
        id=id,
        agent_id=agent.id,
        whole=rules.WHOLE,
        programme_id=terms.programme_id,
        connected_at=customer.signed_up_at if customer.establishment_id else None,
    )


def _tell_commissions(customer: Row) -> None:
    """The connection is a fact told late; with it all that was paid since is looked at."""
    if customer.establishment_id:
        connection = integrations.NewEvent(
            OURS, f"connection:{customer.id}", "connection", customer.id, customer.signed_up_at
        )
        integrations.record_event(connection)
    found = rows(
        """select id from event where customer_id = :id and original_event_id is null
             and kind in ('sign_up', 'connection', 'payment') order by occurred_at, id""",
        id=customer.id,
    )
    outbox.enqueue_many(ACCRUE, [event_id for (event_id,) in found])


def transfer(referral_id: UUID, agent_id: UUID, note: str, *, by: Actor, now: dt.datetime) -> str:
    """Give a customer to another agent, with what was earned: a case that is opened and decided at once; its reference.

    Raises `NotFound`, `Invalid`, `AlreadyTheirs`, `CaseOpen` when one waits for a decision, or `CannotTransfer`.
    """
    parts = shares(referral_id)
    if not parts:
        raise NotFound
    if agent_id in {part.agent_id for part in parts}:
        raise rules.AlreadyTheirs
    case = open_case(referral_id, parts[0].agent_id, agent_id, kind="dispute", by=by, now=now)
    decide_case(case.id, "transfer", note, by=by, now=now)
    return case.reference
