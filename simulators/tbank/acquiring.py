"""Internet acquiring v2: payments, their status machine, and what is answered about them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from simulators.tbank import fields
from simulators.tbank.bank import Bank, owe_notification, step
from simulators.tbank.books import Payment, Refund
from simulators.tbank.protocol import Refused

# Every move the bank allows; anything else is refused with error 4.
MOVES: dict[str, frozenset[str]] = {
    "NEW": frozenset({"FORM_SHOWED", "CANCELED", "DEADLINE_EXPIRED"}),
    "FORM_SHOWED": frozenset({"AUTHORIZING", "CANCELED", "DEADLINE_EXPIRED"}),
    "AUTHORIZING": frozenset({"3DS_CHECKING", "AUTHORIZED", "REJECTED"}),
    "3DS_CHECKING": frozenset({"3DS_CHECKED", "REJECTED", "AUTH_FAIL", "DEADLINE_EXPIRED"}),
    "3DS_CHECKED": frozenset({"AUTHORIZED", "REJECTED"}),
    "AUTHORIZED": frozenset({"CONFIRMING", "REVERSING"}),
    "PARTIAL_REVERSED": frozenset({"CONFIRMING", "REVERSING"}),
    "REVERSING": frozenset({"PARTIAL_REVERSED", "REVERSED"}),
    "CONFIRMING": frozenset({"CONFIRMED"}),
    "CONFIRMED": frozenset({"REFUNDING"}),
    "PARTIAL_REFUNDED": frozenset({"REFUNDING"}),
    "REFUNDING": frozenset({"PARTIAL_REFUNDED", "REFUNDED"}),
}
UNPAID = frozenset({"NEW", "FORM_SHOWED"})
FAILED = frozenset({"REJECTED", "AUTH_FAIL", "CANCELED", "DEADLINE_EXPIRED"})
TOLD = frozenset(
    {
        "AUTHORIZED",
        "CONFIRMED",
        "PARTIAL_REVERSED",
        "REVERSED",
        "CANCELED",
        "PARTIAL_REFUNDED",
        "REFUNDED",
        "REJECTED",
    }
)
LONGEST_3DS = timedelta(hours=36)


def init(bank: Bank, body: dict[str, Any], base_url: str) -> dict[str, Any]:
    """A new payment, and the page where the payer pays it."""
    fields.check_init(body)
    now = bank.now()
    order_id = body["OrderId"]
    if not bank.settings.accept_repeated_orders and _has_live_payment(bank, order_id):
        raise Refused("20", order_id)
    payment = Payment(
        id=bank.books.next_operation_id(),
        order_id=order_id,
        amount=body["Amount"],
        left=body["Amount"],
        status="NEW",
        due=fields.due(body, now).isoformat(),
        created=now.isoformat(),
        two_stage=body.get("PayType") == "T",
        description=body.get("Description", ""),
        notification_url=body.get("NotificationURL") or bank.settings.notification_url,
        success_url=body.get("SuccessURL", ""),
        fail_url=body.get("FailURL", ""),
        history=step([], "NEW", now),
    )
    bank.books.put(payment)
    return _answer(bank, payment, Amount=payment.amount, PaymentURL=f"{base_url}pay/{payment.id}")


def get_state(bank: Bank, body: dict[str, Any], base_url: str) -> dict[str, Any]:
    payment = find(bank, fields.payment_id(body, "255"))
    paid = payment.status in ("CONFIRMED", "PARTIAL_REFUNDED", "REFUNDED")
    params = [{"Key": "Route", "Value": "ACQ"}, {"Key": "Source", "Value": "cards"}] if paid else []
    return _answer(bank, payment, Amount=payment.amount, Params=params)


def confirm(bank: Bank, body: dict[str, Any], base_url: str) -> dict[str, Any]:
    """Take held money, all of it or less; the rest of the hold is let go."""
    payment = find(bank, fields.payment_id(body, "255"))
    amount = fields.amount(body, "Amount") if "Amount" in body else payment.left
    if amount > payment.left:
        raise Refused("330", "Amount")
    payment = move(bank, payment, "CONFIRMING")
    payment = move(bank, replace(payment, amount=amount, left=amount), "CONFIRMED")
    return _answer(bank, payment, Amount=amount)


def cancel(bank: Bank, body: dict[str, Any], base_url: str) -> dict[str, Any]:
    """Give money back, or drop what was never paid. A repeated ExternalRequestId gives nothing back again."""
    payment = find(bank, fields.payment_id(body, "255"))
    request_id = body.get("ExternalRequestId") or ""
    if request_id and (done := _refund_of_request(bank, payment, request_id)):
        return _refund_answer(bank, payment, done)
    if payment.status in UNPAID:
        payment = move(bank, payment, "CANCELED")
        return _answer(bank, payment, OriginalAmount=payment.amount, NewAmount=0)
    amount = fields.amount(body, "Amount") if "Amount" in body else payment.left
    done = give_back(bank, payment, amount, source="Cancel", external_request_id=request_id)
    return _refund_answer(bank, find(bank, payment.id), done)


def check_order(bank: Bank, body: dict[str, Any], base_url: str) -> dict[str, Any]:
    order_id = fields.required_text(body, "OrderId")
    payments = [find(bank, payment_id) for payment_id in bank.books.payments_of_order.get(order_id, [])]
    if not payments:
        raise Refused("335", order_id, OrderId=order_id)
    listed = [
        {
            "PaymentId": payment.id,
            "Amount": payment.amount,
            "Status": payment.status,
            "Success": payment.error_code == "0",
            "ErrorCode": payment.error_code,
        }
        for payment in payments
    ]
    return {**_OK, "TerminalKey": bank.settings.terminal, "OrderId": order_id, "Payments": listed}


METHODS: dict[str, Callable[[Bank, dict[str, Any], str], dict[str, Any]]] = {
    "Init": init,
    "GetState": get_state,
    "Confirm": confirm,
    "Cancel": cancel,
    "CheckOrder": check_order,
}


def find(bank: Bank, payment_id: str) -> Payment:
    """The payment as it stands now: what time alone has ended is ended first."""
    payment = bank.books.payments.get(payment_id)
    if payment is None:
        raise Refused("255", payment_id)
    return expire(bank, payment)


def expire(bank: Bank, payment: Payment) -> Payment:
    """Nobody paid in time, or the payer never came back from his bank."""
    now = bank.now()
    unpaid_too_long = payment.status in UNPAID and now >= datetime.fromisoformat(payment.due)
    lost_in_3ds = payment.status == "3DS_CHECKING" and now >= _since(payment) + LONGEST_3DS
    return move(bank, payment, "DEADLINE_EXPIRED") if unpaid_too_long or lost_in_3ds else payment


def give_back(
    bank: Bank, payment: Payment, amount: int, *, source: str, external_request_id: str = ""
) -> Refund:
    """Reverse a hold or refund received money, in part or in whole (kopecks)."""
    if amount > payment.left:
        raise Refused("330", "Amount")
    received = payment.status in ("CONFIRMED", "PARTIAL_REFUNDED")
    moving, partly, wholly = (
        ("REFUNDING", "PARTIAL_REFUNDED", "REFUNDED")
        if received
        else ("REVERSING", "PARTIAL_REVERSED", "REVERSED")
    )
    left = payment.left - amount
    moved = move(bank, payment, moving)
    final = move(bank, replace(moved, left=left), partly if left else wholly, given_back=amount)
    number = len(bank.books.refunds_of_payment[payment.id]) + 1
    refund = Refund(
        id=f"{payment.id}-{number}",
        payment_id=payment.id,
        order_id=payment.order_id,
        amount=amount,
        original_amount=payment.left,
        new_amount=left,
        status=final.status,
        at=bank.now().isoformat(),
        source=source,
        external_request_id=external_request_id,
    )
    bank.books.put(refund)
    return refund


def move(bank: Bank, payment: Payment, status: str, *, given_back: int = 0) -> Payment:
    """One step of the status machine, with the news it makes."""
    if status not in MOVES.get(payment.status, frozenset()):
        raise Refused("4", f"{payment.status} -> {status}", Status=payment.status, PaymentId=payment.id)
    moved = replace(payment, status=status, history=step(payment.history, status, bank.now()))
    bank.books.put(moved)
    if status in TOLD or (status == "DEADLINE_EXPIRED" and bank.settings.notify_deadline):
        _tell(bank, moved, given_back)
    return moved


def _tell(bank: Bank, payment: Payment, given_back: int) -> None:
    amount = payment.amount
    if given_back:
        amount = given_back if bank.settings.refund_notification_amount == "refunded" else payment.left
    body: dict[str, Any] = {
        "TerminalKey": bank.settings.terminal,
        "OrderId": payment.order_id,
        "Success": payment.status not in FAILED,
        "Status": payment.status,
        "PaymentId": int(payment.id),
        "ErrorCode": payment.error_code,
        "Amount": amount,
    }
    if payment.pan:
        masked = f"{payment.pan[:6]}******{payment.pan[-4:]}"
        body |= {"CardId": zlib.crc32(payment.pan.encode()), "Pan": masked, "ExpDate": "1230"}
    owe_notification(
        bank,
        payment_id=payment.id,
        order_id=payment.order_id,
        url=payment.notification_url,
        body=body,
        signed_fields=list(body),
    )


def _has_live_payment(bank: Bank, order_id: str) -> bool:
    payments = (find(bank, payment_id) for payment_id in bank.books.payments_of_order.get(order_id, []))
    return any(payment.status not in FAILED for payment in payments)


def _refund_of_request(bank: Bank, payment: Payment, request_id: str) -> Refund | None:
    refunds = (bank.books.refunds[refund_id] for refund_id in bank.books.refunds_of_payment[payment.id])
    return next((refund for refund in refunds if refund.external_request_id == request_id), None)


def _since(payment: Payment) -> datetime:
    return datetime.fromisoformat(payment.history[-1]["at"])


_OK = {"Success": True, "ErrorCode": "0", "Message": "OK", "Details": ""}


def _answer(bank: Bank, payment: Payment, **more: Any) -> dict[str, Any]:
    return {
        **_OK,
        "TerminalKey": bank.settings.terminal,
        "OrderId": payment.order_id,
        "Status": payment.status,
        "PaymentId": payment.id,
        **more,
    }


def _refund_answer(bank: Bank, payment: Payment, refund: Refund) -> dict[str, Any]:
    return _answer(
        bank,
        payment,
        OriginalAmount=refund.original_amount,
        NewAmount=refund.new_amount,
        ExternalRequestId=refund.external_request_id,
    )
