"""Money that goes back to the payer. One refund of a payment at a time, so that totals explain themselves.

What matters to commissions is the cumulative total: it comes from the bank's answer to our own Cancel, from the
status REFUNDED, or from a member of staff. Amounts in notifications are never summed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain import integrations
from erp.domain.integrations import NewEvent
from erp.domain.payments import books, queries, rules
from erp.domain.payments.attention import flag
from erp.domain.payments.model import Refund
from erp.domain.payments.news import ACCRUE, FOLLOW, SEND_REFUND
from erp.domain.payments.rules import Attention, RefundState
from erp.kernel import audit, ids
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, violated
from erp.kernel.errors import DomainError, Invalid, NotFound
from erp.kernel.outbox import enqueue
from erp.kernel.sentences import Amount, Sentence


class NotRefundable(DomainError):
    code = "not_refundable"
    sentence = Sentence("Only money that was received can go back. This payment has none.")


class RefundInProgress(DomainError):
    code = "refund_in_progress"
    sentence = Sentence("Another refund of this payment is on its way. Wait until it is done.")


@dataclass(frozen=True)
class RefundStep:
    """What the bank is asked for; `again` when an earlier Cancel was never answered."""

    refund_id: UUID
    payment_id: UUID
    provider_payment_id: str
    amount: int
    external_request_id: str
    again: bool


def ask_refund(payment_reference: str, *, amount: int, reason: str, by: Actor, now: dt.datetime) -> str:
    """Have the bank give `amount` kopecks back to the payer; the refund's reference.

    Raises `NotFound`, `NotRefundable`, `RefundInProgress`, and `Invalid` for more than what is left.
    """
    payment = received(payment_reference)
    left = payment.amount - payment.refunded_total - payment.charged_back
    if not 0 < amount <= left:
        most = Amount(left, payment.currency)
        too_much = Sentence("At most %(left)s of this payment can go back.", left=most)
        raise Invalid(too_much, fields={"amount": too_much})
    if not reason.strip():
        raise Invalid(fields={"reason": Sentence("Say why.")})
    refund = _new_refund(payment, amount, RefundState.ASKED, reason, by=by, now=now)
    audit.record("refund.asked", "refund", refund.id, by=by, at=now, details={"amount": amount})
    enqueue(SEND_REFUND, refund.id)
    return refund.reference


def attest_refunded_total(
    payment_reference: str, *, total: int, note: str, by: Actor, now: dt.datetime
) -> None:
    """Write down what the bank's cabinet shows: `total` kopecks of this payment have gone back in all.

    Raises `NotFound`, `NotRefundable`, `RefundInProgress`, and `Invalid` unless the total has grown.
    """
    payment = received(payment_reference)
    if not payment.refunded_total < total <= payment.amount:
        out_of_range = Sentence(
            "More than %(known)s and at most %(most)s.",
            known=Amount(payment.refunded_total, payment.currency),
            most=Amount(payment.amount, payment.currency),
        )
        raise Invalid(out_of_range, fields={"total": out_of_range})
    if not note.strip():
        raise Invalid(fields={"note": Sentence("Say where the total is from.")})
    open_one = row(
        "select id from refund where payment_id = :id and state in ('asked', 'sent', 'unknown')",
        id=payment.id,
    )
    if open_one:
        raise RefundInProgress
    amount = total - payment.refunded_total
    refund = _new_refund(payment, amount, RefundState.ATTESTED, note, total_after=total, by=by, now=now)
    audit.record("refund.attested", "refund", refund.id, by=by, at=now, details={"total": total})
    if payment.attention == Attention.REFUND_TOTAL_UNKNOWN:
        execute("update payment set attention = null where id = :id", id=payment.id)
    _book_refunded(payment, total, evidence="attested", by=by, now=now)


def received(payment_reference: str) -> sa.Row[Any]:
    """The payment, locked, whose money was received. Raises `NotFound`, `NotRefundable`."""
    found = row("select id from payment where reference = :reference", reference=payment_reference)
    if found is None:
        raise NotFound
    payment = queries.locked(found.id)
    if payment.confirmed_at is None:
        raise NotRefundable
    return payment


def _new_refund(
    payment: sa.Row[Any],
    amount: int,
    state: RefundState,
    reason: str,
    *,
    by: Actor,
    now: dt.datetime,
    total_after: int | None = None,
) -> Refund:
    refund = Refund(
        id=ids.uuid7(),
        reference=(reference := ids.reference("RFD")),
        payment_id=payment.id,
        amount=amount,
        state=state.value,
        reason=reason.strip(),
        external_request_id=reference,
        asked_by=str(by),
        asked_at=now,
        refunded_total_after=total_after,
        ended_at=now if total_after else None,
    )
    try:
        with db.session.begin_nested():
            db.session.add(refund)
            db.session.flush()
    except IntegrityError as clash:
        if violated(clash) != "refund_open_idx":
            raise
        raise RefundInProgress from clash
    return refund


def begin_refund(refund_id: UUID, *, by: Actor, now: dt.datetime) -> RefundStep | None:
    """Claim the sending of a refund before the bank hears of it, or None when it has ended, is being sent now, or its
    time has not come. A repetition is no news: it leaves no audit row."""
    refund = _locked_refund(refund_id)
    if refund is None or refund.state not in rules.OPEN_REFUNDS:
        return None
    if refund.ask_again_at is not None and refund.ask_again_at > now:
        return None
    rest = max(rules.LEASE_SECONDS, rules.ask_refund_again_after(refund.times_asked + 1))
    _leave_alone(refund_id, rest, asked=1, now=now)
    if refund.state == RefundState.ASKED:
        _is_sent(refund_id, by=by, now=now)
    return RefundStep(
        refund_id,
        refund.payment_id,
        refund.provider_payment_id,
        refund.amount,
        refund.external_request_id,
        again=refund.state != RefundState.ASKED,
    )


def _is_sent(refund_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    execute(
        """update refund set state = 'sent', sent_at = coalesce(sent_at, :now), error_code = null where id = :id""",
        id=refund_id,
        now=now,
    )
    audit.record("refund.sent", "refund", refund_id, by=by, at=now)


def _leave_alone(refund_id: UUID, seconds: int, *, asked: int = 0, now: dt.datetime) -> None:
    """Nobody asks the bank about this refund for so long. Kept on the row, so that a restart does not forget it."""
    execute(
        "update refund set ask_again_at = :at, times_asked = times_asked + :asked where id = :id",
        id=refund_id,
        at=now + dt.timedelta(seconds=seconds),
        asked=asked,
    )


def record_refund(refund_id: UUID, *, status: str, new_amount: int, by: Actor, now: dt.datetime) -> None:
    """The bank took our Cancel. `new_amount` is what it says is left of the payment, in kopecks.

    While the money is still on its way back (REFUNDING) the refund is `sent` and the payment is followed. When
    the payment's state had already ended the refund, only a greater total is news.
    """
    refund = _locked_refund(refund_id)
    if refund is None:
        return
    payment = queries.locked(refund.payment_id)
    _move(payment, status, by=by, now=now)
    if status not in ("PARTIAL_REFUNDED", "REFUNDED"):
        if refund.state == RefundState.UNKNOWN:
            _is_sent(refund_id, by=by, now=now)
        enqueue(FOLLOW, payment.id, delay=5)
        return
    is_open = refund.state in rules.OPEN_REFUNDS
    expected = payment.refunded_total + (refund.amount if is_open else 0)
    total = payment.amount - new_amount
    _finish(payment, refund_id if is_open else None, total, by=by, now=now)
    if total > expected or (is_open and total != expected):
        flag(payment.id, Attention.REFUND_DIFFERS, by=by, now=now)


def record_refund_failure(
    refund_id: UUID, *, state: RefundState, error_code: str | None, by: Actor, now: dt.datetime
) -> None:
    """The bank refused (`refused`), or nobody knows whether it gave the money back (`unknown`: asked again, ever more
    rarely). No answer after no answer is no news."""
    refund = _locked_refund(refund_id)
    if refund is None or refund.state not in (RefundState.SENT, RefundState.UNKNOWN):
        return
    if (refund.state, refund.error_code) != (state, error_code):
        execute(
            "update refund set state = :state, error_code = :code, ended_at = :ended_at where id = :id",
            id=refund_id,
            state=state.value,
            code=error_code,
            ended_at=now if state is RefundState.REFUSED else None,
        )
        details = {"state": state.value, "error_code": error_code}
        audit.record("refund.not_done", "refund", refund_id, by=by, at=now, details=details)
    if state is RefundState.UNKNOWN:
        rest = rules.ask_refund_again_after(refund.times_asked)
        _leave_alone(refund_id, rest, now=now)
        enqueue(SEND_REFUND, refund_id, delay=rest)


def follow_status(payment: sa.Row[Any], before: str, *, by: Actor, now: dt.datetime) -> None:
    """The payment's status moved from `before`: finish the refund that explains it, or ask a person for the total."""
    if payment.confirmed_at is None or payment.status not in ("PARTIAL_REFUNDED", "REFUNDED", "CONFIRMED"):
        return
    sent = row(
        """select id, amount from refund where payment_id = :id and state in ('sent', 'unknown') for update""",
        id=payment.id,
    )
    if payment.status == "REFUNDED":
        _finish(payment, sent.id if sent else None, payment.amount, by=by, now=now)
    elif payment.status == "CONFIRMED":
        if sent and rules.PHASES[before] is rules.Phase.RETURNING:
            record_refund_failure(sent.id, state=RefundState.REFUSED, error_code=None, by=by, now=now)
    elif sent:
        _finish(payment, sent.id, payment.refunded_total + sent.amount, by=by, now=now)
    elif payment.refunded_total == 0 or rules.PHASES[before] is rules.Phase.RETURNING:
        flag(payment.id, Attention.REFUND_TOTAL_UNKNOWN, by=by, now=now)


