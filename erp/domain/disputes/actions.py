"""Verbs of disputes: open, write, take on, decide, and what happens at the deadline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from erp.domain import agents, catalogue, commissions, payments, payouts, referrals, staff
from erp.domain.disputes import rules
from erp.kernel import audit, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import Row, db, execute, row, rows, violated
from erp.kernel.errors import NEEDED, Invalid, NotFound
from erp.kernel.ids import reference, uuid7
from erp.kernel.personal import protect
from erp.kernel.sentences import Sentence

TELL = "erp.jobs.disputes.tell"
AT_ONCE = 500


@dataclass(frozen=True)
class About:
    """What a dispute is about, by the references that people know. Of a commission the number."""

    commission: int | None = None
    payment: str | None = None
    referral: str | None = None
    customer: str | None = None
    payout: str | None = None
    establishment: str | None = None


def open_dispute(
    agent_id: UUID,
    kind: str,
    text: str,
    about: About,
    *,
    expected: int | None = None,
    by: Actor,
    now: dt.datetime,
) -> str:
    """An agent objects, or somebody of staff on the agent's behalf; the reference. It freezes nothing.

    `expected` is what the amount of a commission should be, in its minor units. Raises `Invalid`, `AlreadyDisputed`.
    """
    text = _text(text)
    own = by.kind == "agent"
    subjects = _subjects(about, agent_id if own else None)
    _fits(kind, subjects, agent_id)
    rule = row("select role, days, outcome from dispute_rule where kind = :kind", kind=kind)
    assert rule is not None
    id, ref = uuid7(), reference("DSP")
    currency = (
        subjects["commission"].currency if expected is not None and subjects.get("commission") else None
    )
    try:
        with db.session.begin_nested():
            execute(
                """insert into dispute (id, reference, agent_id, kind, commission_id, payment_id, referral_id,
                                        customer_id, payout_id, establishment_id, expected, currency, role, due_at,
                                        outcome, opened_at, opened_by)
                   values (:id, :reference, :agent_id, :kind, :commission, :payment, :referral, :customer, :payout,
                           :establishment, :expected, :currency, :role,
                           cast(:now as timestamptz) + make_interval(hours => 24 * cast(:days as integer)), :outcome, :now, :by)""",
                id=id,
                reference=ref,
                agent_id=agent_id,
                kind=kind,
                expected=expected if currency else None,
                currency=currency,
                role=rule.role,
                days=rule.days,
                outcome=rule.outcome,
                now=now,
                by=str(by),
                **{name: found and found.id for name, found in subjects.items()},
            )
    except IntegrityError as clash:
        if violated(clash) not in ("dispute_one_open_per_commission", "dispute_one_open_per_payout"):
            raise
        raise rules.AlreadyDisputed from clash
    _keep(id, agent_id, "message", text, by=by, now=now)
    audit.record("dispute.opened", "dispute", id, by=by, at=now, details={"kind": kind})
    return ref


def _text(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid(fields={"text": NEEDED})
    if len(text) > rules.LONGEST:
        raise Invalid(fields={"text": Sentence("At most %(most)s characters.", most=rules.LONGEST)})
    return text


FINDERS: dict[str, Callable[[Any, UUID | None], Any]] = {
    "commission": lambda id, agent: commissions.find(id, agent_id=agent),
    "payment": lambda ref, _agent: payments.find_payment(ref),
    "referral": lambda ref, agent: _referral(ref, agent),
    "customer": lambda ref, _agent: referrals.find_customer(ref),
    "payout": lambda ref, agent: payouts.find(ref, agent_id=agent),
    "establishment": lambda ref, _agent: catalogue.find(ref),
}


def _subjects(about: About, agent_id: UUID | None) -> dict[str, Any]:
    """The things themselves; of an agent only their own. Raises `Invalid` naming what is not there."""
    found, problems = {}, {}
    for name, finder in FINDERS.items():
        given = getattr(about, name)
        try:
            found[name] = finder(given, agent_id) if given else None
        except NotFound:
            problems[name] = Sentence("Nothing is known under this reference.")
    if problems:
        raise Invalid(fields=problems)
    return found


def _referral(ref: str, agent_id: UUID | None) -> Any:
    found = referrals.find(ref)
    if agent_id is not None and agent_id not in {share.agent_id for share in referrals.shares(found.id)}:
        raise NotFound
    return found


def _fits(kind: str, subjects: dict[str, Any], agent_id: UUID) -> None:
    """A wrong amount is that of a commission of the agent; what was refused is a payout or a sign-up."""
    if kind not in rules.KINDS:
        raise Invalid(fields={"kind": Sentence("One of: %(kinds)s.", kinds=list(rules.KINDS))})
    commission, payout = subjects["commission"], subjects["payout"]
    if kind == "wrong" and commission is None:
        raise Invalid(fields={"commission": Sentence("Say which commission is wrong.")})
    if commission is not None and commission.agent_id != agent_id:
        raise Invalid(fields={"commission": Sentence("This is another agent's.")})
    if payout is not None and payout.agent_id != agent_id:
        raise Invalid(fields={"payout": Sentence("This is another agent's.")})


def _keep(id: UUID, agent_id: UUID, kind: str, text: str, *, by: Actor, now: dt.datetime) -> UUID:
    """Keep what somebody wrote; when it was not the agent, a job sends word of it."""
    message_id = uuid7()
    try:
        cipher = protect(agent_id, text)
    except KeyError:
        raise NotFound from None  # the agent was erased
    execute(
        """insert into dispute_message (id, dispute_id, kind, text_cipher, written_at, written_by)
           values (:id, :dispute_id, :kind, :cipher, :now, :by)""",
        id=message_id,
        dispute_id=id,
        kind=kind,
        cipher=cipher,
        now=now,
        by=str(by),
    )
    if by.kind != "agent":
        outbox.enqueue(TELL, message_id)
    return message_id


def write(id: UUID, text: str, *, by: Actor, now: dt.datetime) -> None:
    """Add words to an open dispute, by the agent or by staff. Raises `NotFound`, `Invalid`, `DisputeDecided`."""
    text = _text(text)
    dispute = _open(id)
    _keep(id, dispute.agent_id, "message", text, by=by, now=now)
    audit.record("dispute.message_written", "dispute", id, by=by, at=now)


def take(id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Somebody of staff takes a dispute on: it shows among theirs. Raises `NotFound`, `DisputeDecided`."""
    _open(id)
    execute("update dispute set assigned_to = :staff where id = :id", id=id, staff=UUID(by.id))
    audit.record("dispute.taken", "dispute", id, by=by, at=now)


