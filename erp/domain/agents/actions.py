"""What an agent says of themselves, and what staff decide about an agent."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from erp.domain.agents import rules
from erp.kernel import audit, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, violated
from erp.kernel.errors import NEEDED, Invalid, NotFound
from erp.kernel.personal import lookup_hash, protect
from erp.kernel.sentences import Sentence


def update_profile(
    agent_id: UUID,
    *,
    name: str | None = None,
    email: str | None = None,
    inn: str | None = None,
    bank_member_id: str | None = None,
    bank_name: str | None = None,
    language: str | None = None,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Change what is given: None leaves a value, an empty text removes it. The bank is given as a pair.

    Raises `Invalid`, or `OwnCustomer` when the e-mail or INN belongs to a customer of this very agent.
    """
    changes: dict[str, str | bytes | None] = {}
    if name is not None:
        changes["name_cipher"] = _protected(agent_id, " ".join(name.split()))
    if email is not None:
        changes |= _contact(agent_id, "email", email.strip() and rules.normalise_email(email))
    if inn is not None:
        changes |= _contact(agent_id, "inn", inn.strip() and rules.normalise_inn(inn))
    if bank_member_id is not None or bank_name is not None:
        member, bank = (bank_member_id or "").strip(), (bank_name or "").strip()
        rules.check_bank(member, bank)
        changes |= {"bank_member_id": member or None, "bank_name": bank or None}
    if language is not None:
        rules.check_language(language)
        changes["language"] = language or None
    if not changes:
        return
    _write(agent_id, changes)
    fields = sorted(name.removesuffix("_cipher") for name in changes if not name.endswith("_hash"))
    audit.record("agent.profile_changed", "agent", agent_id, by=by, at=now, details={"fields": fields})


def _contact(agent_id: UUID, kind: str, value: str) -> dict[str, str | bytes | None]:
    return {
        f"{kind}_cipher": _protected(agent_id, value),
        f"{kind}_hash": lookup_hash(kind, value) if value else None,
    }


def _protected(agent_id: UUID, value: str) -> bytes | None:
    return protect(agent_id, value) if value else None


def _write(agent_id: UUID, changes: dict[str, str | bytes | None]) -> None:
    assignments = ", ".join(f"{column} = :{column}" for column in changes)
    try:
        with db.session.begin_nested():
            written = execute(f"update agent set {assignments} where id = :id", id=agent_id, **changes)
    except IntegrityError as refusal:
        if violated(refusal) != "no_self_referral":
            raise
        raise rules.OwnCustomer from refusal
    if not written.rowcount:
        raise NotFound


def activate(agent_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Let a new agent earn payouts, or lift a suspension: then a job lets go of what accrued frozen."""
    before = _state_for(agent_id, "active")
    execute(
        """update agent set state = 'active', activated_at = coalesce(activated_at, :now),
                  suspended_at = null, suspension_reason = null where id = :id""",
        id=agent_id,
        now=now,
    )
    audit.record("agent.activated", "agent", agent_id, by=by, at=now, details={"before": before})
    if before == "suspended":
        outbox.enqueue("erp.jobs.commissions.release_frozen_of_agent", agent_id)


def suspend(agent_id: UUID, reason: str, *, by: Actor, now: dt.datetime) -> None:
    """Stop an agent for a reason: no new bookings, and what they earn accrues frozen."""
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid(Sentence("Say why, for those who will be asked later."), fields={"reason": NEEDED})
    before = _state_for(agent_id, "suspended")
    execute(
        "update agent set state = 'suspended', suspended_at = :now, suspension_reason = :reason where id = :id",
        id=agent_id,
        now=now,
        reason=reason,
    )
    audit.record("agent.suspended", "agent", agent_id, by=by, at=now, details={"before": before})


def close(agent_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """End the agent's part for good: their sessions end, their code attributes nobody any more, and a job gives their
    places back. What they have earned stays theirs."""
    before = _state_for(agent_id, "closed")
    execute(
        """update agent set state = 'closed', closed_at = :now, suspended_at = null, suspension_reason = null
           where id = :id""",
        id=agent_id,
        now=now,
    )
    execute(
        "update agent_session set ended_at = :now, ending = 'closed' where agent_id = :id and ended_at is null",
        id=agent_id,
        now=now,
    )
    audit.record("agent.closed", "agent", agent_id, by=by, at=now, details={"before": before})
    outbox.enqueue("erp.jobs.bookings.release_of_agent", agent_id)


def _state_for(agent_id: UUID, move: str) -> str:
    """The present state, held until commit. Raises `IllegalMove` when it does not allow the move."""
    found = row("select state from agent where id = :id for no key update", id=agent_id)
    if found is None:
        raise NotFound
    if move not in rules.MOVES[found.state]:
        raise rules.IllegalMove(state=found.state)
    state: str = found.state
    return state
