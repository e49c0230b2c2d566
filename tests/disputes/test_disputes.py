"""Agents object; somebody decides by a deadline, tells why, and what was wrong is mended."""

import datetime as dt
from uuid import UUID

import pytest

from erp.domain import agents, commissions, disputes, staff
from erp.domain.disputes import About, rules
from erp.domain.referrals.rules import AlreadyAttributed, AlreadyTheirs, CannotAttribute, CaseOpen
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import rows, scalar
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.transaction import release, transaction
from tests.support import cast
from tests.support.cast import NOW, SOMEBODY, live_in
from tests.support.earnings import (
    NUMBERS,
    accrue,
    balance,
    commission,
    contested,
    customer_of,
    days,
    net,
    paid,
    payment,
    refunded,
)


@pytest.fixture
def event(alice):
    return paid(customer_of(alice, days(-30), connected=False), 1_000_000)


def disputed(agent_id, kind="missing", about=None, text="Where is it?", by=None, now=NOW, **more):
    with transaction():
        return disputes.open_dispute(
            agent_id, kind, text, about or About(), by=by or Actor.agent(agent_id), now=now, **more
        )


def found(reference):
    dispute = disputes.find(reference)
    release()
    return dispute


def id_of(reference):
    return disputes.find(reference).id


def decide(reference, decision="uphold", code="late_fact", note="We looked", *, by=SOMEBODY, now=NOW):
    with transaction():
        disputes.decide(id_of(reference), decision, code, note, by=by, now=now)


def said(reference):
    words = [(one.kind, one.text) for one in disputes.messages(disputes.find(reference).id)]
    release()
    return words


def rule(kind, *, outcome="stay", role="manager", days=14):
    with transaction():
        disputes.change_dispute_rule(kind, role=role, days=days, outcome=outcome, by=SOMEBODY, now=NOW)


def carry_out(now):
    with transaction():
        return disputes.carry_out_due(by=Actor.system("disputes"), now=now)


def colleague(role):
    with transaction():
        given = (f"{role}@example.test", role.title(), "correct horse battery", [role])
        return Actor.staff(staff.add(*given, by=SOMEBODY, now=NOW))


class TestOpening:
    def test_a_day_to_decide_in_is_24_hours_in_whatever_zone_the_database_lives(
        self, alice, event, database, superuser
    ):
        live_in("America/New_York", database, superuser)
        rule("missing", days=10)
        assert found(disputed(alice)).due_at == days(10)

    def test_it_says_what_it_is_about_who_decides_and_by_when_and_moves_nothing(self, alice, event):
        line = commission(event).id
        rule("wrong", role="finance", days=10, outcome="reject")
        reference = disputed(alice, "wrong", About(commission=line), "15 % was promised", expected=150_000)
        dispute = found(reference)
        assert (dispute.kind, dispute.state, dispute.commission_id) == ("wrong", "open", line)
        assert (dispute.expected, dispute.currency) == (150_000, "RUB")
        assert (dispute.role, dispute.due_at, dispute.outcome) == ("finance", days(10), "reject")
        assert said(reference) == [("message", "15 % was promised")]
        assert balance(alice) == {"pending": 50_000}

    def test_the_words_are_encrypted_for_the_agent(self, alice):
        reference = disputed(alice, text="My name is Alice")
        (cipher,) = rows("select text_cipher from dispute_message")[0]
        assert b"Alice" not in bytes(cipher)
        assert said(reference) == [("message", "My name is Alice")]

    def test_about_one_commission_there_is_one_open_dispute(self, alice, event):
        about = About(commission=commission(event).id)
        first = disputed(alice, "wrong", about)
        with pytest.raises(rules.AlreadyDisputed):
            disputed(alice, "wrong", about)
        decide(first)
        disputed(alice, "wrong", about)

    def test_a_strangers_things_are_not_there(self, alice, bob, event):
        line = commission(event)
        for about in (About(commission=line.id), About(referral=line.referral_reference)):
            with pytest.raises(Invalid) as refusal:
                disputed(bob, "wrong", about)
            assert refusal.value.fields.keys() <= {"commission", "referral"}

    def test_staff_may_not_object_about_a_commission_of_somebody_else(self, alice, bob, event):
        with pytest.raises(Invalid) as refusal:
            disputed(bob, "wrong", About(commission=commission(event).id), by=SOMEBODY)
        assert refusal.value.fields.keys() == {"commission"}

    def test_what_cannot_be(self, alice):
        for given, field in (
            ({"kind": "mood"}, "kind"),
            ({"text": " "}, "text"),
            ({"text": "x" * 4001}, "text"),
            ({"kind": "wrong"}, "commission"),
            ({"about": About(payout="PO-NOTHING")}, "payout"),
        ):
            with pytest.raises(Invalid) as refusal:
                disputed(alice, **given)
            assert refusal.value.fields.keys() == {field}


