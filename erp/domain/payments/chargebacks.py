"""Payments that the payer's bank takes back, and those it gives again. The acquirer tells of them in its registry alone,
so finance writes them down, each under the number that the registry gives it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain import integrations
from erp.domain.integrations import NewEvent
from erp.domain.payments import books, queries
from erp.domain.payments.news import ACCRUE
from erp.domain.payments.refunds import received
from erp.kernel import audit, ids
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, rows, scalar, violated
from erp.kernel.errors import NEEDED, DomainError, Invalid
from erp.kernel.outbox import enqueue
from erp.kernel.sentences import Amount, Sentence

CHARGEBACK, REVERSAL = "chargeback", "chargeback_reversal"


class ChargebackKnown(DomainError):
    code = "chargeback_known"
    sentence = Sentence("This row of the acquirer's registry has been written down before.")


def record_chargeback(
    payment_reference: str,
    *,
    amount: int,
    registry_number: str,
    happened_at: dt.datetime,
    by: Actor,
    now: dt.datetime,
) -> str:
    """The payer's bank took `amount` kopecks of a payment back; the reference of what was written down.

    Raises `NotFound`, `NotRefundable`, `ChargebackKnown`, and `Invalid` for more than what is left of the payment.
    """
    payment = received(payment_reference)
    left = payment.amount - payment.refunded_total - payment.charged_back
    return _record(payment, CHARGEBACK, amount, left, registry_number, happened_at, by=by, now=now)


def reverse_chargeback(
    payment_reference: str,
    *,
    amount: int,
    registry_number: str,
    happened_at: dt.datetime,
    by: Actor,
    now: dt.datetime,
) -> str:
    """The dispute was won: `amount` kopecks of what was taken back are ours again. Raises as `record_chargeback`."""
    payment = received(payment_reference)
    return _record(
        payment, REVERSAL, amount, payment.charged_back, registry_number, happened_at, by=by, now=now
    )


def _record(
    payment: sa.Row[Any],
    kind: str,
    amount: int,
    most: int,
    registry_number: str,
    happened_at: dt.datetime,
    *,
    by: Actor,
    now: dt.datetime,
) -> str:
    number = registry_number.strip()
    _check(payment, amount, most, number, happened_at, now)
    id, reference = ids.uuid7(), ids.reference("CHB")
    try:
        with db.session.begin_nested():
            execute(
                """insert into chargeback (id, reference, payment_id, kind, amount, registry_number, happened_at,
                                           recorded_by, recorded_at)
                   values (:id, :reference, :payment_id, :kind, :amount, :number, :happened_at, :by, :now)""",
                id=id,
                reference=reference,
                payment_id=payment.id,
                kind=kind,
                amount=amount,
                number=number,
                happened_at=happened_at,
                by=str(by),
                now=now,
            )
    except IntegrityError as clash:
        if violated(clash) != "chargeback_kind_registry_number_key":
            raise
        raise ChargebackKnown(fields={"registry_number": ChargebackKnown.sentence}) from clash
    _book(payment, kind, amount, happened_at, by=by)
    details = {"amount": amount, "registry_number": number}
    audit.record(f"{kind}.recorded", "chargeback", id, by=by, at=now, details=details)
    return reference


def _check(
    payment: sa.Row[Any], amount: int, most: int, number: str, happened_at: dt.datetime, now: dt.datetime
) -> None:
    fields: dict[str, Sentence] = {}
    if not 0 < amount <= most:
        fields["amount"] = Sentence(
            "More than nothing, and at most %(most)s.", most=Amount(most, payment.currency)
        )
    if not number:
        fields["registry_number"] = NEEDED
    if not payment.confirmed_at <= happened_at <= now:
        fields["happened_at"] = Sentence("Between the payment and now.")
    if fields:
        raise Invalid(fields=fields)


def _book(payment: sa.Row[Any], kind: str, amount: int, happened_at: dt.datetime, *, by: Actor) -> None:
    """The fact that commissions follow, with its total so far, and the entries of the owner's books."""
    total = scalar(
        "select sum(amount)::bigint from chargeback where payment_id = :id and kind = :kind",
        id=payment.id,
        kind=kind,
    )
    fact = f"{payment.provider_payment_id}:{kind}:{total}"
    change = amount if kind == CHARGEBACK else -amount
    execute(
        "update payment set charged_back = charged_back + :change where id = :id",
        id=payment.id,
        change=change,
    )
    event_id = integrations.record_event(
        NewEvent(
            source=payment.provider,
            source_id=fact,
            kind=kind,
            customer_id=payment.customer_id,
            payment_id=payment.id,
            amount=amount,
            currency=payment.currency,
            evidence="attested",
            occurred_at=happened_at,
            original_event_id=integrations.event_id(payment.provider, queries.confirmed_id(payment)),
            refunded_total=total,
        )
    )
    assert event_id is not None, "the row lock and the growing total let this happen once"
    booked = books.CHARGED_BACK if kind == CHARGEBACK else books.WON_BACK
    books.book_returned(booked, payment, change, fact, happened_at, by=by)
    enqueue(ACCRUE, event_id)


def chargebacks_of(payment_reference: str) -> Sequence[sa.Row[Any]]:
    """What the payer's bank took back of a payment and gave again, oldest first."""
    return rows(
        """select c.* from chargeback c join payment p on p.id = c.payment_id where p.reference = :reference
           order by c.recorded_at, c.id""",
        reference=payment_reference,
    )
