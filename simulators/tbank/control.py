"""How tests and people command the simulator; nothing of this exists at the real bank."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulators.faults import BadOrder
from simulators.tbank import acquiring, fields
from simulators.tbank.bank import Bank
from simulators.tbank.books import Payment, Payout, Recipient, Refund
from simulators.tbank.protocol import Refused
from simulators.web import json_body


def control_door(bank: Bank) -> Blueprint:
    door = Blueprint("control", __name__)

    @door.post("/_control/recipient")
    def name_recipient() -> tuple[Response, int]:
        """`{"phone", "short_name"}`: how the owner of a phone is called at his bank."""
        body = json_body() or {}
        phone = "".join(filter(str.isdigit, str(body.get("phone", ""))))
        if not phone or not isinstance(body.get("short_name"), str):
            return jsonify(error="phone and short_name are needed"), 400
        with bank.books.writing():
            bank.books.put(Recipient(phone, body["short_name"]))
        return jsonify(phone=phone, short_name=body["short_name"]), 201

    @door.post("/_control/refund")
    def refund_in_cabinet() -> tuple[Response, int]:
        """`{"PaymentId", "Amount"}`: the merchant's clerk refunds by hand; the product learns it from the bank."""
        body = json_body() or {}
        try:
            with bank.books.writing():
                payment = acquiring.find(bank, fields.payment_id(body, "255"))
                amount = fields.amount(body, "Amount") if "Amount" in body else payment.left
                refund = acquiring.give_back(bank, payment, amount, source="cabinet")
        except Refused as refusal:
            return jsonify(refusal.answer()), 409
        return jsonify(asdict(refund)), 201

    @door.post("/_control/barrier")
    def arm() -> tuple[Response, int]:
        """`{"operation", "after_commit", "order_id", "times"}`: hold the next call there."""
        try:
            bank.barriers.arm(json_body() or {})
        except (BadOrder, ValueError, TypeError) as error:
            return jsonify(error=str(error)), 400
        return jsonify(bank.barriers.status()), 201

    @door.post("/_control/barrier/release")
    def release() -> Response:
        bank.barriers.release()
        return jsonify(bank.barriers.status())

    @door.get("/_control/barrier")
    def barrier() -> Response:
        return jsonify(bank.barriers.status())

    @door.get("/_control/state")
    def state() -> Response:
        with bank.books.lock:
            notifications = [asdict(news) for news in bank.books.notifications.values()]
            recipients = {row.id: row.short_name for row in bank.books.recipients.values()}
        return jsonify(
            now=bank.now().isoformat(),
            faults=bank.faults.listing(),
            barriers=bank.barriers.status(),
            recipients=recipients,
            notifications=notifications,
            **_operations(bank, None),
        )

    @door.get("/operations")
    def operations() -> Response:
        """Every operation the bank holds, for reconciliation; `?order_id=` narrows it to one."""
        return jsonify(_operations(bank, request.args.get("order_id")))

    return door


def _operations(bank: Bank, order_id: str | None) -> dict[str, list[dict[str, Any]]]:
    with bank.books.writing():
        payments = [acquiring.find(bank, payment_id) for payment_id in bank.books.payments]
        tables = {
            "payments": [_payment(payment) for payment in payments],
            "refunds": [_refund(refund) for refund in bank.books.refunds.values()],
            "payouts": [_payout(payout) for payout in bank.books.payouts.values()],
        }
    if order_id is None:
        return tables
    return {name: [row for row in rows if row["order_id"] == order_id] for name, rows in tables.items()}


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "order_id": payment.order_id,
        "amount": payment.amount,
        "left": payment.left,
        "status": payment.status,
        "history": payment.history,
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {"refund_id": refund.id, **{key: value for key, value in asdict(refund).items() if key != "id"}}


def _payout(payout: Payout) -> dict[str, Any]:
    return {
        "payment_id": payout.id,
        "order_id": payout.order_id,
        "amount": payout.amount,
        "status": payout.status,
        "status_code": payout.status_code,
        "phone": payout.phone,
        "member_id": payout.member_id,
        "paid_at": payout.paid_at,
        "sbp_id": payout.sbp_id,
        "history": payout.history,
    }
