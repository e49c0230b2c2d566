"""The bank's GetState is the truth; what it says is booked once."""

import pytest

from erp import config
from erp.domain import payments
from erp.jobs import payments as jobs
from erp.kernel import clock
from erp.kernel.db import db, rows
from erp.kernel.transaction import transaction
from tests.payments.conftest import AMOUNT, place_order
from tests.simulators.running import POOR_CARD
from tests.support.browser import served
from tests.support.trade import TESTS, customer
from tests.support.waiting import wait_until

ACCRUE = "erp.jobs.commissions.accrue"


@pytest.fixture
def payment(order, edge):
    return opened(order, edge)


def opened(order, edge):
    payments.open_payment(order, edge)
    return current(order)


def current(order):
    db.session.rollback()
    return payments.payments_of_order(order)[0]


def events(payment):
    found = payments.events_of_payment(payment.reference)
    db.session.rollback()
    return [(event.kind, event.amount, event.evidence) for event in found]


def jobs_waiting(name):
    found = [subject for job, subject in rows("select job, subject from outbox order by id") if job == name]
    db.session.rollback()
    return found


def say(payment, status, amount=AMOUNT, order_id=None):
    """What GetState might have answered."""
    with transaction():
        payments.apply_state(
            payment.id,
            status=status,
            amount=amount,
            bank_order_id=order_id or payment.bank_order_id,
            by=TESTS,
            now=clock.now(),
        )


def test_a_paid_payment_is_one_fact_however_often_it_is_followed(order, payment, edge, bank):
    bank.pay(payment.provider_payment_id)
    for _ in range(3):
        payments.follow_payment(payment.id, edge)
    assert events(payment) == [("payment", AMOUNT, "bank_checked")]
    assert len(jobs_waiting(ACCRUE)) == 1
    assert current(order).status == "CONFIRMED"
    assert current(order).order_state == "paid"


def test_an_unpaid_payment_is_no_fact(order, payment, edge, bank):
    payments.follow_payment(payment.id, edge)
    assert events(payment) == []


def test_a_declined_card_is_no_fact(order, payment, edge, bank):
    bank.pay(payment.provider_payment_id, POOR_CARD)
    payments.follow_payment(payment.id, edge)
    assert (current(order).status, events(payment)) == ("REJECTED", [])


def test_answers_that_overtake_each_other_do_not_lead_back(order, payment):
    for status in ("CONFIRMED", "AUTHORIZED", "NEW", "CONFIRMED"):
        say(payment, status)
    assert current(order).status == "CONFIRMED"
    assert len(events(payment)) == 1


def test_another_amount_than_we_asked_for_is_shown_to_a_person_and_not_booked(order, payment):
    say(payment, "CONFIRMED", amount=AMOUNT - 1)
    assert events(payment) == []
    assert (current(order).attention, current(order).order_state) == ("wrong_amount", "open")


def test_an_answer_about_another_order_changes_nothing_but_is_shown(order, payment):
    say(payment, "CONFIRMED", order_id="PAY-OTHER")
    assert events(payment) == []
    assert (current(order).status, current(order).attention) == ("NEW", "wrong_order")


def test_a_second_payment_of_one_order_is_booked_and_shown(order, edge, bank):
    first = opened(order, edge)
    say(first, "REJECTED")
    second = opened(order, edge)
    say(second, "CONFIRMED")
    say(first, "CONFIRMED")
    assert len(events(first)) == len(events(second)) == 1
    assert payments.find_payment(first.reference).attention == "paid_twice"


def test_a_payment_first_seen_refunded_is_booked_as_paid_and_as_refunded(order, payment):
    say(payment, "REFUNDED")
    assert [kind for kind, *_ in events(payment)] == ["payment", "refund"]
    assert current(order).order_state == "refunded"


def test_the_moment_of_a_payment_is_when_the_bank_first_told_us(order, payment, superuser):
    superuser.execute(
        """insert into bank_notification (digest, bank_order_id, status, verdict, received_at)
           values ('x', %s, 'CONFIRMED', 'accepted', '2026-01-02 03:04:05Z')""",
        [payment.bank_order_id],
    )
    say(payment, "CONFIRMED")
    assert current(order).confirmed_at.isoformat().startswith("2026-01-02T03:04:05")


def test_every_open_payment_is_asked_about_after_a_minute_and_closed_ones_never(terms, edge, superuser):
    buyer = customer()
    waiting, paid = (opened(place_order(buyer, id), edge) for id in ("order-1", "order-2"))
    say(paid, "CONFIRMED")
    with transaction():
        assert payments.poll_open(now=clock.now()) == 0
    superuser.execute("update payment set checked_at = checked_at - interval '2 minutes'")
    jobs.poll_open()
    assert jobs_waiting("erp.jobs.payments.follow") == [str(waiting.id)]


def test_from_the_payers_page_to_the_fact_by_the_banks_own_notification(
    app, order, edge, bank, work, monkeypatch
):
    with served(app) as url:
        monkeypatch.setenv("REF_PUBLIC_URL", url)
        config.get.cache_clear()
        payment = opened(order, edge)
        bank.misbehave("notify", "duplicate", order_id=payment.bank_order_id)
        bank.pay(payment.provider_payment_id)
        wait_until(lambda: sum(told.times for told in notifications(payment)) == 3)
        work()
    assert {told.status for told in notifications(payment)} == {"AUTHORIZED", "CONFIRMED"}
    assert events(payment) == [("payment", AMOUNT, "bank_checked")]
    assert all(told.handled_at for told in notifications(payment))


def notifications(payment):
    found = payments.notifications_of(payment.reference)
    db.session.rollback()
    return found
