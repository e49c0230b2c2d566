"""The steps that wait for the bank, each in three parts: claim in a transaction, ask without one, record in another.

Doors and jobs share these sequences and own their transactions: they pass in `transaction` and the clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from erp import config
from erp.domain.payments import actions, queries, refunds, rules
from erp.domain.payments.actions import InitStep
from erp.domain.payments.rules import RefundState
from erp.gateways.tbank import Acquiring, BankError, BankRefused, PaymentState, PaymentStatus, RefusalKind
from erp.kernel import addresses
from erp.kernel.actor import Actor

TRY_AGAIN = (RefusalKind.RETRY_LATER, RefusalKind.CONFLICT)
"""Refusals of an Init that say nothing about the payment itself: look again later, under the same order id."""


@dataclass(frozen=True)
class Edge:
    """What the edge lends: the bank, its transaction, its clock, and who acts."""

    bank: Acquiring
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Callable[[], dt.datetime]
    by: Actor


def open_payment(order_reference: str, edge: Edge) -> None:
    """Have the bank open a payment for an order; afterwards the order's current payment says how that went.

    Opening moves no money: an unanswered Init leaves the payment `unknown` and is repeated with the same order id.
    Raises `NotFound`, `AlreadyPaid`, `BeingOpened`.
    """
    with edge.transaction():
        step = actions.begin_init(order_reference, by=edge.by, now=edge.clock())
    if step is None:
        return
    try:
        adopted = _left_over(step, edge.bank) if step.again else None
    except BankError:
        return _not_opened(step, rules.UNANSWERED, None, edge)
    if adopted is not None:
        return _opened(step, adopted.payment_id, None, edge)
    settings = config.get()
    try:
        opened = edge.bank.init(
            order_id=step.bank_order_id,
            amount=step.amount,
            description=step.description,
            notification_url=settings.public_url.rstrip("/") + addresses.PAYMENT_NEWS,
            success_url=settings.product_url,
            fail_url=settings.product_url,
        )
    except BankRefused as refusal:
        status = rules.UNANSWERED if refusal.kind in TRY_AGAIN else rules.REFUSED
        return _not_opened(step, status, refusal.code, edge)
    except BankError:
        return _not_opened(step, rules.UNANSWERED, None, edge)
    return _opened(step, opened.payment_id, opened.payment_url, edge)


def _left_over(step: InitStep, bank: Acquiring) -> PaymentState | None:
    """What an Init without an answer left at the bank: dropped if nobody can have seen it, adopted if it lives.

    The address to pay at came with the lost answer only, so a payment that is still NEW is of no use to anybody.
    """
    for payment in bank.check_order(step.bank_order_id):
        if payment.status is PaymentStatus.NEW:
            bank.cancel(payment.payment_id, external_request_id=f"{step.bank_order_id}-unseen")
        elif not payment.status.is_failed:
            return payment
    return None


def _opened(step: InitStep, provider_payment_id: str, payment_url: str | None, edge: Edge) -> None:
    with edge.transaction():
        actions.record_init(
            step.payment_id,
            provider_payment_id=provider_payment_id,
            payment_url=payment_url,
            by=edge.by,
            now=edge.clock(),
        )


def _not_opened(step: InitStep, status: str, error_code: str | None, edge: Edge) -> None:
    with edge.transaction():
        actions.record_init_failure(
            step.payment_id, status=status, error_code=error_code, by=edge.by, now=edge.clock()
        )


def follow_payment(payment_id: UUID, edge: Edge) -> None:
    """Ask the bank how a payment stands and book what follows. Raises `BankError` when it does not say."""
    with edge.transaction():
        provider_payment_id = actions.begin_check(payment_id, now=edge.clock())
    if provider_payment_id is None:
        return
    state = edge.bank.get_state(provider_payment_id)
    with edge.transaction():
        actions.apply_state(
            payment_id,
            status=state.status.value,
            amount=state.amount,
            bank_order_id=state.order_id,
            by=edge.by,
            now=edge.clock(),
        )


def send_refund(refund_id: UUID, edge: Edge) -> None:
    """Have the bank give money back, once, however often this runs.

    After a lost answer the payment's state is read first; only if that does not show the refund is Cancel repeated
    under the same request id, which the bank answers without refunding twice. Raises `BankError` from that reading.
    """
    with edge.transaction():
        step = refunds.begin_refund(refund_id, by=edge.by, now=edge.clock())
    if step is None:
        return
    if step.again:
        follow_payment(step.payment_id, edge)
        with edge.transaction():
            if not queries.refund_is_open(refund_id):
                return
    try:
        done = edge.bank.cancel(
            step.provider_payment_id, amount=step.amount, external_request_id=step.external_request_id
        )
    except BankRefused as refusal:
        return _not_refunded(refund_id, RefundState.REFUSED, refusal.code, edge)
    except BankError as error:
        return _not_refunded(refund_id, RefundState.UNKNOWN, getattr(error, "code", None), edge)
    with edge.transaction():
        refunds.record_refund(
            refund_id, status=done.status.value, new_amount=done.new_amount, by=edge.by, now=edge.clock()
        )
    return None


def _not_refunded(refund_id: UUID, state: RefundState, error_code: str | None, edge: Edge) -> None:
    with edge.transaction():
        refunds.record_refund_failure(
            refund_id, state=state, error_code=error_code, by=edge.by, now=edge.clock()
        )
