"""The bank goes wrong exactly as ordered, as often as ordered, and only for whom it was ordered."""

import subprocess
import sys
import time

import httpx
import pytest

from simulators.tbank.protocol import token, token_is_right
from tests.simulators.running import PASSWORD, Merchant, SimulatedBank, eventually


def test_timeout_before_does_nothing_and_timeout_after_does_it(bank: SimulatedBank, order_id):
    payment_id = bank.paid(order_id)
    bank.misbehave("Cancel", "timeout_before")
    with pytest.raises(httpx.RemoteProtocolError):
        bank.call("Cancel", PaymentId=payment_id, Amount=10_000)
    assert bank.operations(order_id)["refunds"] == []
    bank.misbehave("Cancel", "timeout_after")
    with pytest.raises(httpx.RemoteProtocolError):
        bank.call("Cancel", PaymentId=payment_id, Amount=10_000)
    assert [refund["amount"] for refund in bank.operations(order_id)["refunds"]] == [10_000]


@pytest.mark.parametrize(
    ("operation", "path"),
    [("sbp.Init", "v2/Init"), ("sbp.Payment", "v2/Payment"), ("sbp.GetState", "GetState")],
)
def test_every_payout_step_can_lose_its_answer(bank: SimulatedBank, order_id, operation, path):
    checked = bank.check(order_id)
    bank.misbehave(operation, "timeout_after", order_id=order_id)
    with pytest.raises(httpx.RemoteProtocolError):
        bank.check(order_id) if path == "v2/Init" else bank.call_payouts(path, PaymentId=checked["PaymentId"])
    (payout,) = bank.operations(order_id)["payouts"]
    assert bool(payout["paid_at"]) == (operation == "sbp.Payment")


def test_an_ordered_error_does_nothing(bank: SimulatedBank, order_id):
    bank.misbehave("Init", "error", ErrorCode="9001", order_id=order_id)
    answer = bank.call("Init", OrderId=order_id, Amount=5000)
    assert (answer["Success"], answer["ErrorCode"]) == (False, "9001")
    assert bank.operations(order_id)["payments"] == []
    assert bank.call("Init", OrderId=order_id, Amount=5000)["Success"]


def test_an_ordered_500_is_no_json(bank: SimulatedBank, order_id):
    payment_id = bank.init(order_id)
    bank.misbehave("GetState", "http_500")
    request = {"TerminalKey": "TinkoffBankTest", "PaymentId": payment_id}
    with pytest.raises(AssertionError):
        bank.call("GetState", **request)
    assert bank.status(payment_id) == "NEW"


def test_a_delay_keeps_the_client_waiting(bank: SimulatedBank, order_id):
    bank.misbehave("Init", "delay", seconds=0.5)
    began = time.monotonic()
    bank.init(order_id)
    assert time.monotonic() - began >= 0.5


def test_a_fault_strikes_as_often_as_ordered_and_only_its_order(bank: SimulatedBank, order_id):
    bank.misbehave("Init", "error", times=2, order_id=order_id)
    assert bank.call("Init", OrderId=order_id + "-x", Amount=5000)["Success"]
    answers = [bank.call("Init", OrderId=order_id, Amount=5000)["Success"] for _ in range(3)]
    assert answers == [False, False, True]


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"operation": "Init", "fault": "duplicate"},
        {"operation": "Nothing", "fault": "error"},
        {"operation": "Init", "fault": "error", "times": "many"},
    ],
)
def test_a_senseless_order_is_refused(bank: SimulatedBank, order):
    assert bank.http.post("/_control/misbehave", json=order).status_code == 400


def test_notifications_can_come_twice(bank: SimulatedBank, merchant: Merchant, order_id):
    bank.misbehave("notify", "duplicate", order_id=order_id)
    bank.paid(order_id)
    eventually(lambda: merchant.statuses(order_id) == ["AUTHORIZED", "AUTHORIZED", "CONFIRMED"])