class TestWords:
    def test_both_sides_write_and_the_agent_is_sent_word_in_their_language(self, alice):
        with transaction():
            agents.update_profile(alice, language="ru", by=Actor.agent(alice), now=NOW)
        reference = disputed(alice)
        id = id_of(reference)
        with transaction():
            disputes.write(id, "Which day?", by=SOMEBODY, now=days(1))
            disputes.write(id, "Monday", by=Actor.agent(alice), now=days(2))
        assert [text for _, text in said(reference)] == ["Where is it?", "Which day?", "Monday"]
        ((job, subject),) = rows("select job, subject from outbox where job like 'erp.jobs.disputes%'")
        assert job == "erp.jobs.disputes.tell"
        text = disputes.text_to_send(subject)
        assert (text.language, reference in text.body.plain()) == ("ru", True)
        assert "Which day?" not in text.body.plain()

    def test_it_is_sent_once(self, alice):
        reference = disputed(alice, by=SOMEBODY)
        message = scalar("select id from dispute_message")
        assert disputes.text_to_send(message) is not None
        with transaction():
            disputes.record_told(message, now=NOW)
        assert disputes.text_to_send(message) is None
        assert found(reference).messages == 1

    def test_nothing_is_added_after_the_decision(self, alice):
        reference = disputed(alice)
        decide(reference)
        with pytest.raises(rules.DisputeDecided), transaction():
            disputes.write(id_of(reference), "But!", by=Actor.agent(alice), now=NOW)


class TestDecision:
    @pytest.mark.parametrize(
        ("decision", "state", "words"),
        [
            ("uphold", "upheld", "decided for you"),
            ("partly", "partly", "decided partly for you"),
            ("reject", "rejected", "was rejected"),
        ],
    )
    def test_with_a_coded_reason_and_a_note_that_the_agent_is_told(self, alice, decision, state, words):
        reference = disputed(alice)
        decide(reference, decision, "no_evidence", "Nobody knows of it")
        dispute = found(reference)
        assert (dispute.state, dispute.code, dispute.decided_at) == (state, "no_evidence", NOW)
        assert said(reference)[-1] == ("decision", "Nobody knows of it")
        message = scalar("select id from dispute_message where kind = 'decision'")
        assert words in disputes.text_to_send(message).body.plain()
        (deed,) = [d for d in audit.history("dispute", dispute.id) if d.action == f"dispute.{state}"]
        assert deed.details == {"code": "no_evidence"}

    def test_once(self, alice):
        reference = disputed(alice)
        decide(reference)
        with pytest.raises(rules.DisputeDecided):
            decide(reference, "reject")

    def test_by_the_role_that_it_names_or_an_administrator(self, alice):
        rule("missing", role="finance")
        reference = disputed(alice)
        with pytest.raises(rules.NotTheirDispute):
            decide(reference, by=colleague("support"))
        decide(reference, by=colleague("finance"))
        other = disputed(alice)
        decide(other, by=colleague("admin"))

    def test_what_cannot_be(self, alice):
        reference = disputed(alice)
        with pytest.raises(Invalid) as refusal:
            decide(reference, "maybe", "deadline", " ")
        assert refusal.value.fields.keys() == {"decision", "code", "note"}

    def test_of_nothing(self, context):
        with pytest.raises(NotFound), transaction():
            disputes.decide(UUID(int=7), "uphold", "bank", "x", by=SOMEBODY, now=NOW)


