"""The acquiring client against the simulated bank."""

import datetime as dt

import pytest

from erp.gateways.tbank import BankRefused, BankUnknown, PaymentStatus, RefusalKind
from tests.simulators.running import POOR_CARD

ADDRESSES = {
    "notification_url": "http://127.0.0.1:9/hooks",
    "success_url": "http://127.0.0.1:9/yes",
    "fail_url": "http://127.0.0.1:9/no",
}


def init(acquiring, order_id, **more):
    return acquiring.init(order_id=order_id, amount=150_000, description="Счёт", **ADDRESSES, **more)


def test_a_payment_is_asked_for_and_followed(acquiring, bank, merchant, order_id):
    asked = init(acquiring, order_id, due=dt.datetime.now(dt.UTC) + dt.timedelta(days=7))
    assert (asked.order_id, asked.amount, asked.status) == (order_id, 150_000, PaymentStatus.NEW)
    assert asked.payment_url == f"{bank.url}/pay/{asked.payment_id}"
    assert not acquiring.get_state(asked.payment_id).status.is_final
    bank.pay(asked.payment_id)
    state = acquiring.get_state(asked.payment_id)
    assert (state.order_id, state.amount, state.status) == (order_id, 150_000, PaymentStatus.CONFIRMED)
    assert state.status.was_received
    assert acquiring.check_order(order_id) == (state,)


def test_a_rejected_payment_is_a_state_not_an_error(acquiring, bank, order_id):
    asked = init(acquiring, order_id)
    bank.pay(asked.payment_id, POOR_CARD)
    state = acquiring.get_state(asked.payment_id)
    assert state.status is PaymentStatus.REJECTED
    assert state.status.is_failed
    assert not state.status.was_received


def test_an_order_the_bank_never_heard_of_has_no_payments(acquiring, order_id):
    assert acquiring.check_order(order_id) == ()


def test_a_refund_tells_what_is_left_and_is_made_once(acquiring, bank, order_id):
    payment_id = bank.paid(order_id)
    first = acquiring.cancel(payment_id, amount=40_000, external_request_id="r1")
    assert (first.status, first.refunded, first.new_amount) == ("PARTIAL_REFUNDED", 40_000, 110_000)
    assert acquiring.cancel(payment_id, amount=40_000, external_request_id="r1") == first
    rest = acquiring.cancel(payment_id, external_request_id="r2")
    assert (rest.status, rest.refunded, rest.new_amount) == ("REFUNDED", 110_000, 0)


def test_a_refund_of_too_much_is_refused_for_certain(acquiring, bank, order_id):
    payment_id = bank.paid(order_id)
    with pytest.raises(BankRefused) as refusal:
        acquiring.cancel(payment_id, amount=150_001)
    assert (refusal.value.code, refusal.value.kind) == ("330", RefusalKind.REQUEST)
    assert acquiring.get_state(payment_id).status is PaymentStatus.CONFIRMED


def test_a_refund_in_a_state_that_does_not_allow_it_is_to_be_asked_about(acquiring, bank, order_id):
    payment_id = bank.paid(order_id)
    acquiring.cancel(payment_id)
    with pytest.raises(BankUnknown) as unknown:
        acquiring.cancel(payment_id)
    assert unknown.value.code == "4"


def test_a_second_payment_for_a_live_order_is_a_conflict(acquiring, order_id):
    init(acquiring, order_id)
    with pytest.raises(BankRefused) as refusal:
        init(acquiring, order_id)
    assert (refusal.value.code, refusal.value.kind) == ("20", RefusalKind.CONFLICT)


def test_an_init_whose_answer_was_lost_is_found_by_its_order(acquiring, bank, order_id):
    bank.misbehave("Init", "timeout_after")
    with pytest.raises(BankUnknown):
        init(acquiring, order_id)
    (found,) = acquiring.check_order(order_id)
    assert (found.status, found.amount) == (PaymentStatus.NEW, 150_000)


def test_an_init_that_never_arrived_is_not_found(acquiring, bank, order_id):
    bank.misbehave("Init", "timeout_before")
    with pytest.raises(BankUnknown):
        init(acquiring, order_id)
    assert acquiring.check_order(order_id) == ()


def test_a_word_we_do_not_know_is_unknown():
    assert PaymentStatus("CONFIRM_CHECKING") is PaymentStatus.UNKNOWN
    assert not PaymentStatus.UNKNOWN.is_final
