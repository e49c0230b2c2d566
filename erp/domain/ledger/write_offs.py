"""Debts of agents that are given up: one person asks, another approves or refuses, and only then it is booked."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain.ledger.actions import Line, lock, post
from erp.domain.ledger.model import WRITE_OFF_REASONS
from erp.domain.ledger.queries import balances
from erp.kernel import audit, ids
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, violated
from erp.kernel.errors import DomainError, Invalid, NotFound, SamePerson
from erp.kernel.paging import Listed
from erp.kernel.sentences import Amount, Sentence
from erp.kernel.span import EVER, Span, within

KIND = "write_off"


class NoDebt(DomainError):
    code = "no_debt"
    sentence = Sentence("This agent owes nothing, so that there is nothing to write off.")


class WriteOffOpen(DomainError):
    code = "write_off_open"
    sentence = Sentence("Somebody has asked to write off a debt of this agent. It is to be decided first.")


class WriteOffDecided(DomainError):
    code = "write_off_decided"
    sentence = Sentence("This has been decided before. Look again.")


class DebtHasShrunk(DomainError):
    code = "debt_has_shrunk"
    sentence = Sentence(
        "The agent owes %(debt)s by now, less than was to be written off. Refuse it and ask anew."
    )


def ask_write_off(
    agent_id: UUID, *, amount: int, currency: str, reason: str, note: str, by: Actor, now: dt.datetime
) -> str:
    """Ask to give up `amount` minor units of what an agent owes; its reference. Nothing is booked yet.

    Raises `NoDebt`, `WriteOffOpen`, and `Invalid` for more than the debt.
    """
    debt = debt_of(agent_id, currency)
    if debt <= 0:
        raise NoDebt
    _check(amount, debt, currency, reason, note)
    id, reference = ids.uuid7(), ids.reference("WOF")
    try:
        with db.session.begin_nested():
            execute(
                """insert into write_off (id, reference, agent_id, amount, currency, reason, note, asked_by, asked_at)
                   values (:id, :reference, :agent_id, :amount, :currency, :reason, :note, :by, :now)""",
                id=id,
                reference=reference,
                agent_id=agent_id,
                amount=amount,
                currency=currency,
                reason=reason,
                note=" ".join(note.split()),
                by=str(by),
                now=now,
            )
    except IntegrityError as clash:
        if violated(clash) != "one_open_write_off_per_agent":
            raise
        raise WriteOffOpen from clash
    details = {"amount": amount, "currency": currency, "reason": reason}
    audit.record("write_off.asked", "write_off", id, by=by, at=now, details=details)
    return reference


def _check(amount: int, debt: int, currency: str, reason: str, note: str) -> None:
    fields: dict[str, Sentence] = {}
    if not 0 < amount <= debt:
        fields["amount"] = Sentence("More than nothing, and at most %(most)s.", most=Amount(debt, currency))
    if reason not in WRITE_OFF_REASONS:
        fields["reason"] = Sentence("Choose a reason.")
    if not note.strip():
        fields["note"] = Sentence("Say what was tried, and why nothing more will come.")
    if fields:
        raise Invalid(fields=fields)


def debt_of(agent_id: UUID, currency: str) -> int:
    """What an agent owes, in minor units; nothing when it is owed."""
    return max(0, -balances([agent_id], currency)[agent_id]["available"])


def approve_write_off(reference: str, *, by: Actor, now: dt.datetime) -> None:
    """Give the debt up: bad debt to available. Raises `NotFound`, `SamePerson`, `WriteOffDecided`, `DebtHasShrunk`."""
    write_off = _open(reference)
    if write_off.asked_by == str(by):
        raise SamePerson
    lock([write_off.agent_id], write_off.currency)
    debt = debt_of(write_off.agent_id, write_off.currency)
    if debt < write_off.amount:
        raise DebtHasShrunk(DebtHasShrunk.sentence.about(debt=Amount(debt, write_off.currency)))
    (transaction_id,) = post(
        [
            Line(
                KIND,
                reference,
                write_off.agent_id,
                "bad_debt",
                "available",
                write_off.amount,
                write_off.currency,
                now,
            )
        ],
        by=by,
    )
    _decide(write_off, "approved", "", transaction_id, by=by, now=now)


def refuse_write_off(reference: str, *, note: str, by: Actor, now: dt.datetime) -> None:
    """Leave the debt as it is; whoever asked may take it back so. Raises `NotFound`, `WriteOffDecided`, `Invalid`."""
    note = " ".join(note.split())
    if not note:
        raise Invalid(fields={"note": Sentence("Say why.")})
    _decide(_open(reference), "refused", note, None, by=by, now=now)


def _open(reference: str) -> sa.Row[Any]:
    """The write-off, held until the transaction ends."""
    write_off = row("select * from write_off where reference = :reference for update", reference=reference)
    if write_off is None:
        raise NotFound
    if write_off.state != "asked":
        raise WriteOffDecided
    return write_off


def _decide(
    write_off: sa.Row[Any], state: str, note: str, transaction_id: int | None, *, by: Actor, now: dt.datetime
) -> None:
    execute(
        """update write_off set state = :state, decided_by = :by, decided_at = :now, decision_note = :note,
                  transaction_id = :transaction_id where id = :id""",
        id=write_off.id,
        state=state,
        by=str(by),
        now=now,
        note=note or None,
        transaction_id=transaction_id,
    )
    details = {"note": note} if note else {}
    audit.record(f"write_off.{state}", "write_off", write_off.id, by=by, at=now, details=details)


def find_write_off(reference: str) -> sa.Row[Any]:
    """Raises `NotFound`."""
    found = row("select * from write_off where reference = :reference", reference=reference)
    if found is None:
        raise NotFound
    return found


SORTS = {
    "newest": "asked_at desc, id desc",
    "asked_at": "asked_at, id",
    "-asked_at": "asked_at desc, id desc",
    "amount": "amount, id",
    "-amount": "amount desc, id desc",
}


def search_write_offs(*, text: str = "", state: str = "", span: Span = EVER, sort: str = "") -> Listed:
    """Write-offs, newest first; `text` is the beginning of a reference, `span` is of the asking."""
    return Listed(
        f"""select * from write_off where (:text = '' or reference ilike :text || '%')
              and (:state = '' or state = :state) and {within("asked_at")}""",
        SORTS,
        sort,
        {"text": text.strip(), "state": state, **span.params},
    )
