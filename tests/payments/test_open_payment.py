"""The bank opens a payment: three parts, no money moved, nothing lost."""

import datetime as dt
from dataclasses import replace

import pytest

from erp.domain import payments
from erp.gateways.tbank import Acquiring
from erp.kernel import clock
from erp.kernel.db import db, rows, scalar
from erp.kernel.transaction import TransactionOpen, transaction
from tests.simulators.running import POOR_CARD, free_port
from tests.support.trade import TESTS


def current(order):
    db.session.rollback()
    return payments.payments_of_order(order)[0]


def at_bank(bank, payment):
    return [known["status"] for known in bank.operations(payment.bank_order_id)["payments"]]


def test_an_order_becomes_a_payment_with_an_address_to_pay_at(order, edge, bank):
    payments.open_payment(order, edge)
    payment = current(order)
    assert payment.status == "NEW"
    assert payment.payment_url.startswith(bank.url)
    assert at_bank(bank, payment) == ["NEW"]


def test_an_open_payment_is_not_opened_again(order, edge, bank):
    payments.open_payment(order, edge)
    payments.open_payment(order, edge)
    assert at_bank(bank, current(order)) == ["NEW"]


def test_a_lost_answer_leaves_the_payment_unknown(order, edge, bank):
    bank.misbehave("Init", "timeout_after")
    payments.open_payment(order, edge)
    assert current(order).status == "unknown"
    assert current(order).payment_url is None


def test_after_a_lost_answer_the_same_order_id_is_used_again_and_what_nobody_saw_is_dropped(
    order, edge, bank
):
    bank.misbehave("Init", "timeout_after")
    payments.open_payment(order, edge)
    lost = current(order)
    payments.open_payment(order, edge)
    found = current(order)
    assert (found.id, found.bank_order_id, found.status) == (lost.id, lost.bank_order_id, "NEW")
    assert sorted(at_bank(bank, found)) == ["CANCELED", "NEW"]


def test_a_payment_that_lives_at_the_bank_is_adopted(order, edge, bank):
    bank.misbehave("Init", "timeout_after")
    payments.open_payment(order, edge)
    (known,) = bank.operations(current(order).bank_order_id)["payments"]
    bank.pay(known["payment_id"])
    payments.open_payment(order, edge)
    payments.follow_payment(current(order).id, edge)
    adopted = current(order)
    assert (adopted.status, adopted.provider_payment_id) == ("CONFIRMED", known["payment_id"])


def test_a_bank_that_cannot_be_reached_is_asked_later(order, edge, bank):
    nowhere = Acquiring(
        mode="mock",
        environment="simulator",
        url=f"http://127.0.0.1:{free_port()}",
        terminal_key="TinkoffBankTest",
        password="x",
    )
    payments.open_payment(order, replace(edge, bank=nowhere))
    assert current(order).status == "unknown"
    with transaction():
        assert payments.poll_open(now=clock.now() + dt.timedelta(minutes=2)) == 1
    payments.open_payment(order, edge)
    assert current(order).status == "NEW"


def test_a_refusal_ends_the_payment_and_the_next_try_is_another_one(order, edge, bank):
    bank.misbehave("Init", "error", ErrorCode="251")
    payments.open_payment(order, edge)
    refused = current(order)
    assert (refused.status, refused.error_code) == ("refused", "251")
    payments.open_payment(order, edge)
    assert current(order).status == "NEW"
    assert current(order).bank_order_id != refused.bank_order_id
    assert scalar("select count(*) from payment where is_current") == 1


def test_a_busy_bank_has_refused_nothing(order, edge, bank):
    bank.misbehave("Init", "error", ErrorCode="999")
    payments.open_payment(order, edge)
    assert current(order).status == "unknown"


def test_after_a_declined_card_the_order_can_be_paid_by_another_payment(order, edge, bank):
    payments.open_payment(order, edge)
    declined = current(order)
    bank.pay(declined.provider_payment_id, POOR_CARD)
    payments.follow_payment(declined.id, edge)
    payments.open_payment(order, edge)
    assert current(order).reference != declined.reference
    assert current(order).is_current


def test_while_one_waits_for_the_bank_another_is_told_so(order, edge):
    with transaction():
        payments.begin_init(order, by=TESTS, now=clock.now())
    with pytest.raises(payments.BeingOpened):
        payments.open_payment(order, edge)


def test_a_worker_that_died_while_waiting_is_succeeded_after_its_lease(order, edge, bank):
    with transaction():
        payments.begin_init(order, by=TESTS, now=clock.now() - dt.timedelta(minutes=2))
    payments.open_payment(order, edge)
    assert current(order).status == "NEW"


def test_a_bank_that_stays_silent_is_asked_every_hour_and_told_of_once(order, edge, bank):
    bank.misbehave("Init", "error", ErrorCode="999")
    payments.open_payment(order, edge)
    told = deeds(order)
    for _ in range(3):
        bank.misbehave("Init", "error", ErrorCode="999")
        payments.open_payment(order, edge)
    assert deeds(order) == told == ["payment.asked", "payment.not_opened"]
    assert (current(order).status, current(order).times_asked) == ("unknown", 4)
    bank.misbehave("Init", "error", ErrorCode="251")
    payments.open_payment(order, edge)
    assert (current(order).status, current(order).error_code) == ("refused", "251")
    assert deeds(order) == [*told, "payment.not_opened"]


def test_another_answer_that_says_nothing_is_written_down(order, edge, bank):
    bank.misbehave("Init", "timeout_after")
    payments.open_payment(order, edge)
    bank.misbehave("Init", "error", ErrorCode="999")
    payments.open_payment(order, edge)
    assert deeds(order) == ["payment.asked", "payment.not_opened", "payment.not_opened"]


def test_while_one_asks_again_another_is_told_so(order, edge, bank):
    bank.misbehave("Init", "error", ErrorCode="999")
    payments.open_payment(order, edge)
    with transaction():
        assert payments.begin_init(order, by=TESTS, now=clock.now()).again
    with pytest.raises(payments.BeingOpened):
        payments.open_payment(order, edge)


def deeds(order):
    """What the audit log tells of the order's payment, oldest first."""
    found = rows(
        "select action from audit_entry where subject_id = :id order by id", id=str(current(order).id)
    )
    db.session.rollback()
    return [action for (action,) in found]


def test_a_paid_order_is_not_paid_again(order, edge, bank):
    payments.open_payment(order, edge)
    bank.pay(current(order).provider_payment_id)
    payments.follow_payment(current(order).id, edge)
    with pytest.raises(payments.AlreadyPaid):
        payments.open_payment(order, edge)


def test_the_bank_is_never_called_inside_a_transaction(order, edge):
    with pytest.raises(TransactionOpen), transaction():
        payments.open_payment(order, edge)