def test_notifications_can_come_out_of_order(bank: SimulatedBank, merchant: Merchant, order_id):
    bank.misbehave("notify", "reorder", order_id=order_id, seconds=0.5)
    bank.paid(order_id)
    eventually(lambda: merchant.statuses(order_id) == ["CONFIRMED", "AUTHORIZED"])


def test_notifications_can_be_badly_signed_and_then_be_repeated_well(
    bank: SimulatedBank, merchant: Merchant, order_id
):
    merchant.answer = lambda body: (200, "OK") if token_is_right(body, PASSWORD) else (403, "")
    bank.misbehave("notify", "bad_token", order_id=order_id)
    bank.paid(order_id)
    eventually(lambda: len(merchant.statuses(order_id)) == 3)
    authorized = [
        body for body in merchant.heard if body["OrderId"] == order_id and body["Status"] == "AUTHORIZED"
    ]
    assert [token_is_right(body, PASSWORD) for body in authorized] == [False, True]


def test_notifications_can_name_a_wrong_amount_under_a_right_token(
    bank: SimulatedBank, merchant: Merchant, order_id
):
    bank.misbehave("notify", "wrong_amount", order_id=order_id)
    bank.paid(order_id)
    eventually(lambda: len(merchant.statuses(order_id)) == 2)
    first = next(body for body in merchant.heard if body["OrderId"] == order_id)
    assert first["Amount"] == 150_100
    assert token_is_right(first, PASSWORD)


def test_anything_but_200_and_ok_is_told_again(bank: SimulatedBank, merchant: Merchant, order_id):
    answers = {"0": (200, "ok"), "1": (200, "<b>OK</b>"), "2": (500, "OK"), "3": (202, "OK")}
    merchant.answer = lambda body: answers.pop(body["OrderId"][-1], (200, "OK"))
    orders = [f"{order_id}-{number}" for number in range(4)]
    for order in orders:
        bank.call("Cancel", PaymentId=bank.init(order))
    eventually(lambda: all(merchant.statuses(order) == ["CANCELED"] * 2 for order in orders))
    time.sleep(1.2)
    assert [len(merchant.statuses(order)) for order in orders] == [2, 2, 2, 2]


CLIENT = """
import httpx, sys
httpx.post(sys.argv[1], content=sys.stdin.buffer.read(), headers={"Content-Type": "application/json"}, timeout=60)
"""


def test_a_client_killed_at_the_barrier_leaves_the_money_sent(bank: SimulatedBank, order_id):
    checked = bank.check(order_id)
    armed = {"operation": "sbp.Payment", "after_commit": True, "order_id": order_id}
    assert bank.http.post("/_control/barrier", json=armed).status_code == 201
    body = bank.signed({"TerminalKey": checked["TerminalKey"], "PaymentId": checked["PaymentId"]})
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, f"{bank.url}/a2c/sbp/v2/Payment"], stdin=subprocess.PIPE
    )
    assert client.stdin is not None
    client.stdin.write(httpx.Request("POST", bank.url, json=body).content)
    client.stdin.close()
    eventually(lambda: bank.http.get("/_control/barrier").json()["waiting"])
    client.kill()
    client.wait()
    eventually(lambda: bank.http.get("/_control/barrier").json()["abandoned"] == 1)
    assert bank.http.get("/_control/barrier").json()["waiting"] == []
    (payout,) = bank.operations(order_id)["payouts"]
    assert payout["paid_at"]


def test_a_barrier_before_the_work_holds_the_work_until_released(bank: SimulatedBank, order_id):
    armed = {"operation": "Init", "after_commit": False, "order_id": order_id}
    bank.http.post("/_control/barrier", json=armed)
    hasty = httpx.Client(base_url=bank.url, timeout=0.3, trust_env=False)
    with pytest.raises(httpx.ReadTimeout):
        hasty.post(
            "/v2/Init",
            json=_with_token({"TerminalKey": "TinkoffBankTest", "OrderId": order_id, "Amount": 5000}),
        )
    assert bank.http.post("/_control/barrier/release").json()["armed"] == []
    assert bank.init(order_id + "-2")


def _with_token(fields: dict) -> dict:
    return {**fields, "Token": token(fields, PASSWORD)}
