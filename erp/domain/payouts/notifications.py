"""What the bank posts to us about payouts: kept like news about payments, and followed by asking."""

from __future__ import annotations

import datetime as dt

from erp import config
from erp.domain import payments
from erp.domain.payments import Receipt, Verdict
from erp.domain.payouts import attempts
from erp.domain.payouts.news import FOLLOW
from erp.gateways import tbank
from erp.kernel.db import row
from erp.kernel.outbox import enqueue


def receive_notification(body: bytes, *, now: dt.datetime) -> Receipt:
    """Take the bank's news about a payout. Nothing is booked here: the bank is asked by a job."""
    if len(body) > payments.LARGEST_NOTIFICATION:
        return Receipt(Verdict.OTHER, answer_ok=False)
    settings = config.get()
    news = None
    try:
        news = tbank.read_payout_notification(
            body,
            terminal_key=settings.tbank_payout_terminal_key,
            password=settings.tbank_payout_password.get_secret_value(),
        )
    except tbank.BadNotification:
        verdict = Verdict.BAD_TOKEN
    except tbank.UnknownShape:
        verdict = Verdict.OTHER
    else:
        verdict = _judge(news)
    verdict = payments.keep_notification(body, news, verdict, now=now)
    if news is not None and verdict is Verdict.ACCEPTED:
        attempt = row("select id, payout_id from payout_attempt where key = :key", key=news.order_id)
        assert attempt is not None, "accepted news is about a key of ours"
        attempts.learn_number(attempt.id, news.payment_id)
        enqueue(FOLLOW, attempt.payout_id)
    return payments.receipt_of(verdict)


def _judge(news: tbank.BankNotification) -> Verdict:
    attempt = row(
        """select t.provider_payment_id, p.amount from payout_attempt t join payout p on p.id = t.payout_id
           where t.key = :key""",
        key=news.order_id,
    )
    if attempt is None:
        return Verdict.UNKNOWN_ORDER
    if attempt.provider_payment_id not in (None, news.payment_id):
        return Verdict.OTHER
    return Verdict.ACCEPTED if news.amount == attempt.amount else Verdict.WRONG_AMOUNT