class TestDeadline:
    @pytest.mark.parametrize(("outcome", "state"), [("uphold", "upheld"), ("reject", "rejected")])
    def test_what_the_owner_chose_happens_once_and_the_agent_is_told(self, alice, outcome, state):
        rule("missing", outcome=outcome, days=7)
        reference = disputed(alice)
        assert carry_out(days(7) - dt.timedelta(seconds=1)) == 0
        assert carry_out(days(7)) == 1
        assert carry_out(days(8)) == 0
        dispute = found(reference)
        assert (dispute.state, dispute.code, dispute.decided_by) == (state, "deadline", "system:disputes")
        assert scalar("select count(*) from outbox where job = 'erp.jobs.disputes.tell'") == 1

    def test_it_may_stay_open(self, alice):
        reference = disputed(alice)
        assert carry_out(days(400)) == 0
        assert found(reference).state == "open"

    def test_a_choice_counts_for_later_disputes_alone(self, alice):
        first = disputed(alice)
        rule("missing", outcome="reject", days=1)
        second = disputed(alice)
        carry_out(days(30))
        assert [found(one).state for one in (first, second)] == ["open", "rejected"]

    def test_it_is_written_down(self, context):
        rule("refused", outcome="uphold", role="support", days=3)
        (deed,) = audit.history("dispute_rule", "refused")
        assert deed.details["after"] == {"role": "support", "days": 3, "outcome": "uphold"}
        for chosen in ({"role": "auditor"}, {"days": 0}, {"outcome": "take_back"}):
            given = {"role": "manager", "days": 14, "outcome": "stay", **chosen}
            with pytest.raises(Invalid) as refusal, transaction():
                disputes.change_dispute_rule("wrong", **given, by=SOMEBODY, now=NOW)
            assert refusal.value.fields.keys() == chosen.keys()


def unattributed(at=NOW, **given):
    """A customer whom nobody brought."""
    signed = cast.sign_up(f"customer-{next(NUMBERS)}", now=max(at, NOW), occurred_at=at, **given)
    release()
    return signed


def do_jobs():
    """What workers would do with the news for commissions."""
    with transaction():
        told = rows("select job, subject from outbox where job like 'erp.jobs.commissions%' order by id")
        accrue_these = [int(one.subject) for one in told if one.job.endswith(".accrue")]
        moved = [one.subject for one in told if one.job.endswith(".settle_referral")]
        rows("delete from outbox returning id")
    accrue(*accrue_these) if accrue_these else None
    for referral in moved:
        with transaction():
            commissions.settle_referral(referral, by=SOMEBODY, now=NOW)


