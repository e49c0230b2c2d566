"""Payouts by SBP over real HTTP: two steps, one payment an order."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from simulators.tbank.protocol import token
from tests.simulators.running import PAYOUT_PASSWORD, SimulatedBank, eventually


def test_a_payout_is_checked_paid_and_told(bank: SimulatedBank, merchant, order_id):
    checked = bank.check(order_id)
    assert (checked["Status"], checked["RecipientShortName"]) == ("CHECKED", "Тест Тестович Т.")
    paid = bank.call_payouts("v2/Payment", PaymentId=checked["PaymentId"])
    assert paid["Status"] == "COMPLETING"
    eventually(lambda: _state(bank, checked)["Status"] == "COMPLETED")
    eventually(lambda: merchant.statuses(order_id) == ["COMPLETED"])


def test_the_token_of_a_payout_notification_covers_seven_fields_only(bank: SimulatedBank, merchant, order_id):
    checked = bank.check(order_id)
    bank.call_payouts("v2/Payment", PaymentId=checked["PaymentId"])
    eventually(lambda: merchant.statuses(order_id))
    news = next(body for body in merchant.heard if body["OrderId"] == order_id)
    seven = {name: value for name, value in news.items() if name not in ("SbpId", "Phone", "Token")}
    assert news["Token"] == token(seven, PAYOUT_PASSWORD)
    assert len(seven) == 7
    assert {"SbpId", "Phone"} <= set(news)


def test_the_documented_phones_behave_as_documented(bank: SimulatedBank, order_id):
    assert "RecipientShortName" not in bank.check(f"{order_id}-1", "79012345678")
    assert bank.check(f"{order_id}-2", "79021234567")["RecipientShortName"] == "Иван Иванович И."
    assert bank.check(f"{order_id}-3", "79031234567")["ErrorCode"] == "1502"
    doomed = bank.check(f"{order_id}-4", "79041234567")
    assert bank.call_payouts("v2/Payment", PaymentId=doomed["PaymentId"])["Status"] == "COMPLETING"
    assert eventually(lambda: _state(bank, doomed)["Status"] != "COMPLETING")
    assert _state(bank, doomed)["Status"] == "REJECTED"
    assert _state(bank, doomed)["StatusCode"] != "0"


def test_a_phone_can_be_given_a_name(bank: SimulatedBank, order_id):
    named = {"phone": "+7 999 000-00-77", "short_name": "Анна Петровна К."}
    assert bank.http.post("/_control/recipient", json=named).status_code == 201
    assert bank.check(order_id, "79990000077")["RecipientShortName"] == "Анна Петровна К."


def test_one_order_is_paid_once(bank: SimulatedBank, order_id):
    checked = bank.check(order_id)
    payment_id = checked["PaymentId"]
    assert bank.call_payouts("v2/Payment", PaymentId=payment_id)["Success"]
    assert bank.call_payouts("v2/Payment", PaymentId=payment_id)["ErrorCode"] == "4005"
    assert bank.check(order_id)["ErrorCode"] == "4005"
    eventually(lambda: _state(bank, checked)["Status"] == "COMPLETED")
    assert bank.call_payouts("v2/Payment", PaymentId=payment_id)["ErrorCode"] == "623"
    assert bank.check(order_id)["ErrorCode"] == "623"
    assert len(bank.operations(order_id)["payouts"]) == 1


def test_of_many_payments_at_once_one_moves_the_money(bank: SimulatedBank, order_id):
    payment_id = bank.check(order_id)["PaymentId"]
    with ThreadPoolExecutor(16) as clerks:
        answers = list(clerks.map(lambda _: bank.call_payouts("v2/Payment", PaymentId=payment_id), range(32)))
    assert [answer["Success"] for answer in answers].count(True) == 1
    assert {answer["ErrorCode"] for answer in answers} <= {"0", "4005", "623"}


def test_a_check_repeated_with_the_same_order_is_the_same_payout(bank: SimulatedBank, order_id):
    assert bank.check(order_id)["PaymentId"] == bank.check(order_id)["PaymentId"]
    assert bank.check(order_id, amount=50_001)["ErrorCode"] == "20"


def test_money_does_not_move_before_the_check_is_done(start_bank, order_id):
    slow = start_bank("--check-seconds", 1)
    checking = slow.check(order_id)
    assert checking["Status"] == "CHECKING"
    assert "RecipientShortName" not in checking
    assert slow.call_payouts("v2/Payment", PaymentId=checking["PaymentId"])["ErrorCode"] == "4"
    eventually(lambda: _state(slow, checking)["Status"] == "CHECKED")
    assert slow.call_payouts("v2/Payment", PaymentId=checking["PaymentId"])["Success"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"PhoneNumber": "+79990000001"}, "201"),
        ({"PhoneNumber": "123"}, "201"),
        ({"Amount": 99}, "251"),
        ({"SbpMemberId": "1"}, "3001"),
        ({"OrderId": "x" * 37}, "201"),
        ({"DATA": {"PaymentPurposeDetails": "x" * 111}}, "209"),
    ],
)
def test_a_malformed_check_is_refused(bank: SimulatedBank, order_id, fields, code):
    request = {"OrderId": order_id, "PhoneNumber": "79990000001", "SbpMemberId": "100000000004"}
    assert bank.call_payouts("v2/Init", **{**request, "Amount": 50_000, **fields})["ErrorCode"] == code


def test_an_unknown_payout_is_refused(bank: SimulatedBank):
    assert bank.call_payouts("v2/Payment", PaymentId="999999999")["ErrorCode"] == "4006"
    assert bank.call_payouts("GetState", PaymentId="999999999")["ErrorCode"] == "4006"


def test_banks_of_sbp_are_listed(bank: SimulatedBank):
    members = bank.call_payouts("GetSbpMembers")["Members"]
    assert {"100000000004", "100000000005"} <= {member["MemberId"] for member in members}


def _state(bank: SimulatedBank, checked: dict) -> dict:
    return bank.call_payouts("GetState", PaymentId=checked["PaymentId"])
