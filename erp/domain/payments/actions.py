"""Verbs that place orders, open payments at the bank and follow what the bank says about them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp import config
from erp.domain import integrations, referrals
from erp.domain.integrations import NewEvent
from erp.domain.payments import books, queries, refunds, rules
from erp.domain.payments.attention import flag
from erp.domain.payments.model import CustomerOrder, Payment
from erp.domain.payments.news import ACCRUE, FOLLOW, INIT, SEND_REFUND
from erp.domain.payments.rules import Attention
from erp.kernel import audit, ids
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, rows, scalar, violated
from erp.kernel.errors import DomainError, Invalid, NotFound
from erp.kernel.outbox import enqueue, enqueue_many
from erp.kernel.sentences import Sentence


class OrderDiffers(DomainError):
    code = "order_differs"
    sentence = Sentence(
        "An order with this external id exists and says something else. Use a new id for a new order."
    )


class AlreadyPaid(DomainError):
    code = "already_paid"
    sentence = Sentence("This order has been paid.")


class BeingOpened(DomainError):
    code = "payment_being_opened"
    sentence = Sentence("The bank is being asked to open this payment. Try again in a minute.")


LEASE = dt.timedelta(seconds=rules.LEASE_SECONDS)


@dataclass(frozen=True)
class InitStep:
    """What the bank is asked for; `again` when an earlier Init of this payment was never answered."""

    payment_id: UUID
    bank_order_id: str
    amount: int
    description: str
    again: bool


def place_order(
    customer_external_id: str,
    *,
    amount: int,
    currency: str,
    description: str,
    external_id: str,
    vat_bps: int | None = None,
    plan: str | None = None,
    prepaid_days: int | None = None,
    by: Actor,
    now: dt.datetime,
) -> str:
    """Ask a customer to pay `amount` kopecks; the order's reference. The same order again is the same order.

    `vat_bps` is the rate of the VAT within the amount, in basis points; without it, the ordinary rate of that day.
    `plan` is the product plan that is paid for, `prepaid_days` for how many days from the payment on.
    Raises `NotFound` for an unknown customer, `Invalid`, and `OrderDiffers` when `external_id` names another order.
    """
    plan = (plan or "").strip() or None
    if problems := rules.problems_of_order(amount, currency, description, vat_bps, prepaid_days):
        raise Invalid(fields=problems)
    customer_id = referrals.customer_by_external_id(customer_external_id).id
    order = CustomerOrder(
        id=ids.uuid7(),
        reference=ids.reference("ORD"),
        external_id=external_id,
        customer_id=customer_id,
        amount=amount,
        currency=currency,
        description=description,
        plan=plan,
        prepaid_days=prepaid_days,
        created_at=now,
        vat_bps=rules.ordinary_vat_bps(now) if vat_bps is None else vat_bps,
    )
    try:
        with db.session.begin_nested():
            db.session.add(order)
            db.session.flush()
    except IntegrityError as clash:
        if violated(clash) != "customer_order_external_id_key":
            raise
        asked = (customer_id, amount, currency, description, plan, prepaid_days)
        return _same_order(external_id, asked, vat_bps)
    audit.record("order.placed", "customer_order", order.id, by=by, at=now, details={"amount": amount})
    return order.reference


def _same_order(external_id: str, asked: tuple[Any, ...], vat_bps: int | None) -> str:
    found = row(
        """select reference, customer_id, amount, currency, description, plan, prepaid_days, vat_bps from customer_order
           where external_id = :external_id""",
        external_id=external_id,
    )
    assert found is not None
    if tuple(found[1:7]) != asked or vat_bps not in (None, found.vat_bps):
        raise OrderDiffers
    reference: str = found.reference
    return reference


def begin_init(order_reference: str, *, by: Actor, now: dt.datetime) -> InitStep | None:
    """Claim the opening of a payment for this order, or None when a payment is open (or paid) already.

    Raises `NotFound`, `AlreadyPaid`, and `BeingOpened` while somebody else is waiting for the bank's answer.
    """
    order = row(
        "select id, amount, currency, description, state from customer_order where reference = :r for update",
        r=order_reference,
    )
    if order is None:
        raise NotFound
    if order.state != "open":
        raise AlreadyPaid
    current = row(
        "select id, status, bank_order_id, asked_until from payment where order_id = :id and is_current for update",
        id=order.id,
    )
    if current is None or current.status in rules.OVER:
        return _new_payment(order, current, by=by, now=now)
    if current.status not in (rules.ASKED, rules.UNANSWERED):
        return None
    if current.asked_until is not None and current.asked_until > now:
        raise BeingOpened
    execute(
        """update payment set checked_at = :now, asked_until = :until, times_asked = times_asked + 1
           where id = :id""",
        id=current.id,
        now=now,
        until=now + LEASE,
    )
    return InitStep(current.id, current.bank_order_id, order.amount, order.description, again=True)


def _new_payment(
    order: sa.Row[Any], declined: sa.Row[Any] | None, *, by: Actor, now: dt.datetime
) -> InitStep:
    if declined is not None:
        execute("update payment set is_current = false where id = :id", id=declined.id)
    payment = Payment(
        id=ids.uuid7(),
        reference=(reference := ids.reference("PAY")),
        order_id=order.id,
        terminal_key=config.get().tbank_terminal_key,
        bank_order_id=reference,
        amount=order.amount,
        currency=order.currency,
        status=rules.ASKED,
        created_at=now,
        checked_at=now,
        asked_until=now + LEASE,
        fee_bps=config.get().tbank_fee_bps,
    )
    db.session.add(payment)
    db.session.flush()
    audit.record("payment.asked", "payment", payment.id, by=by, at=now, details={"amount": order.amount})
    return InitStep(payment.id, reference, order.amount, order.description, again=False)


def record_init(
    payment_id: UUID, *, provider_payment_id: str, payment_url: str | None, by: Actor, now: dt.datetime
) -> None:
    """The bank opened the payment, or was found to have opened it (then there is no address to pay at)."""
    opened = execute(
        """update payment set status = 'NEW', provider_payment_id = :provider_id, payment_url = :url, error_code = null,
                  asked_until = null
           where id = :id and status in ('asked', 'unknown')""",
        id=payment_id,
        provider_id=provider_payment_id,
        url=payment_url,
    ).rowcount
    if opened:
        audit.record("payment.opened", "payment", payment_id, by=by, at=now)
    if opened and payment_url is None:
        enqueue(FOLLOW, payment_id)


def record_init_failure(
    payment_id: UUID, *, status: str, error_code: str | None, by: Actor, now: dt.datetime
) -> None:
    """The bank refused to open the payment (`refused`), or nobody knows whether it did (`unknown`).

    That it is as unknown as after the last time is not written down again.
    """
    execute("update payment set asked_until = null where id = :id", id=payment_id)
    failed = execute(
        """update payment set status = :status, error_code = :code
           where id = :id and status in ('asked', 'unknown') and (status, error_code) is distinct from (:status, cast(:code as text))""",
        id=payment_id,
        status=status,
        code=error_code,
    ).rowcount
    if failed:
        details = {"status": status, "error_code": error_code}
        audit.record("payment.not_opened", "payment", payment_id, by=by, at=now, details=details)


def begin_check(payment_id: UUID, *, now: dt.datetime) -> str | None:
    """The bank's id of a payment we are about to ask about; None when the bank has not given it one yet."""
    return scalar(  # type: ignore[no-any-return]
        "update payment set checked_at = :now where id = :id and provider_payment_id is not null"
        " returning provider_payment_id",
        id=payment_id,
        now=now,
    )


