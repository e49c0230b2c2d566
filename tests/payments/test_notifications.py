"""What the bank posts is kept once, answered, and only ever a hint."""

import json

import pytest

from erp import config
from erp.domain import analytics, payments
from erp.domain.payments import Verdict
from erp.gateways.tbank import token
from erp.kernel import clock
from erp.kernel.db import db, row, rows, scalar
from erp.kernel.transaction import transaction
from tests.payments.conftest import AMOUNT
from tests.support.trade import FEDOR

FOLLOW = "erp.jobs.payments.follow"


@pytest.fixture
def payment(order, edge):
    payments.open_payment(order, edge)
    db.session.rollback()
    return payments.payments_of_order(order)[0]


def notification(payment, *, token_of=None, **changes):
    fields = {
        "TerminalKey": payment.terminal_key,
        "OrderId": payment.bank_order_id,
        "Success": True,
        "Status": "CONFIRMED",
        "PaymentId": int(payment.provider_payment_id),
        "ErrorCode": "0",
        "Amount": AMOUNT,
        "CardId": 322264,
        "Pan": "430000******0777",
        "ExpDate": "1122",
        **changes,
    }
    secret = token_of or config.get().tbank_password.get_secret_value()
    return json.dumps({**fields, "Token": token.make(fields, secret)}).encode()


def receive(body):
    with transaction():
        return payments.receive_notification(body, now=clock.now())


def jobs():
    return [job for (job,) in rows("select job from outbox order by id")]


def test_the_banks_news_is_kept_and_the_payment_is_asked_about(payment):
    receipt = receive(notification(payment))
    assert (receipt.verdict, receipt.answer_ok) == (Verdict.ACCEPTED, True)
    assert jobs() == [FOLLOW]
    assert scalar("select count(*) from event where kind = 'payment'") == 0


def test_the_same_news_again_is_answered_and_counted_but_not_followed(payment):
    for verdict in (Verdict.ACCEPTED, Verdict.DUPLICATE, Verdict.DUPLICATE):
        assert receive(notification(payment)).verdict is verdict
    assert jobs() == [FOLLOW]
    assert [kept.times for kept in payments.notifications_of(payment.reference)] == [3]


def test_a_wrong_token_is_refused_and_remembered(payment):
    receipt = receive(notification(payment, token_of="another password"))
    assert (receipt.verdict, receipt.answer_ok) == (Verdict.BAD_TOKEN, False)
    assert jobs() == []
    assert payments.search_notifications(verdict="bad_token").count() == 1


def test_another_terminal_is_not_ours(payment):
    assert receive(notification(payment, TerminalKey="Stranger")).verdict is Verdict.BAD_TOKEN


def test_an_unknown_order_makes_the_bank_try_again(payment):
    body = notification(payment, OrderId="PAY-OF-TOMORROW")
    receipt = receive(body)
    assert (receipt.verdict, receipt.answer_ok) == (Verdict.UNKNOWN_ORDER, False)
    assert receive(body).verdict is Verdict.UNKNOWN_ORDER
    assert jobs() == []


def test_an_order_that_became_known_is_accepted_on_the_next_try(payment, superuser):
    superuser.execute("update payment set bank_order_id = 'hidden'")
    assert receive(notification(payment)).verdict is Verdict.UNKNOWN_ORDER
    superuser.execute("update payment set bank_order_id = %s", [payment.bank_order_id])
    assert receive(notification(payment)).verdict is Verdict.ACCEPTED
    assert jobs() == [FOLLOW]


def test_a_wrong_amount_is_answered_and_shown_to_a_person(payment):
    receipt = receive(notification(payment, Amount=AMOUNT - 1))
    assert (receipt.verdict, receipt.answer_ok) == (Verdict.WRONG_AMOUNT, True)
    assert jobs() == []
    assert payments.find_payment(payment.reference).attention == "wrong_amount"


def test_a_payment_of_another_number_is_kept_apart_and_shown(payment):
    receipt = receive(notification(payment, PaymentId=1))
    assert (receipt.verdict, receipt.answer_ok) == (Verdict.OTHER, True)
    assert payments.find_payment(payment.reference).attention == "wrong_order"


def test_a_bound_card_is_answered_and_ignored(payment):
    receipt = receive(notification(payment, NotificationType="LINKCARD"))
    assert (receipt.verdict, receipt.answer_ok) == (Verdict.OTHER, True)
    assert jobs() == []


def test_rubbish_is_refused(payment):
    for body in (b"", b"\xff\x00", b"[]", b'"text"', b"{}", b"[" * 10_000):
        receipt = receive(body)
        assert (receipt.verdict, receipt.answer_ok) == (Verdict.BAD_TOKEN, False)


def test_an_oversized_body_is_not_even_kept(payment):
    receipt = receive(b"x" * (payments.LARGEST_NOTIFICATION + 1))
    assert not receipt.answer_ok
    assert scalar("select count(*) from bank_notification") == 0


def test_no_card_and_no_name_is_kept(payment):
    receive(notification(payment))
    kept = row("select row_to_json(n)::text as text from bank_notification n")
    assert "0777" not in kept.text
    assert "1122" not in kept.text


def test_staff_settle_what_they_looked_into(payment):
    receive(notification(payment, Amount=1))
    with transaction():
        payments.settle_attention(payment.reference, note="The bank's mistake", by=FEDOR, now=clock.now())
    assert payments.search_payments(attention=True).count() == 0
    told = analytics.story("payment", payment.id).page.rows
    assert "payment.attention_settled" in [entry.what for entry in told]
