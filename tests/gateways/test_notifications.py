"""The bank's news is read only with the right terminal and the right Token."""

import json

import pytest

from erp.gateways.tbank import (
    BadNotification,
    UnknownShape,
    read_payment_notification,
    read_payout_notification,
    token,
)
from tests.simulators.running import PASSWORD, PAYOUT_PASSWORD, PAYOUT_TERMINAL, TERMINAL, eventually

NEWS = {
    "TerminalKey": TERMINAL,
    "OrderId": "PAY-1",
    "Success": True,
    "Status": "CONFIRMED",
    "PaymentId": 700001,
    "ErrorCode": "0",
    "Amount": 150_000,
}


def read(body, reader=read_payment_notification, password=PASSWORD, terminal=TERMINAL):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return reader(raw, terminal_key=terminal, password=password)


def signed(body):
    return {**body, "Token": token.make(body, PASSWORD)}


def test_the_banks_own_news_is_read(bank, merchant, order_id):
    payment_id = bank.paid(order_id)
    heard = [read(body) for body in merchant.heard if body["OrderId"] == order_id]
    assert [news.status for news in heard] == ["AUTHORIZED", "CONFIRMED"]
    assert {(news.payment_id, news.order_id, news.amount) for news in heard} == {
        (payment_id, order_id, 150_000)
    }
    assert heard[0].token != heard[1].token


def test_the_banks_own_news_of_a_payout_is_read(bank, merchant, order_id):
    checked = bank.check(order_id)
    bank.call_payouts("v2/Payment", PaymentId=checked["PaymentId"])
    eventually(lambda: merchant.statuses(order_id))
    body = next(body for body in merchant.heard if body["OrderId"] == order_id)
    news = read(body, read_payout_notification, PAYOUT_PASSWORD, PAYOUT_TERMINAL)
    assert (news.status, news.payment_id, news.amount) == ("COMPLETED", checked["PaymentId"], 50_000)
    with pytest.raises(BadNotification):
        read({**body, "Amount": 1}, read_payout_notification, PAYOUT_PASSWORD, PAYOUT_TERMINAL)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        {},
        NEWS,
        {**NEWS, "Token": "0" * 64},
        {**signed(NEWS), "Amount": 1},
        {**signed(NEWS), "Added": "field"},
        signed({**NEWS, "TerminalKey": "Stranger"}),
        signed({**NEWS, "Amount": "150000"}),
        signed({**NEWS, "Amount": True}),
        signed({**NEWS, "Success": "true"}),
    ],
)
def test_anything_else_is_not_the_banks_news(body):
    with pytest.raises(BadNotification):
        read(body)


def test_signed_news_about_other_things_is_told_apart():
    card = {"TerminalKey": TERMINAL, "NotificationType": "LINKCARD", "Status": "COMPLETED", "RequestKey": "x"}
    receipt = {"TerminalKey": TERMINAL, "Url": "https://example.test", "Ofd": "x", "Receipt": {"Items": []}}
    for body in (card, receipt):
        with pytest.raises(UnknownShape):
            read(signed(body))


def test_objects_in_the_news_are_not_part_of_the_token():
    assert read({**signed(NEWS), "DATA": {"Phone": "+7"}}).order_id == "PAY-1"