def apply_state(
    payment_id: UUID, *, status: str, amount: int, bank_order_id: str, by: Actor, now: dt.datetime
) -> None:
    """Follow what GetState said. Money is booked once, when it was received in exactly the amount we asked for."""
    payment = queries.locked(payment_id)
    before = payment.status
    _notifications_are_handled(payment, now)
    if bank_order_id != payment.bank_order_id:
        return flag(payment_id, Attention.WRONG_ORDER, by=by, now=now)
    if status == before or not rules.may_follow(before, status):
        return None
    execute("update payment set status = :status where id = :id", id=payment_id, status=status)
    details = {"before": before, "after": status}
    audit.record("payment.moved", "payment", payment_id, by=by, at=now, details=details)
    if status in rules.PAID | {"AUTHORIZED"} and amount != payment.amount:
        return flag(payment_id, Attention.WRONG_AMOUNT, by=by, now=now)
    if status in rules.PAID and payment.confirmed_at is None:
        _book_received(payment, by=by, now=now)
    return refunds.follow_status(queries.locked(payment_id), before, by=by, now=now)


def _notifications_are_handled(payment: sa.Row[Any], now: dt.datetime) -> None:
    execute(
        "update bank_notification set handled_at = :now where bank_order_id = :order_id and handled_at is null",
        order_id=payment.bank_order_id,
        now=now,
    )


