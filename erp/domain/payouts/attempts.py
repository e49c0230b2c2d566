"""One payout at the bank, step by step: every step is claimed in one transaction and recorded in another.

The state `paying` is written before the bank is told to pay, so that whoever comes after a crash only asks.
Outcomes that come late, when the payout has moved on, change nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp import config
from erp.domain import ledger
from erp.domain.payouts import moves, rules
from erp.domain.payouts.news import EXECUTE, FOLLOW
from erp.domain.payouts.rules import AttemptState, State
from erp.gateways.tbank import PAY_WITHIN, PayoutStatus
from erp.kernel import audit, ids, personal
from erp.kernel.actor import Actor
from erp.kernel.db import execute, row, scalar
from erp.kernel.outbox import enqueue


@dataclass(frozen=True)
class CheckStep:
    """What the bank is asked to look at, under `key`. Repeating it is harmless."""

    attempt_id: UUID
    key: str
    phone: str
    bank_member_id: str
    amount: int


@dataclass(frozen=True)
class BankStep:
    """An operation at the bank that is to be paid, or asked about."""

    attempt_id: UUID
    key: str
    provider_payment_id: str
    amount: int


def begin_check(payout_id: UUID, *, by: Actor, now: dt.datetime) -> CheckStep | None:
    """Claim the name check of an approved payout, or of one whose check was never answered; otherwise None.

    An agent who may not be paid any more fails the payout here.
    """
    payout = moves.locked(payout_id)
    if payout.state not in (State.APPROVED, State.CHECKING):
        return None
    phone = personal.reveal(payout.agent_id, payout.phone_cipher)
    why = "agent_erased" if phone is None else _why_not(payout)
    attempt = _live(payout_id)
    if why is not None or phone is None:
        if attempt is not None:
            _end(attempt, AttemptState.ABANDONED, why, now=now)
        moves.fail(payout, why or "agent_erased", "", by=by, now=now)
        return None
    if attempt is None:
        attempt = _new_attempt(payout, now)
        moves.to(payout, State.CHECKING, now=now)
        moves.start_run(payout.run_id)
        audit.record("payout.checking", "payout", payout_id, by=by, at=now, details={"key": attempt.key})
    return CheckStep(attempt.id, attempt.key, phone, payout.bank_member_id, payout.amount)


def _why_not(payout: sa.Row[Any]) -> str | None:
    """What has happened since the approval that forbids paying."""
    state = scalar("select state from agent where id = :id for share", id=payout.agent_id)
    if state != "active":
        return "agent_not_active"
    ledger.lock([payout.agent_id], payout.currency)
    balances = ledger.balances([payout.agent_id], payout.currency)[payout.agent_id]
    return "not_set_aside" if balances["in_payout"] < payout.amount else None


def _live(payout_id: UUID) -> sa.Row[Any] | None:
    return row(
        """select * from payout_attempt where payout_id = :id
             and state in ('begun', 'checked', 'paying', 'completing', 'unknown') for update""",
        id=payout_id,
    )


def _new_attempt(payout: sa.Row[Any], now: dt.datetime) -> sa.Row[Any]:
    number = scalar("select count(*) + 1 from payout_attempt where payout_id = :id", id=payout.id)
    execute(
        """insert into payout_attempt (id, payout_id, number, key, terminal_key, begun_at)
           values (:id, :payout_id, :number, :key, :terminal, :now)""",
        id=ids.uuid7(),
        payout_id=payout.id,
        number=number,
        key=f"{payout.reference}-{number}",
        terminal=config.get().tbank_payout_terminal_key,
        now=now,
    )
    attempt = _live(payout.id)
    assert attempt is not None
    return attempt


def record_check(
    payout_id: UUID,
    attempt_id: UUID,
    *,
    status: PayoutStatus,
    provider_payment_id: str,
    recipient_name: str | None,
    by: Actor,
    now: dt.datetime,
) -> None:
    """The bank looked: go on if the recipient's name is our agent's, give the money back if it is somebody else's."""
    claimed = _claimed(payout_id, attempt_id, State.CHECKING)
    if claimed is None:
        return
    payout, attempt = claimed
    execute(
        "update payout_attempt set provider_payment_id = :provider_id where id = :id",
        id=attempt_id,
        provider_id=provider_payment_id,
    )
    if status is PayoutStatus.CHECKED:
        _compare_names(payout, attempt, recipient_name, by=by, now=now)
    elif status in rules.STILL_LOOKING:
        enqueue(EXECUTE, payout_id, delay=2)
    elif status is PayoutStatus.REJECTED:
        lapsed = now > attempt.begun_at + PAY_WITHIN
        _reject(payout, attempt, rules.LAPSED if lapsed else "rejected", "", by=by, now=now)
    else:
        _to_unknown(payout, attempt, status.value, by=by, now=now)


