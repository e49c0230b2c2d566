"""What the product tells of plans, prepaid days and cancellations reaches the commissions."""

import json
from collections.abc import Callable

import pytest
from flask import Flask

from erp.kernel import addresses
from erp.kernel.db import rows
from tests.mobile_api.conftest import Bank, Caller, notification

ORDER = {
    "external_id": "invoice-77",
    "customer": "superapp-1",
    "total": {"amount": 150_000, "currency": "RUB"},
    "description": "SuperApp, November",
    "plan": "pro",
    "prepaid_days": 30,
}


@pytest.fixture(autouse=True)
def customer(product: Caller, alice: Caller, programme: str) -> None:
    code = alice.get("/me").json["code"]
    sign_up = {"external_id": "superapp-1", "kind": "company", "name": "Kahvi Oy", "code": code}
    assert product.post("/sign-ups", sign_up).status_code == 201


def test_a_cancellation_takes_back_what_was_not_earned(
    app: Flask,
    product: Caller,
    alice: Caller,
    stranger: Caller,
    bank: Bank,
    work: Callable[[], None],
) -> None:
    order = product.post("/orders", ORDER).json
    bank.pay(order)
    news = json.dumps(notification(order))
    stranger.client.post(addresses.PAYMENT_NEWS, data=news, content_type="application/json")
    work()
    (line,) = alice.get("/commissions").json["items"]
    told = {"source_id": "leave-1", "customer": "superapp-1"}
    assert product.post("/cancellations", told).status_code == 201
    assert product.post("/cancellations", told).status_code == 201
    work()
    left = alice.get(f"/commissions/{line['id']}").json
    assert (
        left["net"]["amount"] < line["net"]["amount"] / 1000
    )  # at once: nearly all of the 30 days were left
    with app.app_context():
        found = rows(
            "select kind, plan, prepaid_days from event where kind in ('payment', 'cancellation') order by id"
        )
    assert [tuple(event) for event in found] == [("payment", "pro", 30), ("cancellation", None, None)]


def test_who_and_what_must_be_known(product: Caller, bank: Bank) -> None:
    unknown = product.post("/cancellations", {"source_id": "leave-1", "customer": "nobody"})
    assert unknown.status_code == 404
    never = product.post(
        "/cancellations", {"source_id": "leave-1", "customer": "superapp-1", "order": "none"}
    )
    assert never.status_code == 422
