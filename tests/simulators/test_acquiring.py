"""Payments over real HTTP, as the acquiring protocol has them."""

import pytest

from tests.simulators.running import CHALLENGED_CARD, POOR_CARD, SimulatedBank, eventually


def test_a_payment_walks_from_new_to_confirmed_and_says_so_in_order(bank: SimulatedBank, merchant, order_id):
    answer = bank.call("Init", OrderId=order_id, Amount=150_000, Description="Invoice")
    assert (answer["Status"], answer["Amount"], answer["ErrorCode"]) == ("NEW", 150_000, "0")
    assert answer["PaymentURL"] == f"{bank.url}/pay/{answer['PaymentId']}"
    bank.pay(answer["PaymentId"])
    assert bank.status(answer["PaymentId"]) == "CONFIRMED"
    assert merchant.statuses(order_id) == ["AUTHORIZED", "CONFIRMED"]
    news = merchant.heard[-1]
    assert news["PaymentId"] == int(answer["PaymentId"])
    assert news["Pan"] == "220077******7761"
    walked = [step["status"] for step in bank.operations(order_id)["payments"][0]["history"]]
    assert walked == ["NEW", "FORM_SHOWED", "AUTHORIZING", "AUTHORIZED", "CONFIRMING", "CONFIRMED"]


def test_the_payer_is_sent_on_after_the_merchant_was_told(bank: SimulatedBank, merchant, order_id):
    addresses = {"SuccessURL": "https://example.test/yes", "FailURL": "https://example.test/no"}
    happy = bank.pay(bank.init(order_id, **addresses))
    assert (happy.status_code, happy.headers["Location"]) == (303, "https://example.test/yes")
    assert "CONFIRMED" in merchant.statuses(order_id)
    sad = bank.pay(bank.init(order_id + "-2", **addresses), POOR_CARD)
    assert sad.headers["Location"] == "https://example.test/no"
    assert merchant.statuses(order_id + "-2") == ["REJECTED"]


@pytest.mark.parametrize(
    ("pan", "status", "code"),
    [
        ("2201382000000013", "CONFIRMED", "0"),
        ("2201382000000039", "CONFIRMED", "0"),
        ("2201382000000591", "CONFIRMED", "0"),
        (POOR_CARD, "REJECTED", "1051"),
        ("2201382000000021", "AUTH_FAIL", "101"),
        ("2201382000000005", "REJECTED", "106"),
    ],
)
def test_every_test_card_ends_as_documented(bank: SimulatedBank, order_id, pan, status, code):
    bank.pay(bank.init(order_id), pan)
    (payment,) = bank.call("CheckOrder", OrderId=order_id)["Payments"]
    assert (payment["Status"], payment["ErrorCode"]) == (status, code)


@pytest.mark.parametrize(("otp", "status"), [("1qwezxc", "CONFIRMED"), ("wrong", "REJECTED")])
def test_a_challenged_card_needs_its_one_time_password(bank: SimulatedBank, order_id, otp, status):
    payment_id = bank.init(order_id)
    assert "One-time password" in bank.pay(payment_id, CHALLENGED_CARD).text
    assert bank.status(payment_id) == "3DS_CHECKING"
    bank.http.post(f"/pay/{payment_id}", data={"otp": otp})
    assert bank.status(payment_id) == status


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Amount": 99}, "251"),
        ({"Amount": "5000"}, "201"),
        ({"Amount": True}, "201"),
        ({"Amount": 12_345_678_901}, "201"),
        ({"OrderId": "x" * 37}, "201"),
        ({"OrderId": ""}, "201"),
        ({"Description": "x" * 141}, "201"),
        ({"PayType": "X"}, "201"),
        ({"DATA": {str(n): "x" for n in range(21)}}, "207"),
        ({"DATA": {"n" * 21: "x"}}, "208"),
        ({"DATA": {"name": "x" * 101}}, "209"),
        ({"RedirectDueDate": "2016-08-31T12:28:00+03:00"}, "12"),
        ({"RedirectDueDate": "tomorrow"}, "12"),
        ({"Receipt": {"Email": "a@example.test", "Items": [{"Amount": 1}]}}, "334"),
        ({"Receipt": {"Items": [{"Amount": 5000}]}}, "329"),
    ],
)
def test_a_malformed_init_is_refused_with_the_banks_code(bank: SimulatedBank, order_id, fields, code):
    answer = bank.call("Init", **{"OrderId": order_id, "Amount": 5000, **fields})
    assert (answer["Success"], answer["ErrorCode"]) == (False, code)