def _compare_names(
    payout: sa.Row[Any], attempt: sa.Row[Any], recipient_name: str | None, *, by: Actor, now: dt.datetime
) -> None:
    """A bank that gives no name at all leaves nothing to compare; then the phone alone decides."""
    cipher = scalar("select name_cipher from agent where id = :id", id=payout.agent_id)
    ours = personal.reveal(payout.agent_id, cipher) or ""
    same = rules.names_match(recipient_name, ours) if recipient_name else None
    execute(
        """update payout_attempt set recipient_name_cipher = :name, name_match = :same where id = :id""",
        id=attempt.id,
        name=personal.protect(payout.agent_id, recipient_name) if recipient_name else None,
        same=same,
    )
    if same is False:
        _end(attempt, AttemptState.ABANDONED, "name_mismatch", now=now)
        moves.fail(payout, "name_mismatch", "", by=by, now=now)
        return
    execute(
        "update payout_attempt set state = 'checked', checked_until = :until where id = :id",
        id=attempt.id,
        until=rules.pay_until(now),
    )
    moves.to(payout, State.CHECKED, now=now)
    audit.record("payout.checked", "payout", payout.id, by=by, at=now, details={"name_match": same})


def record_check_refused(
    payout_id: UUID, attempt_id: UUID, *, code: str, message: str, by: Actor, now: dt.datetime
) -> None:
    """The bank will not pay this recipient, or cannot: the money is available again."""
    claimed = _claimed(payout_id, attempt_id, State.CHECKING)
    if claimed is not None:
        _reject(*claimed, code, message, by=by, now=now)


def record_check_conflict(
    payout_id: UUID, attempt_id: UUID, *, code: str, by: Actor, now: dt.datetime
) -> None:
    """The bank says that money of this key is under way already, though we never sent it: a person must find out."""
    claimed = _claimed(payout_id, attempt_id, State.CHECKING)
    if claimed is not None:
        _to_unknown(*claimed, code, by=by, now=now)


def record_check_unanswered(payout_id: UUID, attempt_id: UUID) -> None:
    """Nobody knows whether the bank looked; no money moved, so it is asked to look again under the same key."""
    if _claimed(payout_id, attempt_id, State.CHECKING) is not None:
        enqueue(EXECUTE, payout_id, delay=rules.ask_again_after(_asked_once_more(attempt_id)))


def begin_pay(payout_id: UUID, *, by: Actor, now: dt.datetime) -> BankStep | None:
    """Write down that the money is about to leave, while the check still counts; otherwise None.

    A check that was not used in time is given up: nothing was sent under its key, so a new one may be made.
    """
    payout = moves.locked(payout_id)
    if payout.state != State.CHECKED:
        return None
    attempt = _live(payout_id)
    assert attempt is not None, "a checked payout has a live attempt"
    if why := _why_not(payout):
        _end(attempt, AttemptState.ABANDONED, why, now=now)
        moves.fail(payout, why, "", by=by, now=now)
        return None
    if now >= attempt.checked_until:
        _end(attempt, AttemptState.ABANDONED, rules.LAPSED, now=now)
        _check_again(payout, attempt, by=by, now=now)
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
    claimed = _claimed(payout_id, attempt_id, *rules.WITH_THE_BANK)
    if claimed is not None:
        _reject(*claimed, code, message, by=by, now=now)


