"""What time alone brings about: forms close, checks lapse. The clock is moved, not waited for."""

import datetime as dt
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from simulators.clock import FRESH_SECONDS, Clock
from simulators.tbank import acquiring, payouts
from simulators.tbank.bank import Bank, open_bank
from simulators.tbank.protocol import Refused
from simulators.tbank.settings import read


class MovableClock(Clock):
    def move(self, **by: float) -> None:
        self._offset += dt.timedelta(**by)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def bank(clock: MovableClock, tmp_path: Path) -> Bank:
    settings = read(["--journal", str(tmp_path / "bank.jsonl"), "--notify-deadline"])
    return replace(open_bank(settings), clock=clock)


@pytest.fixture
def checked(bank: Bank) -> dict:
    request = {"OrderId": "p-1", "PhoneNumber": "79990000001", "SbpMemberId": "100000000004"}
    with bank.books.writing():
        return payouts.init(bank, {**request, "Amount": 50_000})


def test_a_payment_form_closes_after_a_day_unless_told_otherwise(bank, clock):
    due = (clock.now() + dt.timedelta(hours=30)).isoformat()
    with bank.books.writing():
        hook = {"NotificationURL": "http://127.0.0.1:9/hook"}
        a_day = acquiring.init(bank, {"OrderId": "a", "Amount": 5000, **hook}, "http://bank/")
        longer = acquiring.init(
            bank, {"OrderId": "b", "Amount": 5000, "RedirectDueDate": due}, "http://bank/"
        )
        clock.move(hours=23, minutes=59)
        assert acquiring.get_state(bank, a_day, "")["Status"] == "NEW"
        clock.move(minutes=1)
        assert acquiring.get_state(bank, a_day, "")["Status"] == "DEADLINE_EXPIRED"
        assert acquiring.get_state(bank, longer, "")["Status"] == "NEW"
        clock.move(hours=6)
        assert acquiring.get_state(bank, longer, "")["Status"] == "DEADLINE_EXPIRED"
    assert [news.body["Status"] for news in bank.books.notifications.values()] == ["DEADLINE_EXPIRED"]


def test_a_payer_lost_at_his_bank_is_given_up_after_36_hours(bank, clock):
    with bank.books.writing():
        answer = acquiring.init(bank, {"OrderId": "a", "Amount": 5000}, "")
        payment = acquiring.find(bank, answer["PaymentId"])
        for status in ("FORM_SHOWED", "AUTHORIZING", "3DS_CHECKING"):
            payment = acquiring.move(bank, payment, status)
        clock.move(hours=35)
        assert acquiring.find(bank, payment.id).status == "3DS_CHECKING"
        clock.move(hours=1)
        assert acquiring.find(bank, payment.id).status == "DEADLINE_EXPIRED"


def test_a_checked_payout_can_be_paid_for_180_seconds(bank, clock, checked):
    with bank.books.writing():
        clock.move(seconds=179)
        assert payouts.pay(bank, checked)["Status"] == "COMPLETING"


def test_a_checked_payout_lapses_after_180_seconds_and_moves_no_money(bank, clock, checked):
    clock.move(seconds=181)
    with bank.books.writing():
        assert payouts.get_state(bank, checked)["Status"] == "REJECTED"
        with pytest.raises(Refused) as refusal:
            payouts.pay(bank, checked)
    assert refusal.value.answer()["Status"] == "REJECTED"
    assert bank.books.payouts[checked["PaymentId"]].paid_at == ""


def test_a_payment_after_the_window_is_rejected_without_anybody_asking_before(bank, clock, checked):
    clock.move(seconds=181)
    with bank.books.writing(), pytest.raises(Refused) as refusal:
        payouts.pay(bank, checked)
    assert (refusal.value.code, refusal.value.more["Status"]) == ("4008", "REJECTED")


def test_a_clock_database_that_is_away_leaves_real_time():
    clock = Clock("postgresql://nobody@127.0.0.1:9/none")
    assert abs(clock.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=3)


def test_the_bank_lives_by_the_clock_of_the_mock_database(start_bank, database, superuser, order_id):
    bank = start_bank("--clock-database", os.environ["DATABASE_URL"])
    payment_id = bank.init(order_id)
    superuser.execute("update mock_clock set clock_offset = clock_offset + interval '25 hours'")
    time.sleep(FRESH_SECONDS + 0.05)
    assert bank.status(payment_id) == "DEADLINE_EXPIRED"
    told = dt.datetime.fromisoformat(bank.http.get("/_control/state").json()["now"])
    (expected,) = superuser.execute("select ref_now()").fetchone()
    assert abs(told - expected) < dt.timedelta(seconds=2)
