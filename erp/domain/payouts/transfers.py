"""The second step of a payout at the bank: send the money once, then only ask.

The state `paying` is written before the bank is told to pay, so that whoever comes after a crash only asks.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.payouts import attempts, moves, rules
from erp.domain.payouts.news import EXECUTE
from erp.domain.payouts.rules import AttemptState, State
from erp.gateways.tbank import PayoutStatus
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute
from erp.kernel.outbox import enqueue


@dataclass(frozen=True)
class BankStep:
    """An operation at the bank that is to be paid, or asked about."""

    attempt_id: UUID
    key: str
    provider_payment_id: str
    amount: int


def begin_pay(payout_id: UUID, *, by: Actor, now: dt.datetime) -> BankStep | None:
    """Write down that the money is about to leave, while the check still counts; otherwise None.

    A check that was not used in time is given up: nothing was sent under its key, so a new one may be made.
    """
    payout = moves.locked(payout_id)
    if payout.state != State.CHECKED:
        return None
    attempt = attempts.live(payout_id)
    assert attempt is not None, "a checked payout has a live attempt"
    if why := attempts.why_not(payout):
        attempts.end(attempt, AttemptState.ABANDONED, why, now=now)
        moves.fail(payout, why, "", by=by, now=now)
        return None
    if now >= attempt.checked_until:
        attempts.end(attempt, AttemptState.ABANDONED, rules.LAPSED, now=now)
        attempts.check_again(payout, attempt, by=by, now=now)
        return None
    execute(
        "update payout_attempt set state = 'paying', sent_at = :now where id = :id", id=attempt.id, now=now
    )
    moves.to(payout, State.PAYING, now=now)
    audit.record("payout.sent", "payout", payout_id, by=by, at=now, details={"key": attempt.key})
    return _bank_step(payout, attempt)


def record_pay_refused(
    payout_id: UUID, attempt_id: UUID, *, code: str, message: str, by: Actor, now: dt.datetime
) -> None:
    """The bank refused in a way that is certain: nothing left, and nothing will under this key."""
    claimed = attempts.claimed(payout_id, attempt_id, *rules.WITH_THE_BANK)
    if claimed is not None:
        attempts.reject(*claimed, code, message, by=by, now=now)


def record_not_sent(payout_id: UUID, attempt_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """There was no connection, so the request never left: the check still counts."""
    claimed = attempts.claimed(payout_id, attempt_id, State.PAYING)
    if claimed is None or claimed[1].state != AttemptState.PAYING:
        return
    execute("update payout_attempt set state = 'checked', sent_at = null where id = :id", id=attempt_id)
    moves.to(claimed[0], State.CHECKED, now=now)
    audit.record("payout.not_sent", "payout", payout_id, by=by, at=now)
    enqueue(EXECUTE, payout_id, delay=5)


def begin_ask(payout_id: UUID) -> BankStep | None:
    """What the bank must be asked about, or None when the money is not with the bank."""
    payout = moves.locked(payout_id)
    attempt = attempts.live(payout_id)
    if payout.state not in rules.WITH_THE_BANK or attempt is None or attempt.provider_payment_id is None:
        return None
    attempts.asked_once_more(attempt.id)
    return _bank_step(payout, attempt)


def record_state(
    payout_id: UUID,
    attempt_id: UUID,
    *,
    status: PayoutStatus,
    code: str = "",
    message: str = "",
    by: Actor,
    now: dt.datetime,
) -> None:
    """What the bank says has become of money it was told to send. Only COMPLETED and REJECTED end anything.

    CHECKED is not "not sent": our request may still be on its way. The bank rejects it when the window has passed.
    """
    claimed = attempts.claimed(payout_id, attempt_id, *rules.WITH_THE_BANK)
    if claimed is None:
        return
    payout, attempt = claimed
    if status is PayoutStatus.COMPLETED:
        attempts.note_sent(attempt, now=now)
        attempts.end(attempt, AttemptState.PAID, None, now=now)
        moves.pay(payout, by=by, now=now)
    elif status is PayoutStatus.REJECTED:
        attempts.reject(payout, attempt, code or "rejected", message, by=by, now=now)
    elif status in rules.ON_ITS_WAY:
        attempts.note_sent(attempt, now=now)
        execute("update payout_attempt set state = 'completing' where id = :id", id=attempt_id)
        if payout.state == State.UNKNOWN:
            moves.to(payout, State.PAYING, now=now)
            audit.record("payout.on_its_way", "payout", payout_id, by=by, at=now)
        attempts.ask_later(attempt)
    else:
        attempts.to_unknown(payout, attempt, code or status.value, by=by, now=now)


def record_unanswered(
    payout_id: UUID, attempt_id: UUID, *, code: str | None, by: Actor, now: dt.datetime
) -> None:
    """Nobody knows whether the money left. It is asked about until the bank says, and never sent again."""
    claimed = attempts.claimed(payout_id, attempt_id, *rules.WITH_THE_BANK)
    if claimed is not None:
        attempts.to_unknown(*claimed, code, by=by, now=now)


def _bank_step(payout: sa.Row[Any], attempt: sa.Row[Any]) -> BankStep:
    return BankStep(attempt.id, attempt.key, attempt.provider_payment_id, moves.net(payout))