def record_not_sent(payout_id: UUID, attempt_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """There was no connection, so the request never left: the check still counts."""
    claimed = _claimed(payout_id, attempt_id, State.PAYING)
    if claimed is None or claimed[1].state != AttemptState.PAYING:
        return
    execute("update payout_attempt set state = 'checked', sent_at = null where id = :id", id=attempt_id)
    moves.to(claimed[0], State.CHECKED, now=now)
    audit.record("payout.not_sent", "payout", payout_id, by=by, at=now)
    enqueue(EXECUTE, payout_id, delay=5)


def begin_ask(payout_id: UUID) -> BankStep | None:
    """What the bank must be asked about, or None when the money is not with the bank."""
    payout = moves.locked(payout_id)
    attempt = _live(payout_id)
    if payout.state not in rules.WITH_THE_BANK or attempt is None or attempt.provider_payment_id is None:
        return None
    _asked_once_more(attempt.id)
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
    claimed = _claimed(payout_id, attempt_id, *rules.WITH_THE_BANK)
    if claimed is None:
        return
    payout, attempt = claimed
    if status is PayoutStatus.COMPLETED:
        _end(attempt, AttemptState.PAID, None, now=now)
        moves.pay(payout, by=by, now=now)
    elif status is PayoutStatus.REJECTED:
        _reject(payout, attempt, code or "rejected", message, by=by, now=now)
    elif status in rules.ON_ITS_WAY:
        execute("update payout_attempt set state = 'completing' where id = :id", id=attempt_id)
        if payout.state == State.UNKNOWN:
            moves.to(payout, State.PAYING, now=now)
            audit.record("payout.on_its_way", "payout", payout_id, by=by, at=now)
        _ask_later(attempt)
    else:
        _to_unknown(payout, attempt, code or status.value, by=by, now=now)


def record_unanswered(
    payout_id: UUID, attempt_id: UUID, *, code: str | None, by: Actor, now: dt.datetime
) -> None:
    """Nobody knows whether the money left. It is asked about until the bank says, and never sent again."""
    claimed = _claimed(payout_id, attempt_id, *rules.WITH_THE_BANK)
    if claimed is not None:
        _to_unknown(*claimed, code, by=by, now=now)


def _claimed(payout_id: UUID, attempt_id: UUID, *states: State) -> tuple[sa.Row[Any], sa.Row[Any]] | None:
    """The payout and its attempt, if they still are where the step left them."""
    payout = moves.locked(payout_id)
    attempt = _live(payout_id)
    if payout.state not in states or attempt is None or attempt.id != attempt_id:
        return None
    return payout, attempt


def _bank_step(payout: sa.Row[Any], attempt: sa.Row[Any]) -> BankStep:
    return BankStep(attempt.id, attempt.key, attempt.provider_payment_id, payout.amount)


def _end(attempt: sa.Row[Any], state: AttemptState, code: str | None, *, now: dt.datetime) -> None:
    execute(
        "update payout_attempt set state = :state, error_code = :code, ended_at = :now where id = :id",
        id=attempt.id,
        state=state.value,
        code=code,
        now=now,
    )


def _reject(
    payout: sa.Row[Any], attempt: sa.Row[Any], code: str, message: str, *, by: Actor, now: dt.datetime
) -> None:
    """Final at the bank: nothing moved under this key. A lapsed check is made again, anything else fails."""
    _end(attempt, AttemptState.REJECTED, code, now=now)
    if code == rules.LAPSED:
        _check_again(payout, attempt, by=by, now=now)
    else:
        moves.fail(payout, code, message, by=by, now=now)


def _check_again(payout: sa.Row[Any], attempt: sa.Row[Any], *, by: Actor, now: dt.datetime) -> None:
    if attempt.number >= rules.MOST_ATTEMPTS:
        return moves.fail(payout, rules.LAPSED, "", by=by, now=now)
    moves.to(payout, State.APPROVED, now=now)
    audit.record("payout.check_lapsed", "payout", payout.id, by=by, at=now, details={"key": attempt.key})
    return enqueue(EXECUTE, payout.id)


def _to_unknown(
    payout: sa.Row[Any], attempt: sa.Row[Any], code: str | None, *, by: Actor, now: dt.datetime
) -> None:
    execute(
        "update payout_attempt set state = 'unknown', error_code = :code where id = :id",
        id=attempt.id,
        code=code,
    )
    if payout.state != State.UNKNOWN:
        moves.to(payout, State.UNKNOWN, now=now)
        audit.record("payout.unknown", "payout", payout.id, by=by, at=now, details={"code": code})
    _ask_later(attempt)


def _ask_later(attempt: sa.Row[Any]) -> None:
    enqueue(FOLLOW, attempt.payout_id, delay=rules.ask_again_after(attempt.times_asked))


def _asked_once_more(attempt_id: UUID) -> int:
    times: int = scalar(
        "update payout_attempt set times_asked = times_asked + 1 where id = :id returning times_asked",
        id=attempt_id,
    )
    return times
