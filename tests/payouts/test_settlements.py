"""A key of which the bank says that its money is under way, though nothing was sent from here: asked about as far as
the bank answers, then settled by two people."""

import datetime as dt

import pytest

from erp.domain import payouts
from erp.domain.payments import Verdict
from erp.domain.payouts import checks, transfers
from erp.domain.payouts.invariants import bank_references_agree, payouts_are_whole
from erp.gateways.tbank import PayoutStatus
from erp.kernel import audit, clock
from erp.kernel.db import scalar
from erp.kernel.errors import Invalid
from erp.kernel.transaction import transaction
from tests.payouts.conftest import IVAN, approve, attempts, now_is, prepare, sent
from tests.payouts.test_execute import REJECTED_LATER, approved_for, run_to_the_end
from tests.payouts.test_notifications import notification, receive
from tests.support.trade import FEDOR, FILIPP, T_BANK, balance
from tests.support.waiting import wait_until

DAY = dt.timedelta(hours=24)


@pytest.fixture(autouse=True)
def sound(context):
    """Whatever happened, the books agree with the payouts."""
    yield
    assert [*payouts_are_whole().bad, *bank_references_agree().bad] == []


def forgotten(edge, payout_id, *, phone=IVAN):
    """What the bank did for a payout's first key before our books were set back to a copy that knows nothing of it."""
    payout = now_is(payout_id)
    checked = edge.bank.check(
        order_id=f"{payout.reference}-1",
        phone=phone,
        member_id=T_BANK,
        amount=payout.amount,
        purpose="Before the copy",
    )
    edge.bank.pay(checked.payment_id)
    wait_until(lambda: edge.bank.state(checked.payment_id).status.is_final)
    return checked.payment_id


@pytest.fixture
def unknown(approved, edge, bank):
    """Ivan's payout, of which the bank only says that it is under way, whatever is asked."""
    bank.misbehave("sbp.Init", "error", ErrorCode="4005", times=99)
    payouts.execute(approved, edge)
    assert (now_is(approved).state, attempts(approved)[0].error_code) == ("unknown", "4005")
    return approved


def propose(payout_id, found="paid", *, number="", note="Statement, line 4", by=FEDOR, after=DAY):
    reference = now_is(payout_id).reference
    with transaction():
        return payouts.propose_settlement(
            reference,
            found,
            provider_payment_id=number,
            note=note,
            by=by,
            now=clock.now() + after,
        )


def confirm(settlement_id, by=FILIPP):
    with transaction():
        payouts.confirm_settlement(settlement_id, by=by, now=clock.now() + DAY)


class TestAsking:
    def test_what_the_bank_paid_before_is_found_by_the_number_in_its_refusal(
        self, ivan, approved, edge, bank
    ):
        number = forgotten(edge, approved)
        payouts.execute(approved, edge)
        assert now_is(approved).state == "paid"
        assert [attempt.provider_payment_id for attempt in attempts(approved)] == [number]
        assert balance(ivan) == {}
        assert len(sent(bank, approved)) == 1

    def test_it_is_asked_by_our_key_until_the_bank_tells_more(self, ivan, approved, edge, bank):
        number = forgotten(edge, approved)
        bank.misbehave("sbp.Init", "error", ErrorCode="623", times=2)
        for state in ("unknown", "unknown", "paid"):
            payouts.execute(approved, edge)
            assert now_is(approved).state == state
        assert attempts(approved)[0].provider_payment_id == number
        assert len(sent(bank, approved)) == 1

    def test_a_key_that_is_merely_checked_is_left_to_lapse_and_then_makes_room_for_another(
        self, ivan, approved, edge, bank
    ):
        bank.misbehave("sbp.Init", "error", ErrorCode="4005")
        for _ in range(3):
            payouts.execute(approved, edge)
            assert now_is(approved).state == "unknown"
        assert sent(bank, approved) == []
        with transaction():
            transfers.record_state(
                approved,
                scalar("select id from payout_attempt where provider_payment_id is not null"),
                status=PayoutStatus.REJECTED,
                code="4008",
                by=edge.by,
                now=clock.now(),
            )
        assert run_to_the_end(approved, edge).state == "paid"
        assert [attempt.state for attempt in attempts(approved)] == ["rejected", "paid"]
        assert len(sent(bank, approved)) == 1

    def test_what_the_bank_rejected_before_gives_the_money_back(self, terms, edge, bank):
        bank.name(REJECTED_LATER, "Иван Иванович И.")
        agent_id, payout_id = approved_for(REJECTED_LATER)
        forgotten(edge, payout_id, phone=REJECTED_LATER)
        bank.misbehave("sbp.Init", "error", ErrorCode="4005")
        payouts.execute(payout_id, edge)
        assert (now_is(payout_id).state, balance(agent_id)) == ("unknown", {"in_payout": 50_000})
        payouts.execute(payout_id, edge)
        payout = now_is(payout_id)
        assert (payout.state, payout.failure_code) == ("failed", "3034")
        assert balance(agent_id) == {"available": 50_000}

    def test_the_banks_news_tell_the_number(self, ivan, approved, edge, bank):
        number = forgotten(edge, approved)
        bank.misbehave("sbp.Init", "error", ErrorCode="4005", times=99)
        payouts.execute(approved, edge)
        assert now_is(approved).state == "unknown"
        assert receive(notification(attempts(approved)[0], PaymentId=int(number))) == (Verdict.ACCEPTED, True)
        payouts.follow(approved, edge)
        assert now_is(approved).state == "paid"
        assert len(sent(bank, approved)) == 1

    def test_a_late_answer_to_a_check_counts_for_nothing_once_money_may_have_left(
        self, ivan, approved, edge, bank
    ):
        bank.misbehave("sbp.Payment", "timeout_after")
        payouts.execute(approved, edge)
        assert now_is(approved).state == "unknown"
        (attempt,) = attempts(approved)
        with transaction():
            checks.record_check(
                approved,
                scalar("select id from payout_attempt"),
                status=PayoutStatus.CHECKED,
                provider_payment_id=attempt.provider_payment_id,
                recipient_name=None,
                by=edge.by,
                now=clock.now(),
            )
        assert now_is(approved).state == "unknown"
        assert run_to_the_end(approved, edge).state == "paid"
        assert len(sent(bank, approved)) == 1