def flag_unexplained(payment_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """More partial refunds were announced than we know of: somebody refunded in the bank's cabinet."""
    unexplained = row(
        """select 1 from payment p where p.id = :id
             and (select count(*) from bank_notification n where n.bank_order_id = p.bank_order_id
                    and n.status = 'PARTIAL_REFUNDED' and n.verdict = 'accepted')
               > (select count(*) from refund r where r.payment_id = p.id and r.state <> 'refused')""",
        id=payment_id,
    )
    if unexplained:
        flag(payment_id, Attention.REFUND_TOTAL_UNKNOWN, by=by, now=now)


def _locked_refund(refund_id: UUID) -> sa.Row[Any] | None:
    """The refund, with its payment locked first: every verb takes the two in this order."""
    execute(
        "select 1 from payment where id = (select payment_id from refund where id = :id) for update",
        id=refund_id,
    )
    return row(
        """select r.*, p.provider_payment_id from refund r join payment p on p.id = r.payment_id
           where r.id = :id for update of r""",
        id=refund_id,
    )


def _move(payment: sa.Row[Any], status: str, *, by: Actor, now: dt.datetime) -> None:
    if status == payment.status or not rules.may_follow(payment.status, status):
        return
    execute("update payment set status = :status where id = :id", id=payment.id, status=status)
    details = {"before": payment.status, "after": status}
    audit.record("payment.moved", "payment", payment.id, by=by, at=now, details=details)


def _finish(payment: sa.Row[Any], refund_id: UUID | None, total: int, *, by: Actor, now: dt.datetime) -> None:
    """The payer has the money: `total` kopecks of the payment have gone back in all."""
    if refund_id is not None:
        execute(
            """update refund set state = 'done', refunded_total_after = :total, ended_at = :now where id = :id""",
            id=refund_id,
            total=total,
            now=now,
        )
        audit.record("refund.done", "refund", refund_id, by=by, at=now, details={"total": total})
    _book_refunded(payment, total, evidence="bank_checked", by=by, now=now)


def _book_refunded(payment: sa.Row[Any], total: int, *, evidence: str, by: Actor, now: dt.datetime) -> None:
    """An event for every new cumulative total; one we know already, or a smaller one, changes nothing."""
    if total <= payment.refunded_total:
        return
    execute("update payment set refunded_total = :total where id = :id", id=payment.id, total=total)
    if total == payment.amount:
        execute("update customer_order set state = 'refunded' where id = :id", id=payment.order_id)
    fact = f"{payment.provider_payment_id}:refunded:{total}"
    occurred_at = (queries.heard_at(payment, "REFUNDED") if total == payment.amount else None) or now
    event_id = integrations.record_event(
        NewEvent(
            source=payment.provider,
            source_id=fact,
            kind="refund",
            customer_id=payment.customer_id,
            payment_id=payment.id,
            amount=total - payment.refunded_total,
            currency=payment.currency,
            evidence=evidence,
            occurred_at=occurred_at,
            original_event_id=integrations.event_id(payment.provider, queries.confirmed_id(payment)),
            refunded_total=total,
        )
    )
    assert event_id is not None, "the row lock and the growing total let this happen once"
    returned = total - payment.refunded_total
    books.book_returned(books.RETURNED, payment, returned, fact, occurred_at, by=by)
    if total + payment.charged_back > payment.amount:
        flag(payment.id, Attention.REFUND_DIFFERS, by=by, now=now)
    enqueue(ACCRUE, event_id)
    audit.record("payment.refunded", "payment", payment.id, by=by, at=now, details={"refunded_total": total})
