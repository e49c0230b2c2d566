"""One person prepares, another approves; the books follow."""

import psycopg
import pytest

from erp.domain import agents, payouts
from erp.domain.payouts import LeftOut
from erp.kernel import clock
from erp.kernel.db import db, rows
from erp.kernel.errors import NotFound
from erp.kernel.transaction import transaction
from tests.payouts.conftest import approve, of_run, prepare
from tests.support.trade import FEDOR, FILIPP, TESTS, agent, balance, earn, refund


def jobs():
    found = [
        (job, subject) for job, subject in rows("select job, subject from outbox where job like '%payouts%'")
    ]
    db.session.rollback()
    return found


def lines(payout):
    found = [(line.commission_amount, line.amount) for line in payouts.lines_of(payout.reference)]
    db.session.rollback()
    return found


def test_a_draft_pays_each_agent_all_that_is_available_and_moves_nothing(ivan):
    (payout,) = of_run(prepare())
    assert (payout.agent_id, payout.amount, payout.state) == (ivan, 50_000, "prepared")
    assert lines(payout) == [(30_000, 30_000), (20_000, 20_000)]
    assert balance(ivan) == {"available": 50_000}
    assert jobs() == []


def test_an_agent_does_not_see_a_draft(ivan):
    (payout,) = of_run(prepare())
    assert payouts.of_agent(ivan) == []
    with pytest.raises(NotFound):
        payouts.find(payout.reference, agent_id=ivan)


def test_an_agent_sees_its_own_approved_payouts_and_nobody_elses(ivan):
    payout = approve(prepare())
    assert [found.reference for found in payouts.of_agent(ivan)] == [payout.reference]
    stranger = agent("+79161000009")
    assert payouts.of_agent(stranger) == []
    with pytest.raises(NotFound):
        payouts.find(payout.reference, agent_id=stranger)


def test_who_cannot_be_paid_is_left_out_with_the_reason(ivan):
    bankless, poor, suspended = (
        agent("+79161000002", bank=False),
        agent("+79161000003"),
        agent("+79161000004"),
    )
    earn(bankless, 500_000)
    earn(poor, 99_000)
    earn(suspended, 500_000)
    with transaction():
        agents.suspend(suspended, "Complaints", by=TESTS, now=clock.now())
    reasons = {found.agent_id: found.reason for found in payouts.candidates("RUB")}
    assert reasons == {
        ivan: None,
        bankless: LeftOut.NO_BANK,
        poor: LeftOut.BELOW_MINIMUM,
        suspended: LeftOut.NOT_ACTIVE,
    }
    assert [payout.agent_id for payout in of_run(prepare())] == [ivan]


def test_a_run_can_be_for_named_agents_only(ivan):
    other = agent("+79161000002")
    earn(other, 500_000)
    assert [payout.agent_id for payout in of_run(prepare([other]))] == [other]


def test_with_nobody_to_pay_there_is_no_run(terms):
    with pytest.raises(payouts.NothingToPay):
        prepare()


def test_an_agent_is_in_one_open_payout_at_a_time(ivan):
    prepare()
    with pytest.raises(payouts.NothingToPay):
        prepare()


def test_the_database_settles_who_has_the_open_payout(ivan, superuser):
    prepare()
    with pytest.raises(psycopg.errors.UniqueViolation, match="one_open_payout_per_agent"):
        superuser.execute(
            """insert into payout (id, reference, run_id, agent_id, amount, currency, state_at, prepared_at,
                                   bank_member_id, bank_name, phone_cipher)
               select gen_random_uuid(), 'PO-X', run_id, agent_id, 1, currency, state_at, prepared_at,
                      bank_member_id, bank_name, phone_cipher from payout"""
        )


def test_approval_sets_the_money_aside_and_hands_the_payouts_over(ivan):
    payout = approve(prepare())
    assert payout.state == "approved"
    assert balance(ivan) == {"in_payout": 50_000}
    assert jobs() == [("erp.jobs.payouts.execute", str(payout.id))]


def test_who_prepared_does_not_approve(ivan):
    run = prepare()
    with pytest.raises(payouts.SamePerson), transaction():
        payouts.approve_run(run, by=FEDOR, now=clock.now())


def test_the_database_too_wants_two_people(ivan, superuser):
    prepare()
    with pytest.raises(psycopg.errors.CheckViolation, match="two_people"):
        superuser.execute(
            "update payout_run set state = 'approved', approved_by = prepared_by, approved_at = now()"
        )


def test_a_run_is_approved_once(ivan):
    run = prepare()
    approve(run)
    with pytest.raises(payouts.NotADraft):
        approve(run)
    assert balance(ivan) == {"in_payout": 50_000}


def test_a_refund_between_preparation_and_approval_stops_the_approval(terms):
    ivan = agent("+79161000001")
    event, _ = earn(ivan, 300_000, 200_000)
    run = prepare()
    refund(event, 100_000)
    with pytest.raises(payouts.BalanceChanged) as refusal:
        approve(run)
    assert list(refusal.value.details["payouts"]) == [of_run(run)[0].reference]
    assert balance(ivan) == {"available": 40_000}


def test_an_agent_suspended_meanwhile_stops_the_approval_until_withdrawn(ivan):
    other = agent("+79161000002")
    earn(other, 500_000)
    run = prepare()
    with transaction():
        agents.suspend(other, "Complaints", by=TESTS, now=clock.now())
    with pytest.raises(payouts.BalanceChanged) as refusal:
        approve(run)
    (reference,) = refusal.value.details["payouts"]
    with transaction():
        payouts.withdraw(reference, by=FEDOR, now=clock.now())
    approve(run)
    assert {payout.agent_id: payout.state for payout in of_run(run)} == {ivan: "approved", other: "withdrawn"}
    assert payouts.find_run(run).amount == 50_000


def test_a_cancelled_draft_frees_its_agents(ivan):
    run = prepare()
    with transaction():
        payouts.cancel_run(run, by=FEDOR, now=clock.now())
    assert payouts.find_run(run).state == "cancelled"
    assert [payout.agent_id for payout in of_run(prepare())] == [ivan]


def test_nothing_is_withdrawn_from_an_approved_run(ivan):
    payout = approve(prepare())
    with pytest.raises(payouts.NotADraft), transaction():
        payouts.withdraw(payout.reference, by=FEDOR, now=clock.now())
    with pytest.raises(payouts.NotADraft), transaction():
        payouts.cancel_run(payout.run_reference, by=FILIPP, now=clock.now())


def test_lists_count_and_search(ivan):
    run = prepare()
    found = payouts.find_run(run)
    assert (found.payouts, found.amount, found.paid, found.finished) == (1, 50_000, 0, 0)
    assert payouts.search_runs(text=run[:6]).count() == 1
    assert payouts.search_runs(state="done").count() == 0
    assert payouts.counts(run) == {"prepared": 1}
    (payout,) = of_run(run)
    assert payouts.search(text=payout.agent_code).count() == 1
    assert payouts.search(state="paid").count() == 0