class TestSettling:
    def test_nobody_settles_what_the_bank_may_still_say(self, unknown):
        with pytest.raises(payouts.TooEarly):
            propose(unknown, number="700900", after=DAY - dt.timedelta(minutes=1))

    def test_two_people_settle_it_as_paid(self, ivan, unknown):
        settlement = propose(unknown, number="700900")
        assert balance(ivan) == {"in_payout": 50_000}
        with pytest.raises(payouts.SamePerson):
            confirm(settlement, by=FEDOR)
        confirm(settlement)
        assert (now_is(unknown).state, balance(ivan)) == ("paid", {})
        (attempt,) = attempts(unknown)
        assert (attempt.state, attempt.provider_payment_id) == ("paid", "700900")
        told = {deed.action: deed.actor_id for deed in audit.history("payout", unknown)}
        assert told["payout.settlement_proposed"] == FEDOR.id
        assert told["payout.settlement_confirmed"] == told["payout.paid"] == FILIPP.id

    def test_two_people_settle_it_as_not_sent_and_it_can_be_tried_again(self, ivan, unknown, edge, bank):
        confirm(propose(unknown, "not_sent"))
        payout = now_is(unknown)
        assert (payout.state, payout.failure_code) == ("failed", "not_sent")
        assert balance(ivan) == {"available": 50_000}
        bank.http.delete("/_control/misbehave")
        with transaction():
            payouts.retry(payout.reference, by=FILIPP, now=clock.now())
        assert run_to_the_end(unknown, edge).state == "paid"
        assert [attempt.number for attempt in attempts(unknown)] == [1, 2]

    def test_a_transfer_of_which_the_bank_never_says_more_is_settled_too(self, ivan, approved, edge, bank):
        bank.misbehave("sbp.Payment", "timeout_after")
        bank.misbehave("sbp.GetState", "http_500", times=99)
        payouts.execute(approved, edge)
        number = attempts(approved)[0].provider_payment_id
        with pytest.raises(Invalid):
            propose(approved, number="700900")
        confirm(propose(approved, number=number))
        assert now_is(approved).state == "paid"

    def test_evidence_is_needed(self, unknown):
        for wrong in (
            {"found": "perhaps"},
            {"found": "paid", "number": ""},
            {"found": "not_sent", "note": " "},
        ):
            with pytest.raises(Invalid):
                propose(unknown, **wrong)

    def test_a_number_is_of_one_transfer_only(self, ivan, approved, edge, bank):
        run_to_the_end(approved, edge)
        taken = attempts(approved)[0].provider_payment_id
        reference = now_is(approved).reference
        with transaction():
            payouts.take_back(reference, note="Statement", by=FILIPP, now=clock.now())
        again = approve(prepare()).id
        bank.misbehave("sbp.Init", "error", ErrorCode="4005", times=99)
        payouts.execute(again, edge)
        with pytest.raises(payouts.AnotherTransfer):
            propose(again, number=taken)

    def test_only_the_newest_finding_can_be_confirmed_and_only_once(self, unknown):
        first = propose(unknown, "not_sent")
        second = propose(unknown, number="700900", by=FILIPP)
        with pytest.raises(payouts.Overtaken):
            confirm(first)
        confirm(second, by=FEDOR)
        with pytest.raises(payouts.Overtaken):
            confirm(second, by=FEDOR)

    def test_what_the_bank_has_answered_since_stands(self, ivan, approved, edge, bank):
        forgotten(edge, approved)
        bank.misbehave("sbp.Init", "error", ErrorCode="4005")
        payouts.execute(approved, edge)
        settlement = propose(approved, "not_sent")
        assert run_to_the_end(approved, edge).state == "paid"
        with pytest.raises(payouts.Overtaken):
            confirm(settlement)
        assert balance(ivan) == {}
        with pytest.raises(payouts.IllegalMove):
            propose(approved, "not_sent")