def _book_received(payment: sa.Row[Any], *, by: Actor, now: dt.datetime) -> None:
    """The money is ours: an event that commissions follow. The bank tells no moment, so it is when we first heard."""
    occurred_at = queries.heard_at(payment, "CONFIRMED") or now
    execute("update payment set confirmed_at = :at where id = :id", id=payment.id, at=occurred_at)
    first = execute(
        "update customer_order set state = 'paid' where id = :id and state = 'open'", id=payment.order_id
    ).rowcount
    fact = queries.confirmed_id(payment)
    event_id = integrations.record_event(
        NewEvent(
            source=payment.provider,
            source_id=fact,
            kind="payment",
            customer_id=payment.customer_id,
            payment_id=payment.id,
            amount=payment.amount,
            currency=payment.currency,
            evidence="bank_checked",
            occurred_at=occurred_at,
            plan=payment.plan,
            prepaid_days=payment.prepaid_days,
        )
    )
    assert event_id is not None, "the row lock and confirmed_at let this happen once"
    books.book_received(payment, fact, occurred_at, by=by)
    enqueue(ACCRUE, event_id)
    audit.record("payment.confirmed", "payment", payment.id, by=by, at=now, details={"event": event_id})
    if not first:
        flag(payment.id, Attention.PAID_TWICE, by=by, now=now)


def poll_open(*, now: dt.datetime, limit: int = 500) -> int:
    """Have the bank asked about everything that cannot stay as it is; how much that was."""
    waiting = rows(
        """select p.id, p.provider_payment_id, o.reference as order_reference
           from payment p join customer_order o on o.id = p.order_id
           where p.status = any(:statuses)
             and p.checked_at < cast(:now as timestamptz)
               - least(greatest((:now - p.created_at) / 20, make_interval(secs => :soonest)),
                       make_interval(secs => :latest))
           order by p.checked_at limit :limit""",
        statuses=sorted(rules.ASKED_ABOUT),
        now=now,
        soonest=rules.ASK_AFTER_SECONDS,
        latest=rules.ASK_AT_LEAST_EVERY_SECONDS,
        limit=limit,
    )
    stuck = rows(
        """select r.id from refund r where r.state in ('asked', 'sent', 'unknown')
             and coalesce(r.ask_again_at, r.asked_at + make_interval(secs => :soonest)) < :now
             and not exists (select 1 from outbox o where o.subject = r.id::text and o.job = :job
                               and o.given_up_at is null)
           order by r.asked_at limit :limit""",
        now=now,
        job=SEND_REFUND,
        soonest=rules.ASK_AFTER_SECONDS,
        limit=limit,
    )
    enqueue_many(FOLLOW, [found.id for found in waiting if found.provider_payment_id])
    enqueue_many(INIT, [found.order_reference for found in waiting if not found.provider_payment_id])
    enqueue_many(SEND_REFUND, [id for (id,) in stuck])
    return len(waiting) + len(stuck)