def test_an_order_with_a_live_payment_is_refused_again_with_20(bank: SimulatedBank, order_id):
    first = bank.init(order_id)
    assert bank.call("Init", OrderId=order_id, Amount=150_000)["ErrorCode"] == "20"
    bank.pay(first, POOR_CARD)
    assert bank.init(order_id) != first
    assert len(bank.call("CheckOrder", OrderId=order_id)["Payments"]) == 2


def test_unknown_orders_and_payments_have_their_codes(bank: SimulatedBank, order_id):
    assert bank.call("CheckOrder", OrderId=order_id)["ErrorCode"] == "335"
    assert bank.call("GetState", PaymentId="999999999")["ErrorCode"] == "255"
    assert bank.call("Cancel", PaymentId="999999999")["ErrorCode"] == "255"


def test_parts_are_refunded_until_nothing_is_left(bank: SimulatedBank, merchant, order_id):
    payment_id = bank.paid(order_id)
    part = bank.call("Cancel", PaymentId=payment_id, Amount=50_000)
    assert (part["Status"], part["OriginalAmount"], part["NewAmount"]) == (
        "PARTIAL_REFUNDED",
        150_000,
        100_000,
    )
    assert bank.call("Cancel", PaymentId=payment_id, Amount=100_001)["ErrorCode"] == "330"
    rest = bank.call("Cancel", PaymentId=payment_id)
    assert (rest["Status"], rest["OriginalAmount"], rest["NewAmount"]) == ("REFUNDED", 100_000, 0)
    assert bank.call("Cancel", PaymentId=payment_id)["ErrorCode"] == "4"
    eventually(lambda: merchant.statuses(order_id)[-2:] == ["PARTIAL_REFUNDED", "REFUNDED"])


def test_one_external_request_id_refunds_once(bank: SimulatedBank, order_id):
    payment_id = bank.paid(order_id)
    for _ in range(3):
        answer = bank.call("Cancel", PaymentId=payment_id, Amount=50_000, ExternalRequestId="refund-1")
        assert (answer["OriginalAmount"], answer["NewAmount"]) == (150_000, 100_000)
    assert [refund["amount"] for refund in bank.operations(order_id)["refunds"]] == [50_000]
    for _ in range(2):
        bank.call("Cancel", PaymentId=payment_id, Amount=50_000)
    assert len(bank.operations(order_id)["refunds"]) == 3


def test_a_payment_that_nobody_made_is_dropped_whole(bank: SimulatedBank, order_id):
    payment_id = bank.init(order_id)
    assert bank.call("Cancel", PaymentId=payment_id, Amount=100)["Status"] == "CANCELED"
    assert bank.call("Cancel", PaymentId=payment_id)["ErrorCode"] == "4"
    bank.pay(payment_id)
    assert bank.status(payment_id) == "CANCELED"


def test_held_money_is_reversed_in_part_and_confirmed_for_the_rest(bank: SimulatedBank, order_id):
    payment_id = bank.init(order_id, PayType="T")
    bank.pay(payment_id)
    assert bank.status(payment_id) == "AUTHORIZED"
    assert bank.call("Cancel", PaymentId=payment_id, Amount=50_000)["Status"] == "PARTIAL_REVERSED"
    assert bank.call("Confirm", PaymentId=payment_id, Amount=100_001)["ErrorCode"] == "330"
    confirmed = bank.call("Confirm", PaymentId=payment_id)
    assert (confirmed["Status"], confirmed["Amount"]) == ("CONFIRMED", 100_000)
    assert bank.call("Confirm", PaymentId=payment_id)["ErrorCode"] == "4"


def test_a_refund_in_the_cabinet_is_told_by_notification(bank: SimulatedBank, merchant, order_id):
    payment_id = bank.paid(order_id)
    made = bank.http.post("/_control/refund", json={"PaymentId": payment_id, "Amount": 30_000})
    assert (made.status_code, made.json()["source"]) == (201, "cabinet")
    assert bank.status(payment_id) == "PARTIAL_REFUNDED"
    eventually(lambda: "PARTIAL_REFUNDED" in merchant.statuses(order_id))
    too_much = bank.http.post("/_control/refund", json={"PaymentId": payment_id, "Amount": 130_000})
    assert (too_much.status_code, too_much.json()["ErrorCode"]) == (409, "330")


def test_the_payment_page_says_that_it_is_a_simulator_and_has_no_inline_style(bank: SimulatedBank, order_id):
    page = bank.http.get(f"/pay/{bank.init(order_id)}")
    assert "This is a simulator of a bank" in page.text
    assert "style=" not in page.text
    assert "<style" not in page.text
    assert "<script" not in page.text
    assert bank.http.get("/static/simulator.css").status_code == 200
    assert bank.http.get("/pay/999999999").status_code == 404
    assert order_id in bank.http.get("/").text
