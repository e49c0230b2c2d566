"""A payout taken to the bank: the check and the payment, each in three parts, with the name check between.

Doors and jobs share these sequences and own their transactions: they pass in `transaction` and the clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from erp.domain.payouts import checks, rules, transfers
from erp.domain.payouts.transfers import BankStep
from erp.gateways.tbank import BankError, BankRefused, BankUnreachable, Payouts, PayoutState, RefusalKind
from erp.kernel.actor import Actor


@dataclass(frozen=True)
class Edge:
    """What the edge lends: the bank, its transaction, its clock, and who acts."""

    bank: Payouts
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Callable[[], dt.datetime]
    by: Actor


def execute(payout_id: UUID, edge: Edge) -> None:
    """Take a payout as far as it goes now. Safe to run again at any moment, by anybody, after any crash."""
    _check(payout_id, edge)
    if not _pay(payout_id, edge):
        follow(payout_id, edge)


def _check(payout_id: UUID, edge: Edge) -> None:
    with edge.transaction():
        step = checks.begin_check(payout_id, by=edge.by, now=edge.clock())
    if step is None:
        return
    try:
        checked = edge.bank.check(
            order_id=step.key,
            phone=step.phone,
            member_id=step.bank_member_id,
            amount=step.amount,
            purpose=rules.PURPOSE,
        )
    except BankError as error:
        return _not_checked(payout_id, step.attempt_id, error, edge)
    with edge.transaction():
        checks.record_check(
            payout_id,
            step.attempt_id,
            status=checked.status,
            provider_payment_id=checked.payment_id,
            recipient_name=checked.recipient_name,
            by=edge.by,
            now=edge.clock(),
        )
    return None


def _not_checked(payout_id: UUID, attempt_id: UUID, error: BankError, edge: Edge) -> None:
    with edge.transaction():
        if not isinstance(error, BankRefused) or error.kind is RefusalKind.RETRY_LATER:
            checks.record_check_unanswered(payout_id, attempt_id)
        elif error.kind is RefusalKind.CONFLICT:
            checks.record_check_conflict(
                payout_id,
                attempt_id,
                code=error.code,
                provider_payment_id=error.payment_id,
                by=edge.by,
                now=edge.clock(),
            )
        else:
            checks.record_check_refused(
                payout_id, attempt_id, code=error.code, message=error.message, by=edge.by, now=edge.clock()
            )


def _pay(payout_id: UUID, edge: Edge) -> bool:
    """Whether the bank was told to pay, or at least tried to be told, in this very call."""
    with edge.transaction():
        step = transfers.begin_pay(payout_id, by=edge.by, now=edge.clock())
    if step is None:
        return False
    try:
        state = edge.bank.pay(step.provider_payment_id)
    except BankUnreachable:
        with edge.transaction():
            transfers.record_not_sent(payout_id, step.attempt_id, by=edge.by, now=edge.clock())
    except BankRefused as refusal:
        with edge.transaction():
            transfers.record_pay_refused(
                payout_id,
                step.attempt_id,
                code=refusal.code,
                message=refusal.message,
                by=edge.by,
                now=edge.clock(),
            )
    except BankError as error:
        _unanswered(payout_id, step, getattr(error, "code", None), edge)
    else:
        _record(payout_id, step, state, edge)
    return True


def follow(payout_id: UUID, edge: Edge) -> None:
    """Ask the bank about a payout it was told to make. Never sends anything."""
    with edge.transaction():
        step = transfers.begin_ask(payout_id)
    if step is None:
        return
    try:
        state = edge.bank.state(step.provider_payment_id)
    except BankError as error:
        _unanswered(payout_id, step, getattr(error, "code", None), edge)
    else:
        _record(payout_id, step, state, edge)


def _record(payout_id: UUID, step: BankStep, state: PayoutState, edge: Edge) -> None:
    """An answer about another order or amount is no answer: a person has to look."""
    if (state.order_id, state.amount) != (step.key, step.amount):
        return _unanswered(payout_id, step, "answer_about_another", edge)
    with edge.transaction():
        transfers.record_state(
            payout_id,
            step.attempt_id,
            status=state.status,
            code=state.status_code.removeprefix("0"),
            message=state.status_message,
            by=edge.by,
            now=edge.clock(),
        )
    return None


def _unanswered(payout_id: UUID, step: BankStep, code: str | None, edge: Edge) -> None:
    with edge.transaction():
        transfers.record_unanswered(payout_id, step.attempt_id, code=code, by=edge.by, now=edge.clock())
