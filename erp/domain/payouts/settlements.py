"""What became of a transfer when the bank does not say: one person finds out there, another confirms it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain.payouts import attempts, moves, rules
from erp.domain.payouts.refusals import AnotherTransfer, IllegalMove, Overtaken, SamePerson, TooEarly
from erp.domain.payouts.rules import AttemptState, Found, State
from erp.kernel import audit, ids
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, violated
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.sentences import Sentence


def propose_settlement(
    payout_reference: str,
    found: str,
    *,
    provider_payment_id: str = "",
    note: str,
    by: Actor,
    now: dt.datetime,
) -> UUID:
    """Write down what the bank's papers show of an unknown transfer; nothing moves until a second person confirms.

    It replaces what was written down before. `provider_payment_id` is the bank's number of a transfer that was made.
    Raises `NotFound`, `IllegalMove`, `TooEarly`, `Invalid`, `AnotherTransfer`.
    """
    payout = moves.locked_by_reference(payout_reference)
    attempt = _unknown(payout)
    opens_at = rules.settled_by_people_from(attempt.begun_at, attempt.sent_at)
    if now < opens_at:
        raise TooEarly(TooEarly.sentence.about(until=opens_at))
    number, note = provider_payment_id.strip(), " ".join(note.split())
    _check(found, number, note, attempt)
    execute(
        "update payout_settlement set replaced_at = :now where attempt_id = :id and replaced_at is null",
        id=attempt.id,
        now=now,
    )
    settlement_id = ids.uuid7()
    execute(
        """insert into payout_settlement (id, attempt_id, found, provider_payment_id, note, proposed_by, proposed_at)
           values (:id, :attempt_id, :found, :number, :note, :by, :now)""",
        id=settlement_id,
        attempt_id=attempt.id,
        found=found,
        number=number or None,
        note=note,
        by=str(by),
        now=now,
    )
    details = {"outcome": found, "note": note, "bank_number": number}
    audit.record("payout.settlement_proposed", "payout", payout.id, by=by, at=now, details=details)
    return settlement_id


def _unknown(payout: sa.Row[Any]) -> sa.Row[Any]:
    """The attempt whose outcome nobody knows."""
    attempt = attempts.live(payout.id)
    if payout.state != State.UNKNOWN or attempt is None:
        raise IllegalMove
    return attempt


def _check(found: str, number: str, note: str, attempt: sa.Row[Any]) -> None:
    fields = {}
    if found not in list(Found):
        fields["found"] = Sentence("Say what you found out.")
    if found == Found.PAID and not number:
        fields["provider_payment_id"] = Sentence("A transfer that was made has a number at the bank.")
    if attempt.provider_payment_id is not None and number not in ("", attempt.provider_payment_id):
        fields["provider_payment_id"] = Sentence(
            "The bank has this transfer as %(number)s.", number=attempt.provider_payment_id
        )
    if not note:
        fields["note"] = Sentence("Say where it was seen.")
    if fields:
        raise Invalid(fields=fields)
    if number and _belongs_to_another(number, attempt.id):
        raise AnotherTransfer(fields={"provider_payment_id": AnotherTransfer.sentence})


def _belongs_to_another(number: str, attempt_id: UUID) -> bool:
    sql = "select 1 from payout_attempt where provider_payment_id = :number and id <> :id"
    return row(sql, number=number, id=attempt_id) is not None


def confirm_settlement(settlement_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """A second person has seen the same: the transfer is paid, or its money is available to the agent again.

    Raises `NotFound`, `SamePerson`, `Overtaken`, `AnotherTransfer`.
    """
    settlement = row(
        """select s.*, p.reference from payout_settlement s join payout_attempt t on t.id = s.attempt_id
           join payout p on p.id = t.payout_id where s.id = :id""",
        id=settlement_id,
    )
    if settlement is None:
        raise NotFound
    if settlement.proposed_by == str(by):
        raise SamePerson(Sentence("You found this out yourself. A different person must confirm it."))
    payout = moves.locked_by_reference(settlement.reference)
    attempt = attempts.live(payout.id)
    confirmed = execute(
        """update payout_settlement set confirmed_by = :by, confirmed_at = :now
           where id = :id and replaced_at is null and confirmed_at is null""",
        id=settlement_id,
        by=str(by),
        now=now,
    ).rowcount
    if (
        not confirmed
        or payout.state != State.UNKNOWN
        or attempt is None
        or attempt.id != settlement.attempt_id
    ):
        raise Overtaken
    audit.record("payout.settlement_confirmed", "payout", payout.id, by=by, at=now)
    if settlement.found == Found.PAID:
        _was_paid(payout, attempt, settlement.provider_payment_id, by=by, now=now)
    else:
        attempts.end(attempt, AttemptState.ABANDONED, Found.NOT_SENT, now=now)
        moves.fail(payout, Found.NOT_SENT, settlement.note, by=by, now=now)


def _was_paid(payout: sa.Row[Any], attempt: sa.Row[Any], number: str, *, by: Actor, now: dt.datetime) -> None:
    try:
        with db.session.begin_nested():
            execute(
                "update payout_attempt set provider_payment_id = :number where id = :id",
                id=attempt.id,
                number=number,
            )
    except IntegrityError as clash:
        if violated(clash) != "payout_attempt_provider_provider_payment_id_key":
            raise
        raise AnotherTransfer from clash
    attempts.note_sent(attempt, now=now)
    attempts.end(attempt, AttemptState.PAID, None, now=now)
    moves.pay(payout, by=by, now=now)
