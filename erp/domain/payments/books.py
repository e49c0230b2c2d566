"""What payments are in the owner's books: revenue and its VAT, the acquirer's fee, what goes back, what it transfers.

An amount that a customer pays holds its VAT. What goes back takes its VAT along by cumulative rounding, so that all of a
payment in any number of parts takes back exactly all of its VAT.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from erp.domain import ledger
from erp.domain.ledger import HOUSE, Line
from erp.kernel import money
from erp.kernel.actor import Actor

RECEIVED, RETURNED, CHARGED_BACK, WON_BACK = (
    "payment_received",
    "payment_refunded",
    "payment_charged_back",
    "chargeback_reversed",
)
FEE = "bank_fee"
SETTLED, UNSETTLED = "settlement", "settlement_voided"
OF_PAYMENTS = (RECEIVED, RETURNED, CHARGED_BACK, WON_BACK, FEE)
"""Kinds of transaction whose reference begins with the bank's id of a payment."""


def vat_within(amount: int, vat_bps: int) -> int:
    """The VAT that an amount holds: 22 of 122 at 2,200 basis points."""
    return money.ratio(amount, vat_bps, money.WHOLE + vat_bps)


def vat_returned(amount: int, vat_bps: int, returned: int) -> int:
    """How much of a payment's VAT has gone back when `returned` of it has."""
    return money.ratio(vat_within(amount, vat_bps), returned, amount)


def book_received(payment: sa.Row[Any], fact: str, occurred_at: dt.datetime, *, by: Actor) -> None:
    """A customer has paid: the acquirer holds it for us, less its fee."""
    vat = vat_within(payment.amount, payment.vat_bps)
    parts = {"revenue": payment.amount - vat, "vat": vat}
    groups = [_lines(RECEIVED, fact, payment.currency, occurred_at, parts)]
    if fee := money.share(payment.amount, payment.fee_bps):
        groups.append([_line(FEE, fact, payment.currency, occurred_at, "fee", "clearing", fee)])
    ledger.post_together(groups, by=by)


def book_returned(
    kind: str, payment: sa.Row[Any], amount: int, fact: str, occurred_at: dt.datetime, *, by: Actor
) -> None:
    """`amount` of a payment, which is as it was before, has gone back to the payer, or has come from there again
    (below zero)."""
    before = payment.refunded_total + payment.charged_back
    vat = vat_returned(payment.amount, payment.vat_bps, before + amount) - vat_returned(
        payment.amount, payment.vat_bps, before
    )
    parts = {"revenue": vat - amount, "vat": -vat}
    ledger.post_together([_lines(kind, fact, payment.currency, occurred_at, parts)], by=by)


def book_settled(reference: str, amount: int, currency: str, occurred_at: dt.datetime, *, by: Actor) -> None:
    """The acquirer has transferred what it held to the owner's account."""
    ledger.post([_line(SETTLED, reference, currency, occurred_at, "bank", "clearing", amount)], by=by)


def book_unsettled(
    reference: str, amount: int, currency: str, occurred_at: dt.datetime, *, by: Actor
) -> None:
    """It was written down by mistake: the exact mirror."""
    ledger.post([_line(UNSETTLED, reference, currency, occurred_at, "clearing", "bank", amount)], by=by)


def _lines(kind: str, fact: str, currency: str, at: dt.datetime, parts: dict[str, int]) -> list[Line]:
    """What comes from clearing to each account; a part below zero goes the other way."""
    return [
        _line(kind, fact, currency, at, "clearing", account, part)
        if part > 0
        else _line(kind, fact, currency, at, account, "clearing", -part)
        for account, part in parts.items()
        if part
    ]


def _line(kind: str, fact: str, currency: str, at: dt.datetime, debit: str, credit: str, amount: int) -> Line:
    return Line(kind, fact, HOUSE, debit, credit, amount, currency, at)
