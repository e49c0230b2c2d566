"""Payers and their cards: what becomes of a payment when somebody tries to pay it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulators.tbank import acquiring
from simulators.tbank.bank import Bank
from simulators.tbank.books import Payment

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


def attempt(bank: Bank, payment: Payment, form: Mapping[str, str]) -> Payment:
    """Walk the status machine with the chosen card (`pan`, and `otp` where the issuer asks for one). A payment that
    is past paying stays as it is."""
    if payment.status == "NEW":
        payment = acquiring.move(bank, payment, "FORM_SHOWED")
    if payment.status == "3DS_CHECKING":
        return _answer_challenge(bank, payment, form)
    card = BY_PAN.get(form.get("pan", "").replace(" ", ""))
    if payment.status != "FORM_SHOWED" or card is None:
        return payment
    payment = acquiring.move(bank, replace(payment, pan=card.pan), "AUTHORIZING")
    for status in card.steps:
        payment = acquiring.move(bank, payment, status)
        if card.challenge and status == "3DS_CHECKING":
            return _answer_challenge(bank, payment, form) if "otp" in form else payment
    return _finish(bank, replace(payment, error_code=card.error), card.end)


def _answer_challenge(bank: Bank, payment: Payment, form: Mapping[str, str]) -> Payment:
    if form.get("otp") != CHALLENGE_PASSWORD:
        return _finish(bank, replace(payment, error_code="101"), "REJECTED")
    return _finish(bank, acquiring.move(bank, payment, "3DS_CHECKED"), "AUTHORIZED")


def _finish(bank: Bank, payment: Payment, end: str) -> Payment:
    payment = acquiring.move(bank, payment, end)
    if end == "AUTHORIZED" and not payment.two_stage:
        payment = acquiring.move(bank, acquiring.move(bank, payment, "CONFIRMING"), "CONFIRMED")
    return payment
