"""The payment page that a payer is sent to, and a front page that shows what the bank holds."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from simulators.tbank import acquiring
from simulators.tbank.bank import Bank
from simulators.tbank.books import Payment
from simulators.tbank.notifications import Courier
from simulators.tbank.payers import CARDS, CHALLENGE_PASSWORD, attempt
from simulators.tbank.protocol import Refused


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
            payment = attempt(bank, _find(bank, payment_id), request.form)
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
