"""The simulator knows requests by the bank's published rules, not by our client's idea of them."""

import base64
import hashlib

import pytest

from simulators.tbank import protocol
from tests.simulators.running import PASSWORD, PAYOUT_TERMINAL, TERMINAL, SimulatedBank
from tests.simulators.vectors import DIGESTS, TOKENS


@pytest.mark.parametrize(("fields", "password", "expected"), TOKENS.values(), ids=TOKENS)
def test_the_simulator_makes_the_published_token(fields, password, expected):
    assert protocol.token(fields, password) == expected
    assert protocol.token_is_right({**fields, "Token": expected.upper()}, password)
    assert not protocol.token_is_right({**fields, "Token": expected[:-1]}, password)


@pytest.mark.parametrize(("fields", "expected"), DIGESTS.values(), ids=DIGESTS)
def test_the_simulator_makes_the_published_digest(fields, expected):
    digest = hashlib.sha256(protocol._payout_text(fields).encode()).digest()
    assert base64.b64encode(digest).decode() == expected


def test_a_wrong_token_is_refused_with_204_over_http_200(bank: SimulatedBank, order_id):
    answer = bank.post(
        "/v2/Init", {"TerminalKey": TERMINAL, "OrderId": order_id, "Amount": 5000, "Token": "0" * 64}
    )
    assert (answer["Success"], answer["ErrorCode"]) == (False, "204")
    assert bank.operations(order_id)["payments"] == []


def test_another_terminal_is_refused_with_205(bank: SimulatedBank):
    request = {"TerminalKey": "Stranger", "PaymentId": "700001"}
    answer = bank.post("/v2/GetState", {**request, "Token": protocol.token(request, PASSWORD)})
    assert answer["ErrorCode"] == "205"


def test_a_payout_changed_after_signing_is_refused(bank: SimulatedBank, order_id):
    fields = {"TerminalKey": PAYOUT_TERMINAL, "OrderId": order_id, "PhoneNumber": "79990000001"}
    signed = bank.signed({**fields, "SbpMemberId": "100000000004", "Amount": 10_000})
    answer = bank.post("/a2c/sbp/v2/Init", {**signed, "Amount": 99_000})
    assert answer["ErrorCode"] == "322"
    assert bank.operations(order_id)["payouts"] == []


def test_a_signature_of_another_key_or_under_another_serial_is_refused(bank: SimulatedBank):
    signed = bank.signed({"TerminalKey": PAYOUT_TERMINAL})
    forged = base64.b64encode(bytes(256)).decode()
    assert bank.post("/a2c/sbp/GetSbpMembers", {**signed, "SignatureValue": forged})["ErrorCode"] == "322"
    assert bank.post("/a2c/sbp/GetSbpMembers", {**signed, "X509SerialNumber": "1"})["ErrorCode"] == "411"
    assert bank.post("/a2c/sbp/GetSbpMembers", signed)["Success"]


def test_the_digest_is_hashed_twice_unless_the_bank_is_told_otherwise(bank: SimulatedBank, start_bank):
    fields = {"TerminalKey": PAYOUT_TERMINAL}
    once, twice = bank.signed(fields, twice=False), bank.signed(fields)
    assert bank.post("/a2c/sbp/GetSbpMembers", once)["ErrorCode"] == "322"
    single = start_bank("--sign-digest-once")
    assert single.post("/a2c/sbp/GetSbpMembers", once)["Success"]
    assert single.post("/a2c/sbp/GetSbpMembers", twice)["ErrorCode"] == "322"
