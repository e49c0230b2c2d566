"""Reversals by hand: somebody takes back a commission or a part of it; above a limit a second person approves."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from erp.domain.commissions import refusals
from erp.domain.commissions.decisions import give_back, take_back
from erp.domain.commissions.rules import REVERSAL_CODES
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import Row, db, execute, row, violated
from erp.kernel.errors import NEEDED, Invalid, NotFound
from erp.kernel.ids import reference, uuid7
from erp.kernel.sentences import Amount, Sentence


class Asked(NamedTuple):
    """A reversal that was asked for, and whether it was done at once or waits for a second person."""

    reference: str
    is_done: bool


def ask_reversal(
    commission_id: int, *, amount: int, code: str, note: str, by: Actor, now: dt.datetime
) -> Asked:
    """Take back `amount` minor units of a commission, at whatever stage it is; what was paid out becomes a debt.

    Above the limit it waits for a second person. Raises `NotFound`, `NothingLeft`, `Invalid`.
    """
    note = _reasoned(code, note)
    line = row("select id, net, currency from commission_state where id = :id", id=commission_id)
    if line is None:
        raise NotFound
    if line.net <= 0:
        raise refusals.NothingLeft
    if not 0 < amount <= line.net:
        too_much = Sentence("At most %(left)s is left of it.", left=Amount(line.net, line.currency))
        raise Invalid(too_much, fields={"amount": too_much})
    return _ask(commission_id, None, amount, line.currency, code, note, by=by, now=now)


def ask_undo(reversal: str, *, code: str, note: str, by: Actor, now: dt.datetime) -> Asked:
    """Undo a reversal by a counter-decision, under the same limit. Raises `NotFound`, `Undone`, `Invalid`."""
    note = _reasoned(code, note)
    found = _locked(reversal)
    if found.state != "done" or found.undoes is not None:
        raise refusals.Undone
    return _ask(found.commission_id, found.id, found.amount, found.currency, code, note, by=by, now=now)


def _reasoned(code: str, note: str) -> str:
    note = " ".join(note.split())
    problems = {"note": NEEDED} if not note else {}
    if code not in REVERSAL_CODES:
        problems["code"] = Sentence("One of: %(kinds)s.", kinds=list(REVERSAL_CODES))
    if problems:
        raise Invalid(Sentence("Choose a reason and say why."), fields=problems)
    return note


def _ask(
    commission_id: int,
    undoes: UUID | None,
    amount: int,
    currency: str,
    code: str,
    note: str,
    *,
    by: Actor,
    now: dt.datetime,
) -> Asked:
    id, ref = uuid7(), reference("REV")
    try:
        with db.session.begin_nested():
            execute(
                """insert into manual_reversal (id, reference, commission_id, undoes, amount, currency, code, note,
                                                state, proposed_by, proposed_at)
                   values (:id, :reference, :commission_id, :undoes, :amount, :currency, :code, :note, 'proposed', :by,
                           :now)""",
                id=id,
                reference=ref,
                commission_id=commission_id,
                undoes=undoes,
                amount=amount,
                currency=currency,
                code=code,
                note=note,
                by=str(by),
                now=now,
            )
    except IntegrityError as clash:
        if violated(clash) != "manual_reversal_undone_once":
            raise
        raise refusals.Undone from clash
    details = {"amount": amount, "currency": currency, "code": code, "note": note}
    audit.record("reversal.proposed", "manual_reversal", id, by=by, at=now, details=details)
    if amount > limit_of(currency):
        return Asked(ref, False)
    _do(_locked(ref), by=by, now=now)
    return Asked(ref, True)


def limit_of(currency: str) -> int:
    """Up to so many minor units one person is enough."""
    found = row("select amount from reversal_limit where currency = :currency", currency=currency)
    return found.amount if found else 0


def approve_reversal(reversal: str, *, by: Actor, now: dt.datetime) -> None:
    """A second person agrees, and it is booked.

    Raises `NotFound`, `ReversalEnded`, `SecondPerson`, and what the decision raises when less is left by now.
    """
    found = _proposed(reversal)
    if found.proposed_by == str(by):
        raise refusals.SecondPerson
    _do(found, by=by, now=now)


def withdraw_reversal(reversal: str, *, by: Actor, now: dt.datetime) -> None:
    """Nothing comes of it: whoever asked takes it back, or somebody else says no. Raises `NotFound`, `ReversalEnded`."""
    found = _proposed(reversal)
    execute(
        "update manual_reversal set state = 'withdrawn', ended_by = :by, ended_at = :now where id = :id",
        id=found.id,
        by=str(by),
        now=now,
    )
    audit.record("reversal.withdrawn", "manual_reversal", found.id, by=by, at=now)


def _proposed(reversal: str) -> Row:
    found = _locked(reversal)
    if found.state != "proposed":
        raise refusals.ReversalEnded
    return found


def _locked(reversal: str) -> Row:
    """Held until the transaction ends. Raises `NotFound`."""
    found = row(
        """select r.id, r.reference, r.commission_id, r.undoes, r.amount, r.currency, r.code, r.note, r.state,
                  r.proposed_by, u.event_id as undone_event_id
           from manual_reversal r left join manual_reversal u on u.id = r.undoes
           where r.reference = :reference for update of r""",
        reference=reversal.strip().upper(),
    )
    if found is None:
        raise NotFound
    return found


def _do(found: Row, *, by: Actor, now: dt.datetime) -> None:
    reasoned = {"reason": found.code, "note": found.note}
    if found.undoes is None:
        event_id = take_back(found.commission_id, amount=found.amount, **reasoned, by=by, now=now)
    else:
        event_id = give_back(found.undone_event_id, **reasoned, by=by, now=now)
    execute(
        """update manual_reversal set state = 'done', ended_by = :by, ended_at = :now, event_id = :event_id
           where id = :id""",
        id=found.id,
        by=str(by),
        now=now,
        event_id=event_id,
    )
    audit.record("reversal.done", "manual_reversal", found.id, by=by, at=now)


def change_reversal_limit(currency: str, amount: int, *, by: Actor, now: dt.datetime) -> None:
    """From which amount on a second person is needed. Raises `Invalid`."""
    if amount < 0:
        raise Invalid(fields={"amount": Sentence("This cannot be less than nothing.")})
    before = limit_of(currency)
    execute(
        """insert into reversal_limit (currency, amount, changed_at) values (:currency, :amount, :now)
           on conflict (currency) do update set amount = :amount, changed_at = :now""",
        currency=currency,
        amount=amount,
        now=now,
    )
    details = {"before": before, "amount": amount, "currency": currency}
    audit.record("reversal_limit.changed", "reversal_limit", currency, by=by, at=now, details=details)
