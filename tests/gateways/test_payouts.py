"""The payout client against the simulated bank, which verifies every signature for real."""

import pytest

from erp.gateways.tbank import BankRefused, BankUnknown, Payouts, PayoutStatus, RefusalKind
from erp.gateways.tbank.signature import Signer
from tests.gateways.conftest import SIMULATED
from tests.simulators.running import PAYOUT_TERMINAL, eventually


def check(payouts, order_id, phone="+79021234567", amount=50_000):
    return payouts.check(
        order_id=order_id, phone=phone, member_id="100000000004", amount=amount, purpose="Вознаграждение"
    )


def test_a_payout_is_checked_paid_and_followed(payouts, order_id):
    checked = check(payouts, order_id)
    assert (checked.order_id, checked.amount, checked.status) == (order_id, 50_000, PayoutStatus.CHECKED)
    assert (checked.recipient_name, checked.recipient_is_resident) == ("Иван Иванович И.", True)
    paid = payouts.pay(checked.payment_id)
    assert paid.status is PayoutStatus.COMPLETING
    assert not paid.status.is_final
    eventually(lambda: payouts.state(checked.payment_id).status is PayoutStatus.COMPLETED)
    state = payouts.state(checked.payment_id)
    assert (state.order_id, state.amount, len(state.sbp_id or "")) == (order_id, 50_000, 32)


def test_a_bank_that_names_nobody_leaves_the_name_open(payouts, order_id):
    assert check(payouts, order_id, "79012345678").recipient_name is None


def test_the_banks_of_sbp_are_listed(payouts):
    assert "100000000004" in {member.id for member in payouts.members()}


def test_a_check_without_money_at_the_bank_is_about_our_funds(payouts, order_id):
    with pytest.raises(BankRefused) as refusal:
        check(payouts, order_id, "79031234567")
    assert refusal.value.kind is RefusalKind.FUNDS


def test_a_check_is_repeated_with_its_order_after_a_lost_answer(payouts, bank, order_id):
    bank.misbehave("sbp.Init", "timeout_after")
    with pytest.raises(BankUnknown):
        check(payouts, order_id)
    again = check(payouts, order_id)
    assert [payout["payment_id"] for payout in bank.operations(order_id)["payouts"]] == [again.payment_id]


def test_a_payment_whose_answer_was_lost_is_found_paid(payouts, bank, order_id):
    checked = check(payouts, order_id)
    bank.misbehave("sbp.Payment", "timeout_after")
    with pytest.raises(BankUnknown):
        payouts.pay(checked.payment_id)
    assert payouts.state(checked.payment_id).status in (PayoutStatus.COMPLETING, PayoutStatus.COMPLETED)


def test_a_payment_that_never_arrived_is_found_unpaid(payouts, bank, order_id):
    checked = check(payouts, order_id)
    bank.misbehave("sbp.Payment", "timeout_before")
    with pytest.raises(BankUnknown):
        payouts.pay(checked.payment_id)
    assert payouts.state(checked.payment_id).status is PayoutStatus.CHECKED


def test_paying_twice_is_never_a_certain_refusal(payouts, order_id):
    checked = check(payouts, order_id)
    payouts.pay(checked.payment_id)
    with pytest.raises(BankUnknown) as unknown:
        payouts.pay(checked.payment_id)
    assert unknown.value.code in ("623", "4005")


def test_a_check_of_an_order_that_was_paid_is_a_conflict(payouts, order_id):
    payouts.pay(check(payouts, order_id).payment_id)
    with pytest.raises(BankRefused) as refusal:
        check(payouts, order_id)
    assert refusal.value.kind is RefusalKind.CONFLICT


@pytest.mark.parametrize("code", ["999", "9999", "9001", "4", "31337"])
def test_a_refusal_that_proves_nothing_leaves_a_payment_unknown(payouts, bank, order_id, code):
    checked = check(payouts, order_id)
    bank.misbehave("sbp.Payment", "error", ErrorCode=code)
    with pytest.raises(BankUnknown) as unknown:
        payouts.pay(checked.payment_id)
    assert unknown.value.code == code


@pytest.mark.parametrize("code", ["1502", "1237", "322", "3034"])
def test_a_refusal_that_proves_it_is_certain(payouts, bank, order_id, code):
    checked = check(payouts, order_id)
    bank.misbehave("sbp.Payment", "error", ErrorCode=code)
    with pytest.raises(BankRefused) as refusal:
        payouts.pay(checked.payment_id)
    assert refusal.value.code == code


def test_a_payout_that_comes_back_is_rejected_with_a_reason(payouts, order_id):
    checked = check(payouts, order_id, "79041234567")
    payouts.pay(checked.payment_id)
    eventually(lambda: payouts.state(checked.payment_id).status.is_final)
    state = payouts.state(checked.payment_id)
    assert (state.status, state.status_code) == (PayoutStatus.REJECTED, "3034")


def test_a_single_hash_is_refused_by_a_bank_that_wants_two(bank, key):
    signer = Signer.from_file(key.key_file, key.serial, digest_twice=False)
    client = Payouts(**SIMULATED, url=bank.url, terminal_key=PAYOUT_TERMINAL, signer=signer)
    with pytest.raises(BankRefused) as refusal:
        client.members()
    assert (refusal.value.code, refusal.value.kind) == ("322", RefusalKind.CONFIG)
