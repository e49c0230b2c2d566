"""Money goes back once, and every new total is a fact."""

import datetime as dt

import pytest

from erp.domain import payments
from erp.kernel import audit, clock
from erp.kernel.db import db, rows, scalar
from erp.kernel.errors import Invalid
from erp.kernel.transaction import transaction
from tests.payments.conftest import AMOUNT
from tests.payments.test_follow import current, opened
from tests.support.trade import FEDOR

LATER = dt.timedelta(minutes=2)


@pytest.fixture
def paid(order, edge, bank):
    payment = opened(order, edge)
    bank.pay(payment.provider_payment_id)
    payments.follow_payment(payment.id, edge)
    return current(order)


def ask(payment, amount):
    with transaction():
        reference = payments.ask_refund(
            payment.reference, amount=amount, reason="Unhappy", by=FEDOR, now=clock.now()
        )
    (id,) = rows("select id from refund where reference = :reference", reference=reference)[0]
    db.session.rollback()
    return id


def give_back(payment, amount, edge):
    payments.send_refund(ask(payment, amount), edge)


def totals(payment):
    found = payments.events_of_payment(payment.reference)
    db.session.rollback()
    return [(event.amount, event.refunded_total) for event in found if event.kind == "refund"]


def states(payment):
    found = payments.refunds_of(payment.reference)
    db.session.rollback()
    return [refund.state for refund in found]


def at_bank(bank, payment):
    return [refund["amount"] for refund in bank.operations(payment.bank_order_id)["refunds"]]


def at(edge, moment):
    """The same edge at another moment."""
    return payments.Edge(edge.bank, edge.transaction, lambda: moment, edge.by)


def later(edge):
    """The same edge two minutes on, when leases are over."""
    return at(edge, clock.now() + LATER)


def again_at(id):
    found = scalar("select ask_again_at from refund where id = :id", id=id)
    db.session.rollback()
    return found


def test_a_part_and_then_the_rest_go_back(order, paid, edge, bank):
    give_back(paid, 50_000, edge)
    assert (current(order).status, current(order).order_state) == ("PARTIAL_REFUNDED", "paid")
    give_back(paid, 100_000, edge)
    assert totals(paid) == [(50_000, 50_000), (100_000, 150_000)]
    assert states(paid) == ["done", "done"]
    assert (current(order).status, current(order).order_state) == ("REFUNDED", "refunded")
    assert at_bank(bank, paid) == [50_000, 100_000]


def test_following_afterwards_adds_nothing(order, paid, edge):
    give_back(paid, 50_000, edge)
    payments.follow_payment(paid.id, edge)
    give_back(paid, 100_000, edge)
    payments.follow_payment(paid.id, edge)
    assert totals(paid) == [(50_000, 50_000), (100_000, 150_000)]
    assert current(order).attention is None


def test_more_than_is_left_is_refused(paid, edge):
    give_back(paid, 100_000, edge)
    with pytest.raises(Invalid):
        ask(paid, 50_001)


def test_what_was_never_received_cannot_go_back(order, edge):
    with pytest.raises(payments.NotRefundable):
        ask(opened(order, edge), 1)


def test_one_refund_at_a_time(paid):
    ask(paid, 1_000)
    with pytest.raises(payments.RefundInProgress):
        ask(paid, 1_000)


def test_a_lost_answer_is_found_in_the_payments_state_and_not_sent_again(order, paid, edge, bank):
    bank.misbehave("Cancel", "timeout_after")
    id = ask(paid, 50_000)
    payments.send_refund(id, edge)
    assert states(paid) == ["unknown"]
    payments.send_refund(id, later(edge))
    assert (states(paid), totals(paid)) == (["done"], [(50_000, 50_000)])
    assert at_bank(bank, paid) == [50_000]


def test_a_second_lost_answer_is_repeated_under_the_same_request_id(paid, edge, bank):
    give_back(paid, 50_000, edge)
    bank.misbehave("Cancel", "timeout_after")
    id = ask(paid, 30_000)
    payments.send_refund(id, edge)
    payments.send_refund(id, later(edge))
    assert (states(paid), totals(paid)) == (["done", "done"], [(50_000, 50_000), (30_000, 80_000)])
    assert at_bank(bank, paid) == [50_000, 30_000]


def test_a_request_that_never_arrived_is_sent(paid, edge, bank):
    bank.misbehave("Cancel", "timeout_before")
    id = ask(paid, 50_000)
    payments.send_refund(id, edge)
    payments.send_refund(id, later(edge))
    assert (states(paid), at_bank(bank, paid)) == (["done"], [50_000])


