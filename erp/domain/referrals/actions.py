"""Clicks are remembered, and a contested attribution is decided by a person."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from erp.domain import agents, integrations
from erp.domain.referrals import rules
from erp.kernel import audit, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, scalar, violated
from erp.kernel.errors import NEEDED, Invalid, NotFound
from erp.kernel.ids import uuid7
from erp.kernel.sentences import Sentence

DECISIONS = {"uphold": "upheld", "transfer": "transferred"}


def record_click(code: str, *, now: dt.datetime) -> str | None:
    """Remember that somebody followed an agent's link: the token for their sign-up, or None for a dead link."""
    agent = agents.by_code(code)
    if agent is None or agent.state == "closed":
        return None
    token = uuid7()
    execute(
        "insert into click (id, agent_id, clicked_at) values (:id, :agent_id, :now)",
        id=token,
        agent_id=agent.id,
        now=now,
    )
    return str(token)


def decide_case(case_id: UUID, decision: str, note: str, *, by: Actor, now: dt.datetime) -> None:
    """`uphold`: the holder keeps the customer; `transfer`: the other agent gets them, with what was earned.

    Either way the referral's lines are let go of, by a job. Raises `CaseDecided` or `CannotTransfer`.
    """
    note = " ".join(note.split())
    if decision not in DECISIONS or not note:
        missing = {"note": NEEDED} if not note else {}
        unknown = (
            {"decision": Sentence("One of: %(kinds)s.", kinds=list(DECISIONS))}
            if decision not in DECISIONS
            else {}
        )
        raise Invalid(Sentence("Choose a decision and say why."), fields=missing | unknown)
    decided = row(
        """update attribution_case set state = :state, decided_at = :now, decided_by = :by, note = :note
           where id = :id and state = 'open' returning referral_id, holder_agent_id, other_agent_id""",
        id=case_id,
        state=DECISIONS[decision],
        now=now,
        by=str(by),
        note=note,
    )
    if decided is None:
        raise rules.CaseDecided if _exists(case_id) else NotFound
    if decision == "transfer":
        _transfer(case_id, decided.referral_id, decided.holder_agent_id, decided.other_agent_id)
    execute("update referral set frozen = false where id = :id", id=decided.referral_id)
    details = {"referral": str(decided.referral_id), "note": note}
    audit.record(f"case.{DECISIONS[decision]}", "attribution_case", case_id, by=by, at=now, details=details)
    job = "settle_referral" if decision == "transfer" else "release_frozen"
    outbox.enqueue(f"erp.jobs.commissions.{job}", decided.referral_id)


def _exists(case_id: UUID) -> bool:
    return bool(scalar("select count(*) from attribution_case where id = :id", id=case_id))


def _transfer(case_id: UUID, referral_id: UUID, holder: UUID, other: UUID) -> None:
    if scalar("select state from agent where id = :id for share", id=other) == "closed":
        raise rules.CannotTransfer
    try:
        with db.session.begin_nested():
            execute(
                """update referral_share set agent_id = :other
                   where referral_id = :referral_id and agent_id = :holder""",
                referral_id=referral_id,
                holder=holder,
                other=other,
            )
    except IntegrityError as refusal:
        if violated(refusal) != "no_self_referral":
            raise
        raise rules.CannotTransfer from refusal
    _record_transfer(case_id, referral_id)


def _record_transfer(case_id: UUID, referral_id: UUID) -> None:
    """The customer is a connection of the other agent now, and was so from the beginning: a fact that is told late."""
    referral = row("select customer_id, registered_at from referral where id = :id", id=referral_id)
    assert referral is not None
    integrations.record_event(
        integrations.NewEvent(
            "ref", f"transfer:{case_id}", "transfer", referral.customer_id, referral.registered_at
        )
    )