class TestMending:
    def test_a_customer_whom_nobody_brought_is_attributed_as_if_it_had_been_known(self, alice):
        signed = unattributed(days(-30), kind="company")
        first = payment(signed.customer_id, 1_000_000, days(-20))
        accrue(first)
        refunded(payment(signed.customer_id, 400_000, days(-10)), 100_000)
        reference = disputed(alice, about=About(customer=signed.customer), by=SOMEBODY)
        decide(reference)
        with transaction():
            made = disputes.attribute_customer(id_of(reference), by=SOMEBODY, now=NOW)
        do_jobs()
        assert net(first) == 50_000
        assert balance(alice) == {"pending": 50_000 + 15_000}
        (remedy,) = disputes.remedies_of(id_of(reference))
        assert (remedy.kind, remedy.subject) == ("attribution", made)

    def test_as_a_connection_it_counts_for_the_tier(self, alice):
        own = customer_of(alice, days(-40))
        hers = paid(own, 1_000_000, days(-20))
        assert net(hers) == 50_000
        place = cast.places("Place that nobody booked")[0]
        signed = unattributed(days(-30), kind="establishment", establishment=place.reference)
        reference = disputed(alice, about=About(customer=signed.customer), by=SOMEBODY)
        decide(reference)
        with transaction():
            disputes.attribute_customer(id_of(reference), by=SOMEBODY, now=NOW)
        do_jobs()
        assert net(hers) == 70_000

    def test_a_customer_of_another_agent_goes_over_with_what_it_earned(self, alice, bob):
        event = paid(customer_of(bob, days(-30), connected=False), 1_000_000, days(-20))
        of = commission(event).referral_reference
        reference = disputed(alice, about=About(referral=of), by=SOMEBODY)
        decide(reference, code="wrong_agent")
        with transaction():
            case = disputes.transfer_customer(id_of(reference), "The visit book", by=SOMEBODY, now=NOW)
        do_jobs()
        assert (balance(bob), balance(alice)) == ({}, {"pending": 50_000})
        assert [one.subject for one in disputes.remedies_of(id_of(reference))] == [case]

    def test_a_reversal_by_hand_of_its_commission_is_undone(self, alice, event):
        line = commission(event)
        with transaction():
            made = commissions.ask_reversal(
                line.id, amount=9_000, code="fraud", note="x", by=SOMEBODY, now=NOW
            )
        reference = disputed(alice, "wrong", About(commission=line.id))
        decide(reference)
        other = disputed(alice)
        decide(other)
        with pytest.raises(NotFound), transaction():
            disputes.undo_reversal(id_of(other), made.reference, "x", by=SOMEBODY, now=NOW)
        with transaction():
            asked = disputes.undo_reversal(id_of(reference), made.reference, "x", by=SOMEBODY, now=NOW)
        assert net(event) == 50_000
        assert [one.subject for one in disputes.remedies_of(id_of(reference))] == [asked.reference]

    def test_before_it_was_upheld_nothing_is_mended(self, alice, event):
        reference = disputed(alice, "wrong", About(commission=commission(event).id))
        with pytest.raises(rules.DisputeOpen), transaction():
            disputes.transfer_customer(id_of(reference), "x", by=SOMEBODY, now=NOW)

    def test_without_a_customer_nothing_is_mended(self, alice):
        reference = disputed(alice)
        decide(reference)
        with pytest.raises(rules.NothingToMend), transaction():
            disputes.attribute_customer(id_of(reference), by=SOMEBODY, now=NOW)

    def test_what_it_is_about_can_be_said_later(self, alice):
        signed = unattributed(days(-30), kind="company")
        reference = disputed(alice)
        decide(reference)
        with transaction():
            disputes.link(id_of(reference), About(customer=signed.customer), by=SOMEBODY, now=NOW)
        assert found(reference).customer_reference == signed.customer
        with transaction():
            disputes.attribute_customer(id_of(reference), by=SOMEBODY, now=NOW)

    def test_refusals_of_mending(self, alice, bob, event):
        own = disputed(alice, about=About(referral=commission(event).referral_reference))
        decide(own)
        with pytest.raises(AlreadyTheirs), transaction():
            disputes.transfer_customer(id_of(own), "x", by=SOMEBODY, now=NOW)
        with pytest.raises(AlreadyAttributed), transaction():
            disputes.attribute_customer(id_of(own), by=SOMEBODY, now=NOW)
        of_two = contested(alice, bob, days(-30))
        customer = scalar("select reference from customer where id = :id", id=of_two)
        carol = cast.agent(900_001)
        third = disputed(carol, about=About(customer=customer), by=SOMEBODY)
        decide(third)
        with pytest.raises(CaseOpen), transaction():
            disputes.transfer_customer(id_of(third), "x", by=SOMEBODY, now=NOW)
        signed = unattributed(kind="company")
        with transaction():
            agents.close(carol, by=SOMEBODY, now=NOW)
        with transaction():
            disputes.link(id_of(third), About(customer=signed.customer), by=SOMEBODY, now=NOW)
        with pytest.raises(CannotAttribute), transaction():
            disputes.attribute_customer(id_of(third), by=SOMEBODY, now=NOW)


def test_lists_by_urgency_and_by_who_took_them(alice, context):
    rule("missing", days=3)
    late = disputed(alice, now=days(5))
    rule("refused", days=1)
    soon = disputed(alice, "refused", now=days(5))
    olga = colleague("support")
    with transaction():
        disputes.take(id_of(late), by=olga, now=days(5))

    def listed(**filters):
        return [one.reference for one in disputes.search(**filters).first(9)]

    assert listed() == [soon, late]
    assert listed(assigned_to=olga.id) == [late]
    assert listed(due_by=days(6)) == [soon]
    decide(soon)
    assert (listed(state="open"), listed(state="decided")) == ([late], [soon])
