"""What the bank posts to us. A notification is a hint: it is kept, answered at once, and followed by asking."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from erp import config
from erp.domain.payments import refunds, rules
from erp.domain.payments.attention import flag
from erp.domain.payments.news import FOLLOW, INIT
from erp.domain.payments.rules import Attention, Verdict
from erp.gateways import tbank
from erp.kernel.actor import Actor
from erp.kernel.db import execute, row, scalar
from erp.kernel.outbox import enqueue

BANK = Actor.system("bank notification")


@dataclass(frozen=True)
class Receipt:
    """How to answer the bank: `OK` when `answer_ok`, 403 for a bad token, otherwise an error so that it retries."""

    verdict: Verdict
    answer_ok: bool


def receive_notification(body: bytes, *, now: dt.datetime) -> Receipt:
    """Take the bank's news about a payment. Nothing is booked here: the payment is asked about by a job."""
    if len(body) > rules.LARGEST_NOTIFICATION:
        return Receipt(Verdict.OTHER, answer_ok=False)
    settings = config.get()
    news, verdict = None, Verdict.ACCEPTED
    try:
        news = tbank.read_payment_notification(
            body,
            terminal_key=settings.tbank_terminal_key,
            password=settings.tbank_password.get_secret_value(),
        )
    except tbank.BadNotification:
        verdict = Verdict.BAD_TOKEN
    except tbank.UnknownShape:
        verdict = Verdict.OTHER
    else:
        verdict = _judge(news)
    verdict = keep_notification(body, news, verdict, now=now)
    if news is not None:
        _act(news, verdict, now=now)
    return receipt_of(verdict)


def receipt_of(verdict: Verdict) -> Receipt:
    return Receipt(verdict, answer_ok=verdict not in (Verdict.BAD_TOKEN, Verdict.UNKNOWN_ORDER))


def keep_notification(
    body: bytes, news: tbank.BankNotification | None, verdict: Verdict, *, now: dt.datetime
) -> Verdict:
    """Store a notification once; its verdict, or DUPLICATE when this very body has been dealt with before.

    One that could not be accepted the first time (its order was unknown then) gets a new verdict.
    """
    digest = hashlib.sha256(body).digest()
    new = execute(
        """insert into bank_notification
             (digest, terminal_key, bank_order_id, provider_payment_id, status, amount, verdict, received_at)
           values (:digest, :terminal, :order_id, :payment_id, :status, :amount, :verdict, :now)
           on conflict (digest) do nothing""",
        digest=digest,
        terminal=news.terminal_key if news else None,
        order_id=news.order_id if news else None,
        payment_id=news.payment_id if news else None,
        status=news.status if news else None,
        amount=news.amount if news else None,
        verdict=verdict.value,
        now=now,
    ).rowcount
    if new:
        return verdict
    before = scalar("select verdict from bank_notification where digest = :digest for update", digest=digest)
    execute(
        "update bank_notification set times = times + 1, verdict = :verdict where digest = :digest",
        digest=digest,
        verdict=before if _was_dealt_with(before) else verdict.value,
    )
    return Verdict.DUPLICATE if _was_dealt_with(before) else verdict


def _was_dealt_with(verdict: str) -> bool:
    return verdict in (Verdict.ACCEPTED, Verdict.WRONG_AMOUNT)


def _judge(news: tbank.BankNotification) -> Verdict:
    payment = row(
        "select amount, provider_payment_id from payment where bank_order_id = :id", id=news.order_id
    )
    if payment is None:
        return Verdict.UNKNOWN_ORDER
    if payment.provider_payment_id not in (None, news.payment_id):
        return Verdict.OTHER
    if news.status in rules.MONEY_NEWS and news.amount != payment.amount:
        return Verdict.WRONG_AMOUNT
    return Verdict.ACCEPTED


def _act(news: tbank.BankNotification, verdict: Verdict, *, now: dt.datetime) -> None:
    payment = row(
        """select p.id, p.provider_payment_id, o.reference as order_reference
           from payment p join customer_order o on o.id = p.order_id where p.bank_order_id = :id""",
        id=news.order_id,
    )
    if payment is None:
        return
    if verdict is Verdict.WRONG_AMOUNT:
        flag(payment.id, Attention.WRONG_AMOUNT, by=BANK, now=now)
    elif verdict is Verdict.OTHER and news.status in rules.MONEY_NEWS:
        flag(payment.id, Attention.WRONG_ORDER, by=BANK, now=now)
    elif verdict is Verdict.ACCEPTED:
        if payment.provider_payment_id is None:
            enqueue(INIT, payment.order_reference)
        else:
            enqueue(FOLLOW, payment.id)
        if news.status == "PARTIAL_REFUNDED":
            refunds.flag_unexplained(payment.id, by=BANK, now=now)
