"""The payment page that a payer is sent to, and a front page that shows what the bank holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from simulators.tbank import acquiring
from simulators.tbank.bank import Bank
from simulators.tbank.books import Payment
from simulators.tbank.notifications import Courier
from simulators.tbank.protocol import Refused

CHALLENGE_PASSWORD = "1qwezxc"
THROUGH_3DS = ("3DS_CHECKING", "3DS_CHECKED")


@dataclass(frozen=True)
class Card:
    """A test card: the 3-D Secure steps it walks and how it ends. `error` is the bank's code when it fails."""

    pan: str
    result: str
    steps: tuple[str, ...] = ()
    end: str = "AUTHORIZED"
    error: str = "0"
    challenge: bool = False


CARDS = [
    Card("2201382000000013", "success, frictionless 3-D Secure", THROUGH_3DS),
    Card("2201382000000047", "success after a one-time password", THROUGH_3DS, challenge=True),
    Card("2201382000000039", "success, attempted 3-D Secure", THROUGH_3DS),
    Card("2200770239097761", "success, no 3-D Secure"),
    Card("2201382000000591", "success, mock service"),
    Card("2201382000000831", "insufficient funds", (), "REJECTED", "1051"),
    Card("2201382000000021", "not authenticated", ("3DS_CHECKING",), "AUTH_FAIL", "101"),
    Card("2201382000000005", "3-D Secure rejected by the issuer", ("3DS_CHECKING",), "REJECTED", "106"),
]
BY_PAN = {card.pan: card for card in CARDS}


def pages(bank: Bank, courier: Courier) -> Blueprint:
    door = Blueprint("pages", __name__, template_folder="templates")

    @door.get("/")
    def front() -> str:
        with bank.books.lock:
            return render_template(
                "front.html",
                payments=list(bank.books.payments.values())[-50:][::-1],
                refunds=list(bank.books.refunds.values())[-50:][::-1],
                payouts=list(bank.books.payouts.values())[-50:][::-1],
            )

    @door.get("/pay/<payment_id>")
    def form(payment_id: str) -> str:
        with bank.books.writing():
            payment = _find(bank, payment_id)
            if payment.status == "NEW":
                payment = acquiring.move(bank, payment, "FORM_SHOWED")
        return _page(payment)

    @door.post("/pay/<payment_id>")
    def pay(payment_id: str) -> str | Response:
        with bank.books.writing():
            payment = _attempt(bank, _find(bank, payment_id))
        if payment.status in ("FORM_SHOWED", "3DS_CHECKING"):
            return _page(payment)
        courier.await_first_attempts(payment_id)
        failed = payment.status in acquiring.FAILED
        onward = payment.fail_url if failed else payment.success_url
        return redirect(onward, 303) if onward else _page(payment)

    return door


def _page(payment: Payment) -> str:
    if payment.status == "3DS_CHECKING":
        return render_template("challenge.html", payment=payment, password=CHALLENGE_PASSWORD)
    if payment.status == "FORM_SHOWED":
        return render_template("pay.html", payment=payment, cards=CARDS)
    return render_template("result.html", payment=payment, failed=payment.status in acquiring.FAILED)


def _find(bank: Bank, payment_id: str) -> Payment:
    try:
        return acquiring.find(bank, payment_id)
    except Refused:
        abort(404)


def _attempt(bank: Bank, payment: Payment) -> Payment:
    """Walk the status machine with the chosen card. A payment that is past paying stays as it is."""
    if payment.status == "NEW":
        payment = acquiring.move(bank, payment, "FORM_SHOWED")
    if payment.status == "3DS_CHECKING":
        return _answer_challenge(bank, payment)
    card = BY_PAN.get(request.form.get("pan", "").replace(" ", ""))
    if payment.status != "FORM_SHOWED" or card is None:
        return payment
    payment = acquiring.move(bank, replace(payment, pan=card.pan), "AUTHORIZING")
    for status in card.steps:
        payment = acquiring.move(bank, payment, status)
        if card.challenge and status == "3DS_CHECKING":
            return _answer_challenge(bank, payment) if "otp" in request.form else payment
    return _finish(bank, replace(payment, error_code=card.error), card.end)


def _answer_challenge(bank: Bank, payment: Payment) -> Payment:
    if request.form.get("otp") != CHALLENGE_PASSWORD:
        return _finish(bank, replace(payment, error_code="101"), "REJECTED")
    return _finish(bank, acquiring.move(bank, payment, "3DS_CHECKED"), "AUTHORIZED")


def _finish(bank: Bank, payment: Payment, end: str) -> Payment:
    payment = acquiring.move(bank, payment, end)
    if end == "AUTHORIZED" and not payment.two_stage:
        payment = acquiring.move(bank, acquiring.move(bank, payment, "CONFIRMING"), "CONFIRMED")
    return payment
