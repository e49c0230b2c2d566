"""One key under which a payout is tried at the bank, and what its end means for the payout.

Outcomes that come late, when the payout has moved on, change nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain import ledger
from erp.domain.payouts import moves, rules
from erp.domain.payouts.news import EXECUTE, FOLLOW
from erp.domain.payouts.rules import AttemptState, State
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, row, scalar
from erp.kernel.outbox import enqueue


def live(payout_id: UUID) -> sa.Row[Any] | None:
    """The attempt of a payout that has not ended, held until the transaction ends; there is at most one."""
    return row(
        """select * from payout_attempt where payout_id = :id
             and state in ('begun', 'checked', 'paying', 'completing', 'unknown') for update""",
        id=payout_id,
    )


def claimed(payout_id: UUID, attempt_id: UUID, *states: State) -> tuple[sa.Row[Any], sa.Row[Any]] | None:
    """The payout and its attempt, if they still are where the step left them."""
    payout = moves.locked(payout_id)
    attempt = live(payout_id)
    if payout.state not in states or attempt is None or attempt.id != attempt_id:
        return None
    return payout, attempt


def why_not(payout: sa.Row[Any]) -> str | None:
    """What has happened since the approval that forbids paying."""
    sql = f"select {rules.MAY_BE_PAID} from agent a where a.id = :id for share"
    if not scalar(sql, id=payout.agent_id):
        return "agent_not_active"
    ledger.lock([payout.agent_id], payout.currency)
    balances = ledger.balances([payout.agent_id], payout.currency)[payout.agent_id]
    return "not_set_aside" if balances["in_payout"] < payout.amount else None


def end(attempt: sa.Row[Any], state: AttemptState, code: str | None, *, now: dt.datetime) -> None:
    execute(
        "update payout_attempt set state = :state, error_code = :code, ended_at = :now where id = :id",
        id=attempt.id,
        state=state.value,
        code=code,
        now=now,
    )


def reject(
    payout: sa.Row[Any], attempt: sa.Row[Any], code: str, message: str, *, by: Actor, now: dt.datetime
) -> None:
    """Final at the bank: nothing moved under this key. A lapsed check is made again, anything else fails."""
    end(attempt, AttemptState.REJECTED, code, now=now)
    if code == rules.LAPSED:
        check_again(payout, attempt, by=by, now=now)
    else:
        moves.fail(payout, code, message, by=by, now=now)


def check_again(payout: sa.Row[Any], attempt: sa.Row[Any], *, by: Actor, now: dt.datetime) -> None:
    """A new key may be made, because the old one has ended without money; not for ever."""
    if attempt.number >= rules.MOST_ATTEMPTS:
        return moves.fail(payout, rules.LAPSED, "", by=by, now=now)
    moves.to(payout, State.APPROVED, now=now)
    audit.record("payout.check_lapsed", "payout", payout.id, by=by, at=now, details={"key": attempt.key})
    return enqueue(EXECUTE, payout.id)


def to_unknown(
    payout: sa.Row[Any], attempt: sa.Row[Any], code: str | None, *, by: Actor, now: dt.datetime
) -> None:
    """Nobody knows whether money left under this key; the bank is asked later."""
    note_unknown(payout, attempt, code, by=by, now=now)
    ask_later(attempt)


def note_unknown(
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


def note_sent(attempt: sa.Row[Any], *, now: dt.datetime) -> None:
    """The bank has the money of this key on its way, though our books may not know that it was sent."""
    execute(
        "update payout_attempt set sent_at = :now where id = :id and sent_at is null", id=attempt.id, now=now
    )


def ask_later(attempt: sa.Row[Any]) -> None:
    """Without the bank's number only the check can be repeated; with it the bank is asked about that operation."""
    known = scalar("select provider_payment_id from payout_attempt where id = :id", id=attempt.id)
    enqueue(FOLLOW if known else EXECUTE, attempt.payout_id, delay=rules.ask_again_after(attempt.times_asked))


def learn_number(attempt_id: UUID, provider_payment_id: str | None) -> None:
    """Note under which number the bank has a key whose own check it never answered. That proves nothing yet: the bank
    is asked about that number, and the answer must be about our key and amount."""
    if provider_payment_id is not None:
        execute(
            """update payout_attempt set provider_payment_id = :number
               where id = :id and state = 'unknown' and provider_payment_id is null
                 and not exists (select 1 from payout_attempt where provider_payment_id = :number)""",
            id=attempt_id,
            number=provider_payment_id,
        )


def asked_once_more(attempt_id: UUID) -> int:
    times: int = scalar(
        "update payout_attempt set times_asked = times_asked + 1 where id = :id returning times_asked",
        id=attempt_id,
    )
    return times
