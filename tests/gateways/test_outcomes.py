"""Every way a call can end has its own name, because callers do different things then."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from erp.gateways.tbank import Acquiring, BankRefused, BankUnknown, BankUnreachable, RefusalKind
from erp.gateways.tbank.outcomes import kind_of
from erp.kernel.db import db
from erp.kernel.transaction import TransactionOpen
from tests.gateways.conftest import SIMULATED
from tests.simulators.running import PASSWORD, TERMINAL


def at(url: str) -> Acquiring:
    return Acquiring(**SIMULATED, url=url, terminal_key=TERMINAL, password=PASSWORD)


@contextmanager
def speaker(*answers: bytes) -> Iterator[str]:
    """A server that says exactly these bytes, one answer a connection, and hangs up."""
    server = socket.create_server(("127.0.0.1", 0))

    def speak() -> None:
        for answer in answers:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.sendall(answer)
            connection.close()

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    thread.join(5)
    server.close()


def http(body: str, status: str = "200 OK") -> bytes:
    raw = body.encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw


def test_a_bank_that_nobody_can_reach_did_nothing(nowhere):
    with pytest.raises(BankUnreachable):
        at(nowhere).get_state("1")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        http("<html>"),
        http("[]"),
        http("{}"),
        http('{"Success": "true"}'),
        http('{"Success": true}'),
        http('{"Success": true, "PaymentId": "1", "Status": "CONFIRMED", "OrderId": "a", "Amount": "5"}'),
        http('{"Success": true, "PaymentId": "2", "Status": "CONFIRMED", "OrderId": "a", "Amount": 5}'),
        http('{"Success": true, "TerminalKey": "Stranger", "PaymentId": "1", "Status": "CONFIRMED"}'),
        http('{"Success": false, "ErrorCode": "330"}', "503 Service Unavailable"),
        http("gateway timeout", "504 Gateway Timeout"),
        http('{"Success": true}', "302 Found"),
    ],
)
def test_an_answer_that_makes_no_sense_is_unknown(answer):
    with speaker(answer) as url, pytest.raises(BankUnknown):
        at(url).get_state("1")


def test_a_bank_that_is_silent_too_long_is_unknown(bank, acquiring, order_id):
    payment_id = bank.paid(order_id)
    bank.misbehave("Cancel", "delay", seconds=1)
    acquiring._transport._client.timeout = 0.2
    with pytest.raises(BankUnknown):
        acquiring.cancel(payment_id, amount=10_000)
    assert len(bank.operations(order_id)["refunds"]) == 1


def test_a_server_error_is_unknown_and_an_error_code_is_a_refusal(bank, acquiring):
    bank.misbehave("CheckOrder", "http_500")
    with pytest.raises(BankUnknown):
        acquiring.check_order("x")
    bank.misbehave("CheckOrder", "error", ErrorCode="9001")
    with pytest.raises(BankRefused) as refusal:
        acquiring.check_order("x")
    assert refusal.value.kind is RefusalKind.RETRY_LATER


def test_a_refusal_is_believed_with_a_client_error_status_too():
    answer = http('{"Success": false, "ErrorCode": "204"}', "403 Forbidden")
    with speaker(answer) as url, pytest.raises(BankRefused) as refusal:
        at(url).get_state("1")
    assert refusal.value.kind is RefusalKind.CONFIG


def test_a_state_is_taken_even_when_the_answer_counts_a_declined_payment_as_failure():
    body = '{"Success": false, "ErrorCode": "1051", "PaymentId": 1, "OrderId": "a", "Status": "REJECTED", "Amount": 5}'
    with speaker(http(body)) as url:
        assert at(url).get_state("1").status == "REJECTED"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("999", RefusalKind.RETRY_LATER),
        ("1091", RefusalKind.RETRY_LATER),
        ("1051", RefusalKind.PAYER),
        ("1099", RefusalKind.PAYER),
        ("204", RefusalKind.CONFIG),
        ("417", RefusalKind.CONFIG),
        ("251", RefusalKind.REQUEST),
        ("4006", RefusalKind.REQUEST),
        ("623", RefusalKind.CONFLICT),
        ("4005", RefusalKind.CONFLICT),
        ("3035", RefusalKind.RECIPIENT),
        ("1237", RefusalKind.RECIPIENT),
        ("1502", RefusalKind.FUNDS),
        ("634", RefusalKind.LIMIT),
        ("31337", RefusalKind.OTHER),
        ("", RefusalKind.OTHER),
    ],
)
def test_every_code_has_its_kind(code, kind):
    assert kind_of(code) is kind


def test_nothing_is_sent_while_a_transaction_is_open(acquiring, payouts, order_id):
    db.session.begin()
    calls = [
        lambda: acquiring.check_order(order_id),
        lambda: acquiring.get_state("1"),
        lambda: acquiring.cancel("1"),
        lambda: payouts.members(),
        lambda: payouts.pay("1"),
        lambda: payouts.state("1"),
    ]
    for call in calls:
        with pytest.raises(TransactionOpen):
            call()
    db.session.rollback()
    assert acquiring.check_order(order_id) == ()
