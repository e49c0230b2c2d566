"""POST /orders, GET /orders/<external_id>, and the bank's notification about one."""

import json
from collections.abc import Callable

import pytest
from flask import Flask

from erp.kernel import addresses
from tests.mobile_api.conftest import Bank, Caller, notification

ORDER = {
    "external_id": "invoice-77",
    "customer": "superapp-1",
    "total": {"amount": 150_000, "currency": "RUB"},
    "description": "SuperApp, November",
}


@pytest.fixture(autouse=True)
def customer(product: Caller, alice: Caller, programme: str) -> None:
    code = alice.get("/me").json["code"]
    sign_up = {"external_id": "superapp-1", "kind": "company", "name": "Kahvi Oy", "code": code}
    assert product.post("/sign-ups", sign_up).status_code == 201


def test_an_order_tells_where_to_pay(product: Caller, bank: Bank) -> None:
    answer = product.post("/orders", ORDER)
    assert answer.status_code == 201
    order = answer.json
    assert {name: order[name] for name in ORDER} == ORDER
    assert (order["state"], order["payment_status"]) == ("open", "NEW")
    assert order["payment_url"].startswith(bank.url)
    assert product.get("/orders/invoice-77").json == order


def test_the_same_order_again_is_the_same_order(product: Caller, bank: Bank) -> None:
    first = product.post("/orders", ORDER).json
    assert product.post("/orders", ORDER).json == first


def test_another_order_under_the_same_id_is_refused(product: Caller, bank: Bank) -> None:
    product.post("/orders", ORDER)
    answer = product.post("/orders", {**ORDER, "description": "Something else"})
    assert (answer.status_code, answer.json["code"]) == (409, "order_differs")


def test_an_order_of_an_unknown_customer_is_not_found(product: Caller) -> None:
    assert product.post("/orders", {**ORDER, "customer": "nobody"}).status_code == 404


def test_a_silent_bank_keeps_the_order_and_the_next_try_opens_it(
    product: Caller, no_bank: None, request: pytest.FixtureRequest
) -> None:
    answer = product.post("/orders", ORDER)
    assert (answer.status_code, answer.json["code"]) == (503, "bank_away")
    assert product.get("/orders/invoice-77").json["payment_url"] is None
    request.getfixturevalue("bank")
    assert product.post("/orders", ORDER).json["payment_url"] is not None


def test_values_that_cannot_be_accepted_are_named(product: Caller, subtests: pytest.Subtests) -> None:
    for change, field in [
        ({"total": {"amount": 1500.0, "currency": "RUB"}}, "total.amount"),
        ({"total": {"amount": "150000", "currency": "RUB"}}, "total.amount"),
        ({"total": {"amount": 0, "currency": "RUB"}}, "total.amount"),
        ({"total": {"amount": 10**13, "currency": "RUB"}}, "total.amount"),
        ({"total": {"amount": True, "currency": "RUB"}}, "total.amount"),
        ({"total": {"amount": 150_000, "currency": "rub"}}, "total.currency"),
        ({"total": {"amount": 150_000, "currency": "EUR"}}, "currency"),
        ({"total": {"amount": 1, "currency": "RUB"}}, "amount"),
        ({"description": "x" * 141}, "description"),
        ({"description": ""}, "description"),
        ({"external_id": "a/b"}, "external_id"),
        ({"customer": None}, "customer"),
    ]:
        with subtests.test(change=change, field=field):
            answer = product.post("/orders", {**ORDER, **change})
            assert answer.status_code == 422
            assert list(answer.json["fields"]) == [field]


def test_only_the_product_orders(stranger: Caller, alice: Caller) -> None:
    for caller in (stranger, alice):
        assert caller.post("/orders", ORDER).status_code == 401
        assert caller.get("/orders/invoice-77").status_code == 401


def test_an_unknown_order_is_not_found(product: Caller) -> None:
    assert product.get("/orders/nothing").status_code == 404


def _notify(caller: Caller, news: dict[str, object]) -> tuple[int, str, str]:
    answer = caller.client.post(
        addresses.PAYMENT_NEWS, data=json.dumps(news), content_type="application/json"
    )
    return answer.status_code, answer.text, answer.mimetype


def test_the_banks_news_is_answered_ok_and_the_bank_is_asked(
    app: Flask, product: Caller, stranger: Caller, bank: Bank, work: Callable[[], None]
) -> None:
    order = product.post("/orders", ORDER).json
    bank.pay(order)
    assert _notify(stranger, notification(order)) == (200, "OK", "text/plain")
    work()
    assert product.get("/orders/invoice-77").json["state"] == "paid"


def test_news_of_a_payment_that_nobody_made_books_nothing(
    product: Caller, stranger: Caller, bank: Bank, work: Callable[[], None]
) -> None:
    order = product.post("/orders", ORDER).json
    assert _notify(stranger, notification(order))[0] == 200
    work()
    assert product.get("/orders/invoice-77").json["state"] == "open"


def test_badly_signed_and_unknown_news_are_refused(product: Caller, stranger: Caller, bank: Bank) -> None:
    order = product.post("/orders", ORDER).json
    assert _notify(stranger, notification(order) | {"Amount": 1})[0] == 403
    assert _notify(stranger, notification(order, OrderId="PAY-00000000"))[0] == 404
    assert product.get("/orders/invoice-77").json["state"] == "open"


def test_what_is_no_notification_is_refused_without_breaking(
    stranger: Caller, subtests: pytest.Subtests
) -> None:
    bodies = (b"", b"{", b"[]", b"\xff", b'{"TerminalKey": "\\u0000"}', b"x" * 70_000)
    for path in (addresses.PAYMENT_NEWS, addresses.PAYOUT_NEWS):
        for body in bodies:
            with subtests.test(path=path, body=body[:20]):
                answer = stranger.client.post(path, data=body, content_type="application/json")
                assert answer.status_code in (403, 404)
                assert answer.mimetype == "text/plain"
