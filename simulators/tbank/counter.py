"""The counter where requests are answered: credentials, orders to misbehave, the work on disk, then the answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from simulators.tbank import acquiring, payouts
from simulators.tbank.bank import Bank
from simulators.tbank.protocol import Refused, token_is_right
from simulators.web import json_body, spoil_after, spoil_before

Fields = dict[str, Any]


def acquiring_door(bank: Bank) -> Blueprint:
    door = Blueprint("acquiring", __name__)

    @door.post("/v2/<method>")
    def call(method: str) -> Response:
        if method not in acquiring.METHODS:
            abort(404)
        return _exchange(bank, method)

    return door


def payout_door(bank: Bank) -> Blueprint:
    door = Blueprint("payouts", __name__)

    def call() -> Response:
        return _exchange(bank, payouts.PATHS[request.path])

    for path in payouts.PATHS:
        door.add_url_rule(path, view_func=call, methods=["POST"])
    return door


def _exchange(bank: Bank, operation: str) -> Response:
    body = json_body() or {}
    try:
        check(bank, operation, body)
    except Refused as refusal:
        return jsonify(refusal.answer())
    order_id = _order_id(bank, body)
    fault = bank.faults.take(operation, order_id)
    if spoiled := spoil_before(fault, lambda code: jsonify(Refused(code, "ordered").answer())):
        return spoiled
    bank.barriers.hold(operation, order_id, after_commit=False)
    answer = jsonify(perform(bank, operation, body, request.host_url))
    bank.barriers.hold(operation, order_id, after_commit=True)
    return spoil_after(fault, answer)


def check(bank: Bank, operation: str, body: Fields) -> None:
    """Raises `Refused` unless the request bears the merchant's credentials for this kind of operation."""
    if operation in acquiring.METHODS:
        _check_token(bank, body)
    else:
        _check_seal(bank, body)


def perform(bank: Bank, operation: str, body: Fields, base_url: str) -> Fields:
    """Do the work, whole on the disk, and say what came of it."""
    with bank.books.writing():
        try:
            if operation in acquiring.METHODS:
                return acquiring.METHODS[operation](bank, body, base_url)
            return payouts.METHODS[operation](bank, body)
        except Refused as refusal:
            return {"TerminalKey": body["TerminalKey"], **refusal.answer()}


def _check_token(bank: Bank, body: Fields) -> None:
    if body.get("TerminalKey") != bank.settings.terminal:
        raise Refused("205", "TerminalKey")
    if not token_is_right(body, bank.settings.password):
        raise Refused("204")


def _check_seal(bank: Bank, body: Fields) -> None:
    if body.get("TerminalKey") != bank.settings.payout_terminal:
        raise Refused("205", "TerminalKey")
    if bank.seal is None:
        raise Refused("411", "the simulator was started without --payout-certificate")
    bank.seal.check(body)


def _order_id(bank: Bank, body: Fields) -> str | None:
    if "OrderId" in body:
        return str(body["OrderId"])
    operation_id = str(body.get("PaymentId", ""))
    known = bank.books.payments.get(operation_id) or bank.books.payouts.get(operation_id)
    return known.order_id if known else None