def test_a_refund_without_an_answer_is_sent_ever_more_rarely_and_told_once(paid, edge, bank, superuser):
    id = ask(paid, 50_000)
    moment, rests = clock.now(), []
    for _ in range(12):
        bank.misbehave("Cancel", "timeout_before")
        payments.send_refund(id, at(edge, moment))
        again = again_at(id)
        rests.append((again - moment).total_seconds())
        payments.send_refund(id, at(edge, again - dt.timedelta(seconds=1)))
        assert again_at(id) == again, "too early, the bank is left alone"
        moment = again
    assert rests == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
    delays = superuser.execute(
        "select round(extract(epoch from due_at - written_at)) from outbox"
        " where job = 'erp.jobs.payments.send_refund' order by id"
    ).fetchall()
    assert [int(delay) for (delay,) in delays] == [0, *rests]
    told = [deed.action for deed in audit.history("refund", id)]
    db.session.rollback()
    assert told == ["refund.asked", "refund.sent", "refund.not_done"]
    payments.send_refund(id, at(edge, moment))
    assert (states(paid), at_bank(bank, paid)) == (["done"], [50_000])


def test_a_refund_that_rests_is_left_alone_by_the_sweep_until_its_time(paid, edge, bank, superuser):
    id = ask(paid, 50_000)
    for _ in range(6):
        bank.misbehave("Cancel", "timeout_before")
        payments.send_refund(id, at(edge, again_at(id) or clock.now()))
    superuser.execute("delete from outbox")
    for moment, sent in (
        (again_at(id) - dt.timedelta(seconds=1), 0),
        (again_at(id) + LATER, 1),
        (again_at(id) + LATER, 1),
    ):
        with transaction():
            payments.poll_open(now=moment)
        waiting = superuser.execute("select count(*) from outbox where job = 'erp.jobs.payments.send_refund'")
        assert waiting.fetchone() == (sent,)


def test_another_failure_is_told(paid, edge, bank):
    id = ask(paid, 50_000)
    bank.misbehave("Cancel", "timeout_before")
    payments.send_refund(id, edge)
    bank.misbehave("Cancel", "error", ErrorCode="330")
    payments.send_refund(id, later(edge))
    told = [(deed.action, deed.details.get("state")) for deed in audit.history("refund", id)]
    db.session.rollback()
    assert told == [
        ("refund.asked", None),
        ("refund.sent", None),
        ("refund.not_done", "unknown"),
        ("refund.not_done", "refused"),
    ]


def test_a_worker_that_died_while_sending_is_succeeded_after_its_lease(paid, edge, bank):
    id = ask(paid, 50_000)
    with transaction():
        payments.begin_refund(id, by=edge.by, now=clock.now())
    payments.send_refund(id, edge)
    assert at_bank(bank, paid) == []
    payments.send_refund(id, later(edge))
    payments.send_refund(id, later(edge))
    assert (states(paid), at_bank(bank, paid)) == (["done"], [50_000])


def test_a_refusal_ends_the_refund_and_nothing_is_booked(paid, edge, bank):
    bank.misbehave("Cancel", "error", ErrorCode="330")
    give_back(paid, 50_000, edge)
    assert (states(paid), totals(paid)) == (["refused"], [])
    give_back(paid, 50_000, edge)
    assert states(paid) == ["refused", "done"]


def test_all_refunded_in_the_banks_cabinet_is_booked_by_itself(order, paid, edge, bank):
    bank.http.post("/_control/refund", json={"PaymentId": paid.provider_payment_id})
    payments.follow_payment(paid.id, edge)
    assert totals(paid) == [(AMOUNT, AMOUNT)]
    assert current(order).order_state == "refunded"


def test_a_part_refunded_in_the_cabinet_waits_for_a_person_who_reads_the_total(order, paid, edge, bank):
    bank.http.post("/_control/refund", json={"PaymentId": paid.provider_payment_id, "Amount": 40_000})
    payments.follow_payment(paid.id, edge)
    assert (totals(paid), current(order).attention) == ([], "refund_total_unknown")
    with transaction():
        payments.attest_refunded_total(
            paid.reference, total=40_000, note="Cabinet of 2 March", by=FEDOR, now=clock.now()
        )
    assert (totals(paid), current(order).attention) == ([(40_000, 40_000)], None)
    assert states(paid) == ["attested"]


def test_the_banks_own_remainder_tells_what_the_cabinet_gave_back_meanwhile(order, paid, edge, bank):
    bank.http.post("/_control/refund", json={"PaymentId": paid.provider_payment_id, "Amount": 40_000})
    give_back(paid, 10_000, edge)
    assert totals(paid) == [(50_000, 50_000)]
    assert current(order).attention == "refund_differs"


def test_an_attested_total_only_grows(paid, edge):
    give_back(paid, 50_000, edge)
    for total in (50_000, AMOUNT + 1):
        with pytest.raises(Invalid), transaction():
            payments.attest_refunded_total(paid.reference, total=total, note="?", by=FEDOR, now=clock.now())


def test_a_refund_nobody_sends_is_picked_up_again_once(paid, superuser):
    id = ask(paid, 50_000)
    superuser.execute("update outbox set given_up_at = now() where job = 'erp.jobs.payments.send_refund'")
    for _ in range(2):
        with transaction():
            payments.poll_open(now=clock.now() + LATER)
    waiting = rows(
        "select subject from outbox where job = 'erp.jobs.payments.send_refund' and given_up_at is null"
    )
    assert [subject for (subject,) in waiting] == [str(id)]
