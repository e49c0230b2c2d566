"""A payout goes to the bank: checked, paid once, and asked about until the bank says."""

import datetime as dt
from dataclasses import replace

import pytest

from erp.domain import agents, payouts
from erp.gateways.tbank import BankUnreachable
from erp.kernel import clock
from erp.kernel.db import db, scalar
from erp.kernel.transaction import TransactionOpen, transaction
from tests.payouts.conftest import IVAN, approve, attempts, now_is, prepare, sent
from tests.support.trade import FILIPP, TESTS, agent, balance, earn
from tests.support.waiting import wait_until

NAMELESS, NO_FUNDS, REJECTED_LATER = "+79012345678", "+79031234567", "+79041234567"


def run_to_the_end(payout_id, edge):
    """Ask, as the jobs do, until the payout has ended."""

    def ended():
        payouts.execute(payout_id, edge)
        return now_is(payout_id).ended_at is not None

    wait_until(ended, 10)
    return now_is(payout_id)


def approved_for(phone, name="Иванов Иван Иванович"):
    agent_id = agent(phone, name)
    earn(agent_id, 500_000)
    return agent_id, approve(prepare([agent_id])).id


def later(edge, **delta):
    return replace(edge, clock=lambda: clock.now() + dt.timedelta(**delta))


def test_a_payout_is_checked_paid_and_booked(ivan, approved, edge, bank):
    payouts.execute(approved, edge)
    assert now_is(approved).state == "paying"
    assert balance(ivan) == {"in_payout": 50_000}
    payout = run_to_the_end(approved, edge)
    assert payout.state == "paid"
    assert balance(ivan) == {}
    assert sent(bank, approved) == [f"{payout.reference}-1"]
    (attempt,) = attempts(approved)
    assert (attempt.state, attempt.name_match) == ("paid", True)
    assert payouts.find_run(payout.run_reference).state == "done"


def test_running_the_job_again_changes_nothing(ivan, approved, edge, bank):
    run_to_the_end(approved, edge)
    for _ in range(3):
        payouts.execute(approved, edge)
        payouts.follow(approved, edge)
    assert len(sent(bank, approved)) == 1
    assert balance(ivan) == {}


def test_somebody_elses_phone_is_not_paid(ivan, approved, edge, bank):
    bank.name(IVAN, "Пётр Петрович П.")
    payouts.execute(approved, edge)
    payout = now_is(approved)
    assert (payout.state, payout.failure_code) == ("failed", "name_mismatch")
    assert balance(ivan) == {"available": 50_000}
    assert sent(bank, approved) == []


def test_the_name_the_bank_told_is_kept_encrypted(approved, edge, superuser):
    payouts.execute(approved, edge)
    (cipher,) = superuser.execute("select recipient_name_cipher from payout_attempt").fetchone()
    assert "Иван".encode() not in cipher


def test_a_bank_that_tells_no_name_leaves_the_phone_to_decide(terms, edge, bank):
    _, payout_id = approved_for(NAMELESS)
    assert run_to_the_end(payout_id, edge).state == "paid"
    assert attempts(payout_id)[0].name_match is None


def test_a_refusal_at_the_check_gives_the_money_back(terms, edge, bank):
    agent_id, payout_id = approved_for(NO_FUNDS)
    payouts.execute(payout_id, edge)
    payout = now_is(payout_id)
    assert (payout.state, payout.failure_code) == ("failed", "1502")
    assert balance(agent_id) == {"available": 50_000}


def test_a_transfer_that_is_rejected_later_gives_the_money_back(terms, edge, bank):
    bank.name(REJECTED_LATER, "Иван Иванович И.")
    agent_id, payout_id = approved_for(REJECTED_LATER)
    payout = run_to_the_end(payout_id, edge)
    assert (payout.state, payout.failure_code) == ("failed", "3034")
    assert balance(agent_id) == {"available": 50_000}
    assert attempts(payout_id)[0].state == "rejected"


def test_a_lost_answer_to_the_check_is_asked_for_under_the_same_key(ivan, approved, edge, bank):
    bank.misbehave("sbp.Init", "timeout_after")
    payouts.execute(approved, edge)
    assert now_is(approved).state == "checking"
    assert run_to_the_end(approved, edge).state == "paid"
    assert len(attempts(approved)) == 1
    assert len(bank.operations(attempts(approved)[0].key)["payouts"]) == 1


def test_a_lost_answer_to_the_payment_is_only_asked_about(ivan, approved, edge, bank):
    bank.misbehave("sbp.Payment", "timeout_after")
    payouts.execute(approved, edge)
    assert now_is(approved).state == "unknown"
    assert run_to_the_end(approved, edge).state == "paid"
    assert len(attempts(approved)) == 1
    assert len(sent(bank, approved)) == 1


def test_a_payment_that_may_not_have_arrived_waits_for_the_bank_to_say_so(ivan, approved, edge, bank):
    bank.misbehave("sbp.Payment", "timeout_before")
    for _ in range(3):
        payouts.execute(approved, later(edge, minutes=10))
    payouts.execute(approved, edge)
    assert now_is(approved).state == "unknown"
    assert (len(attempts(approved)), sent(bank, approved)) == (1, [])
    assert balance(ivan) == {"in_payout": 50_000}