def link(id: UUID, about: About, *, by: Actor, now: dt.datetime) -> None:
    """Staff found out what a dispute is about. Raises `NotFound`, `Invalid`."""
    subjects = {name: found for name, found in _subjects(about, None).items() if found is not None}
    if not subjects:
        raise Invalid(fields={"customer": NEEDED})
    assignments = ", ".join(f"{name}_id = :{name}" for name in subjects)
    ids = {name: found.id for name, found in subjects.items()}
    if not execute(f"update dispute set {assignments} where id = :id", id=id, **ids).rowcount:
        raise NotFound
    details = {name: getattr(about, name) for name in subjects}
    audit.record("dispute.linked", "dispute", id, by=by, at=now, details=details)


def decide(id: UUID, decision: str, code: str, note: str, *, by: Actor, now: dt.datetime) -> None:
    """`uphold`, `partly` or `reject` a dispute for a coded reason, with a note to the agent, who is told.

    Raises `NotFound`, `Invalid`, `DisputeDecided`, `NotTheirDispute`.
    """
    note = _reasoned(decision, code, note)
    dispute = _open(id)
    _may_decide(dispute, by)
    _decided(dispute, decision, code, note, by=by, now=now)


def _reasoned(decision: str, code: str, note: str) -> str:
    problems: dict[str, Sentence] = {}
    if decision not in rules.DECISIONS:
        problems["decision"] = Sentence("One of: %(kinds)s.", kinds=list(rules.DECISIONS))
    if code not in rules.CHOICES:
        problems["code"] = Sentence("One of: %(kinds)s.", kinds=list(rules.CHOICES))
    if not note.strip():
        problems["note"] = NEEDED
    elif len(note) > rules.LONGEST:
        problems["note"] = Sentence("At most %(most)s characters.", most=rules.LONGEST)
    if problems:
        raise Invalid(Sentence("Choose a decision and say why."), fields=problems)
    return note.strip()


def _may_decide(dispute: Row, by: Actor) -> None:
    """The role that the dispute names, or an administrator."""
    if by.kind != "staff":
        return
    person = staff.identity(UUID(by.id))
    if person is None or not {dispute.role, "admin"} & set(person.roles):
        raise rules.NotTheirDispute


def _decided(
    dispute: Row, decision: str, code: str, note: str | None, *, by: Actor, now: dt.datetime
) -> None:
    execute(
        "update dispute set state = :state, decided_at = :now, decided_by = :by, code = :code where id = :id",
        id=dispute.id,
        state=rules.DECISIONS[decision],
        now=now,
        by=str(by),
        code=code,
    )
    _keep(dispute.id, dispute.agent_id, "decision", note or "", by=by, now=now)
    details = {"code": code}
    audit.record(
        f"dispute.{rules.DECISIONS[decision]}", "dispute", dispute.id, by=by, at=now, details=details
    )


def _open(id: UUID) -> Row:
    """The dispute, held until the transaction ends. Raises `NotFound`, `DisputeDecided`."""
    found = row("select id, agent_id, state, role from dispute where id = :id for update", id=id)
    if found is None:
        raise NotFound
    if found.state != "open":
        raise rules.DisputeDecided
    return found


def carry_out_due(*, by: Actor, now: dt.datetime, limit: int = AT_ONCE) -> int:
    """Where nobody has decided by the deadline, decide as the owner chose for it; how many that was."""
    due = rows(
        """select id, agent_id, state, role, outcome from dispute
           where state = 'open' and due_at <= :now and outcome <> 'stay'
           order by due_at, id limit :limit for update skip locked""",
        now=now,
        limit=limit,
    )
    for dispute in due:
        _decided(dispute, dispute.outcome, rules.DEADLINE, None, by=by, now=now)
    return len(due)


TOLD = {
    "message": Sentence("Ref: we have written to you about %(reference)s. Read it in RefAPP."),
    "upheld": Sentence("Ref: %(reference)s was decided for you. Read why in RefAPP."),
    "partly": Sentence("Ref: %(reference)s was decided partly for you. Read why in RefAPP."),
    "rejected": Sentence("Ref: %(reference)s was rejected. Read why in RefAPP."),
}


def text_to_send(message_id: UUID) -> agents.Text | None:
    """The text that tells an agent of a message, or None when it was sent or nobody can be told any more."""
    found = row(
        """select m.kind, d.state, d.reference, d.agent_id from dispute_message m join dispute d on d.id = m.dispute_id
           where m.id = :id and m.told_at is null""",
        id=message_id,
    )
    if found is None:
        return None
    body = TOLD[found.state if found.kind == "decision" else "message"].about(reference=found.reference)
    return agents.text_for(found.agent_id, body)


def record_told(message_id: UUID, *, now: dt.datetime) -> None:
    execute("update dispute_message set told_at = :now where id = :id", id=message_id, now=now)
