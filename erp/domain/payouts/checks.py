"""The first step of a payout at the bank: learn whose phone it is. It moves no money and may be repeated."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp import config
from erp.domain.payouts import attempts, moves, rules
from erp.domain.payouts.news import EXECUTE
from erp.domain.payouts.rules import AttemptState, State
from erp.gateways.tbank import PAY_WITHIN, PayoutStatus
from erp.kernel import audit, ids, personal
from erp.kernel.actor import Actor
from erp.kernel.db import execute, scalar
from erp.kernel.outbox import enqueue


@dataclass(frozen=True)
class CheckStep:
    """What the bank is asked to look at, under `key`. Repeating it is harmless."""

    attempt_id: UUID
    key: str
    phone: str
    bank_member_id: str
    amount: int


def begin_check(payout_id: UUID, *, by: Actor, now: dt.datetime) -> CheckStep | None:
    """Claim the name check of an approved payout, or of one whose check was never answered; otherwise None.

    An agent who may not be paid any more fails the payout here.
    """
    payout = moves.locked(payout_id)
    if payout.state == State.UNKNOWN:
        return _check_again(payout)
    if payout.state not in (State.APPROVED, State.CHECKING):
        return None
    phone = personal.reveal(payout.agent_id, payout.phone_cipher)
    why = "agent_erased" if phone is None else attempts.why_not(payout)
    attempt = attempts.live(payout_id)
    if why is not None or phone is None:
        if attempt is not None:
            attempts.end(attempt, AttemptState.ABANDONED, why, now=now)
        moves.fail(payout, why or "agent_erased", "", by=by, now=now)
        return None
    if attempt is None:
        attempt = _new_attempt(payout, now)
        moves.to(payout, State.CHECKING, now=now)
        moves.start_run(payout.run_id)
        audit.record("payout.checking", "payout", payout_id, by=by, at=now, details={"key": attempt.key})
    return CheckStep(attempt.id, attempt.key, phone, payout.bank_member_id, moves.net(payout))


def _check_again(payout: sa.Row[Any]) -> CheckStep | None:
    """Repeat the check of a key that the bank refused as under way without saying under which number: it moves no
    money, and is the only question that the bank takes by our key."""
    attempt = attempts.live(payout.id)
    phone = personal.reveal(payout.agent_id, payout.phone_cipher)
    if attempt is None or not _is_only_checked(attempt) or phone is None:
        return None
    attempts.asked_once_more(attempt.id)
    return CheckStep(attempt.id, attempt.key, phone, payout.bank_member_id, moves.net(payout))


def _new_attempt(payout: sa.Row[Any], now: dt.datetime) -> sa.Row[Any]:
    """The index of live attempts refuses one while another has not ended."""
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
    attempt = attempts.live(payout.id)
    assert attempt is not None
    return attempt


def _is_only_checked(attempt: sa.Row[Any]) -> bool:
    """Nothing was sent under this key from here, and no operation of the bank is known that could be asked about."""
    return attempt.sent_at is None and attempt.provider_payment_id is None


def _being_checked(payout_id: UUID, attempt_id: UUID) -> tuple[sa.Row[Any], sa.Row[Any]] | None:
    """The payout and its attempt, if an answer to a check still counts: never after its money may have been sent."""
    claimed = attempts.claimed(payout_id, attempt_id, State.CHECKING, State.UNKNOWN)
    return claimed if claimed is not None and _is_only_checked(claimed[1]) else None


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
    """The bank looked: go on if the recipient's name is our agent's, give the money back if it is somebody else's.

    When it had called the key under way before, only its number is learnt: it is asked about that, and a check that
    is merely ready lapses, which ends the key for certain.
    """
    claimed = _being_checked(payout_id, attempt_id)
    if claimed is None:
        return
    payout, attempt = claimed
    if payout.state == State.UNKNOWN:
        attempts.learn_number(attempt_id, provider_payment_id)
        return attempts.ask_later(attempt)
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
        attempts.reject(payout, attempt, rules.LAPSED if lapsed else "rejected", "", by=by, now=now)
    else:
        attempts.to_unknown(payout, attempt, status.value, by=by, now=now)
    return None


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
        attempts.end(attempt, AttemptState.ABANDONED, "name_mismatch", now=now)
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
    """The bank will not pay this recipient, or cannot: the money is available again.

    A key that it called under way before may have been paid nevertheless, so that it is asked on.
    """
    claimed = _being_checked(payout_id, attempt_id)
    if claimed is not None and claimed[0].state == State.UNKNOWN:
        attempts.to_unknown(*claimed, code, by=by, now=now)
    elif claimed is not None:
        attempts.reject(*claimed, code, message, by=by, now=now)


def record_check_conflict(
    payout_id: UUID,
    attempt_id: UUID,
    *,
    code: str,
    provider_payment_id: str | None,
    by: Actor,
    now: dt.datetime,
) -> None:
    """The bank says that money of this key is under way already, though we never sent it.

    So our books know less than the bank, as after a restored copy. It is asked, by its number or by our key, and when
    it does not say in time, two people find out.
    """
    claimed = _being_checked(payout_id, attempt_id)
    if claimed is not None:
        attempts.note_unknown(*claimed, code, by=by, now=now)
        attempts.learn_number(attempt_id, provider_payment_id)
        attempts.ask_later(claimed[1])


def record_check_unanswered(payout_id: UUID, attempt_id: UUID) -> None:
    """Nobody knows whether the bank looked; no money moved, so it is asked to look again under the same key."""
    if _being_checked(payout_id, attempt_id) is not None:
        enqueue(EXECUTE, payout_id, delay=rules.ask_again_after(attempts.asked_once_more(attempt_id)))