def test_a_bank_that_does_not_answer_questions_leaves_it_unknown(ivan, approved, edge, bank):
    bank.misbehave("sbp.Payment", "timeout_after")
    bank.misbehave("sbp.GetState", "http_500", times=3)
    for _ in range(4):
        payouts.execute(approved, edge)
    assert now_is(approved).state == "unknown"
    assert balance(ivan) == {"in_payout": 50_000}
    assert run_to_the_end(approved, edge).state == "paid"
    assert len(sent(bank, approved)) == 1


def test_what_was_certainly_not_sent_is_sent_again(ivan, approved, edge, bank, monkeypatch):
    payments_made = []

    def no_connection(payment_id):
        payments_made.append(payment_id)
        raise BankUnreachable("no connection")

    with monkeypatch.context() as line:
        line.setattr(edge.bank, "pay", no_connection)
        payouts.execute(approved, edge)
    assert (len(payments_made), now_is(approved).state) == (1, "checked")
    assert run_to_the_end(approved, edge).state == "paid"
    assert len(attempts(approved)) == 1


def test_a_check_that_was_not_used_in_time_is_made_again_under_a_new_key(
    ivan, approved, edge, bank, monkeypatch
):
    with monkeypatch.context() as line:
        line.setattr(edge.bank, "pay", _unreachable)
        payouts.execute(approved, edge)
    payouts.execute(approved, later(edge, minutes=5))
    assert now_is(approved).state == "approved"
    assert run_to_the_end(approved, edge).state == "paid"
    assert [attempt.state for attempt in attempts(approved)] == ["abandoned", "paid"]
    assert len(sent(bank, approved)) == 1


def _unreachable(payment_id):
    raise BankUnreachable("no connection")


def test_an_agent_suspended_after_the_approval_is_not_paid(ivan, approved, edge, bank):
    with transaction():
        agents.suspend(ivan, "Complaints", by=TESTS, now=clock.now())
    payouts.execute(approved, edge)
    payout = now_is(approved)
    assert (payout.state, payout.failure_code) == ("failed", "agent_not_active")
    assert balance(ivan) == {"available": 50_000}
    assert sent(bank, approved) == []


def test_an_agent_suspended_between_check_and_payment_is_not_paid(ivan, approved, edge, bank, monkeypatch):
    with monkeypatch.context() as line:
        line.setattr(edge.bank, "pay", _unreachable)
        payouts.execute(approved, edge)
    with transaction():
        agents.suspend(ivan, "Complaints", by=TESTS, now=clock.now())
    payouts.execute(approved, edge)
    assert now_is(approved).failure_code == "agent_not_active"
    assert sent(bank, approved) == []


def test_a_draft_is_never_executed(ivan, edge, bank):
    prepare()
    payout_id = scalar("select id from payout")
    db.session.rollback()
    payouts.execute(payout_id, edge)
    assert now_is(payout_id).state == "prepared"


def test_the_bank_is_never_called_inside_a_transaction(approved, edge):
    with pytest.raises(TransactionOpen), transaction():
        payouts.execute(approved, edge)


def test_a_failed_payout_is_tried_again_only_by_a_person_and_with_a_new_key(ivan, approved, edge, bank):
    bank.name(IVAN, "Пётр Петрович П.")
    payouts.execute(approved, edge)
    payouts.execute(approved, edge)
    assert now_is(approved).state == "failed"
    bank.name(IVAN, "Иван Иванович И.")
    reference = now_is(approved).reference
    with transaction():
        payouts.retry(reference, by=FILIPP, now=clock.now())
    assert balance(ivan) == {"in_payout": 50_000}
    assert run_to_the_end(approved, edge).state == "paid"
    assert [attempt.number for attempt in attempts(approved)] == [1, 2]


def test_money_that_went_into_another_payout_is_not_there_for_a_retry(ivan, approved, edge, bank):
    bank.name(IVAN, "Пётр Петрович П.")
    payouts.execute(approved, edge)
    approve(prepare())
    reference = now_is(approved).reference
    with pytest.raises(payouts.BalanceChanged), transaction():
        payouts.retry(reference, by=FILIPP, now=clock.now())


def test_only_a_failed_payout_is_retried(approved, edge):
    for reference in (now_is(approved).reference, run_to_the_end(approved, edge).reference):
        with pytest.raises(payouts.IllegalMove), transaction():
            payouts.retry(reference, by=FILIPP, now=clock.now())


def test_a_transfer_that_came_back_is_available_again(ivan, approved, edge, bank):
    payout = run_to_the_end(approved, edge)
    with transaction():
        payouts.take_back(payout.reference, note="Statement of 3 March", by=FILIPP, now=clock.now())
    assert now_is(approved).state == "returned"
    assert balance(ivan) == {"available": 50_000}
    with pytest.raises(payouts.IllegalMove), transaction():
        payouts.take_back(payout.reference, note="Again", by=FILIPP, now=clock.now())
    assert approve(prepare()).amount == 50_000


def test_what_no_job_waits_for_is_looked_at_after_a_minute(approved, superuser):
    soon, much_later = clock.now(), clock.now() + dt.timedelta(minutes=2)
    with transaction():
        assert payouts.poll_open(now=much_later) == 0
    superuser.execute("delete from outbox")
    with transaction():
        assert payouts.poll_open(now=soon) == 0
        assert payouts.poll_open(now=much_later) == 1
