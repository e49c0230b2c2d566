"""Payments and refunds of one scene: what doors and workers do one by one is done here step by step for all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from erp import config
from erp.domain import payments, payouts
from erp.history import deeds
from erp.history.deeds import Deed
from erp.history.stage.bank import Request
from erp.history.stage.office import CURRENCY, customer
from erp.history.stage.stage import Stage, Ticker, subjects
from erp.kernel import addresses, outbox
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

BY = Actor.system("payments")
FOLLOW, SEND_REFUND = "erp.jobs.payments.follow", "erp.jobs.payments.send_refund"
STEP = dt.timedelta(seconds=1)
PAYING_TAKES = dt.timedelta(seconds=100)


def play(told: Sequence[Deed], stage: Stage) -> None:
    """Customers pay, finance gives back, and somebody does so past us; the bank tells of all of it."""
    _pay([deed for deed in told if isinstance(deed, deeds.Pay)], stage)
    hear(stage)
    _refund([deed for deed in told if isinstance(deed, deeds.Refund)], stage)
    _past_us([deed for deed in told if isinstance(deed, deeds.RefundInCabinet)], stage)
    hear(stage)


def hear(stage: Stage) -> None:
    """Take what the bank posted to us; jobs follow it."""
    if news := stage.bank.take_news():
        tickers = {one.at: Ticker(one.at + STEP) for one in news}
        with transaction():
            for one in news:
                receive = RECEIVERS[one.path]
                receive(one.body, now=tickers[one.at]())


RECEIVERS = {
    addresses.PAYMENT_NEWS: payments.receive_notification,
    addresses.PAYOUT_NEWS: payouts.receive_notification,
}


def _pay(pays: Sequence[deeds.Pay], stage: Stage) -> None:
    """Orders are placed, the bank opens a payment for each, and payers pay on its page, or try to."""
    if not pays:
        return
    with transaction():
        begun = [(deed, step) for deed in pays if (step := _begin(deed, stage)) is not None]
    opened = stage.bank.tell([_init(deed, step, stage) for deed, step in begun])
    with transaction():
        for (deed, step), answer in zip(begun, opened, strict=True):
            payments.record_init(
                step.payment_id,
                provider_payment_id=answer["PaymentId"],
                payment_url=answer["PaymentURL"],
                by=BY,
                now=deed.at + 3 * STEP,
            )
    paying = [
        Request(deed.at + PAYING_TAKES, f"/pay/{answer['PaymentId']}", {"pan": deed.card})
        for (deed, _), answer in zip(begun, opened, strict=True)
        if deed.card is not None
    ]
    stage.bank.tell(paying)
    stage.heard |= {
        str(step.payment_id): deed.at + PAYING_TAKES + 2 * STEP for deed, step in begun if deed.card
    }


def _begin(deed: deeds.Pay, stage: Stage) -> payments.InitStep | None:
    """The opening of a payment for an order, new or declined before."""
    orders = stage.known.orders
    if deed.order not in orders:
        orders[deed.order] = payments.place_order(
            customer(deed.customer),
            amount=deed.amount,
            currency=CURRENCY,
            description=deed.description,
            external_id=f"inv-{deed.order:06}",
            by=stage.crew.product,
            now=deed.at,
        )
    return payments.begin_init(orders[deed.order], by=BY, now=deed.at + STEP)


def _init(deed: deeds.Pay, step: payments.InitStep, stage: Stage) -> Request:
    settings = config.get()
    return stage.bank.ask(
        deed.at + 2 * STEP,
        "Init",
        OrderId=step.bank_order_id,
        Amount=step.amount,
        Description=step.description,
        PayType="O",
        NotificationURL=settings.public_url.rstrip("/") + addresses.PAYMENT_NEWS,
        SuccessURL=settings.product_url,
        FailURL=settings.product_url,
    )


def follow(news: Sequence[outbox.News], stage: Stage) -> None:
    """Ask the bank how payments stand, and book what follows."""
    moments = {id: stage.heard.pop(id, stage.moment) for id in subjects(news)}
    asked = sorted(moments, key=lambda id: moments[id])
    with transaction():
        known = [(id, payments.begin_check(UUID(id), now=moments[id])) for id in asked]
    answers = stage.bank.tell(
        [stage.bank.ask(moments[id], "GetState", PaymentId=payment_id) for id, payment_id in known]
    )
    with transaction():
        for id, answer in zip(asked, answers, strict=True):
            payments.apply_state(
                UUID(id),
                status=answer["Status"],
                amount=answer["Amount"],
                bank_order_id=answer["OrderId"],
                by=BY,
                now=moments[id],
            )
        outbox.done(news)


def _refund(refunds: Sequence[deeds.Refund], stage: Stage) -> None:
    """Asked for on the payment's page; a job sends it."""
    if not refunds:
        return
    asked = []
    with transaction():
        for deed in refunds:
            with stage.refusable():
                order = payments.find_order(stage.known.orders[deed.order])
                by = stage.crew.finance[deed.order % 2]
                payments.ask_refund(
                    order.payment_reference, amount=deed.amount, reason=deed.reason, by=by, now=deed.at
                )
                asked.append((deed.at, payments.find_payment(order.payment_reference).id))
    for (at, payment_id), news in zip(asked, stage.take_news(SEND_REFUND), strict=True):
        ticker = Ticker(at + STEP)
        edge = payments.Edge(stage.bank.acquiring(ticker), transaction, ticker, BY)
        payments.send_refund(UUID(news.subject), edge)
        stage.heard[str(payment_id)] = ticker.at + 2 * STEP
        with transaction():
            outbox.done([news])


def _past_us(refunds: Sequence[deeds.RefundInCabinet], stage: Stage) -> None:
    if not refunds:
        return
    requests = []
    with transaction():
        for deed in refunds:
            order = payments.find_order(stage.known.orders[deed.order])
            payment = payments.find_payment(order.payment_reference)
            body = {"PaymentId": payment.provider_payment_id, "Amount": deed.amount}
            requests.append(Request(deed.at, "/_control/refund", body))
            stage.heard[str(payment.id)] = deed.at + 2 * STEP
    stage.bank.tell(requests)
