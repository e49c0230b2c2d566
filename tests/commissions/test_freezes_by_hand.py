"""People freeze and let go by hand; each freeze says who decides by when, and the deadline is kept."""

import datetime as dt

import pytest

from erp.domain import commissions, payouts, staff
from erp.domain.commissions import refusals
from erp.domain.payouts.refusals import BalanceChanged
from erp.kernel import audit, clock
from erp.kernel.actor import Actor
from erp.kernel.db import rows
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.transaction import release, transaction
from tests.support.cast import NOW, SOMEBODY, live_in
from tests.support.earnings import (
    FEDOR,
    FILIPP,
    LATER,
    balance,
    commission,
    contested,
    customer_of,
    days,
    decide,
    lines,
    look,
    mature,
    paid,
    pay_out,
    refunded,
)


@pytest.fixture
def shop(alice):
    return customer_of(alice, days(-30), connected=False)


def freeze(event=None, **whose):
    """By the clock of the database, which knows when a deadline has passed."""
    if event is not None:
        whose["commission_id"] = commission(event).id
    with transaction():
        return commissions.freeze("suspicion", "Look at it", by=SOMEBODY, now=clock.now(), **whose)


def let_go(event, *, by=SOMEBODY, now=NOW):
    (*_, last) = freezes(event)
    with transaction():
        commissions.release(last.id, "All is well", by=by, now=now)


def freezes(event):
    found = commissions.freezes_of(commission(event).id)
    release()
    return found


def rule(outcome, *, of="by_hand", role="manager", days=14):
    with transaction():
        commissions.change_freeze_rule(of, role=role, days=days, outcome=outcome, by=SOMEBODY, now=NOW)


def carry_out(after=365.0):
    """What is due so many days from now."""
    now = clock.now() + dt.timedelta(days=after)
    with transaction():
        return commissions.carry_out_due(by=SOMEBODY, now=now)


def colleague(role):
    with transaction():
        return Actor.staff(
            staff.add(
                f"{role}@example.test", role.title(), "correct horse battery", [role], by=SOMEBODY, now=NOW
            )
        )


class TestByHand:
    def test_what_is_on_hold_is_frozen_and_goes_back_to_its_hold(self, alice, shop):
        event = paid(shop, 100_000)
        assert freeze(event) == 1
        assert (balance(alice), commission(event).state) == ({"frozen": 5_000}, "frozen")
        assert mature(LATER) == 0
        let_go(event)
        assert (balance(alice), commission(event).state) == ({"pending": 5_000}, "on_hold")
        assert mature(LATER) == 1

    def test_what_is_available_is_frozen_and_goes_back_to_be_available(self, alice, shop):
        event = paid(shop, 100_000)
        mature(LATER)
        freeze(event)
        assert (balance(alice), commission(event).state) == ({"frozen": 5_000}, "frozen")
        let_go(event)
        assert (balance(alice), commission(event).state) == ({"available": 5_000}, "available")

    def test_it_names_rule_evidence_role_deadline_and_what_happens_otherwise(self, alice, shop):
        event = paid(shop, 100_000)
        freeze(event)
        (found,) = freezes(event)
        assert (found.rule, found.code, found.note) == ("by_hand", "suspicion", "Look at it")
        assert (found.role, found.due_at - found.frozen_at, found.outcome) == (
            "manager",
            dt.timedelta(days=14),
            "release",
        )
        assert found.evidence == {"payment": commission(event).source_id, "amount": 5_000, "currency": "RUB"}
        (deed,) = [
            d for d in audit.history("commission", commission(event).id) if d.action == "commission.frozen"
        ]
        assert deed.details == {"code": "suspicion", "note": "Look at it"}

    def test_a_day_to_decide_in_is_24_hours_in_whatever_zone_the_database_lives(
        self, alice, shop, database, superuser
    ):
        live_in("America/New_York", database, superuser)
        event = paid(shop, 100_000)
        id = commission(event).id
        with transaction():
            commissions.freeze("suspicion", "Look at it", by=SOMEBODY, now=NOW, commission_id=id)
        (found,) = freezes(event)
        assert found.due_at == days(14), "and clocks go forward on the sixth of them"
        let_go(event)

    def test_it_can_be_frozen_again_after_it_was_let_go(self, alice, shop):
        event = paid(shop, 100_000)
        freeze(event)
        let_go(event)
        freeze(event)
        assert [found.state for found in freezes(event)] == ["released", "frozen"]
        assert balance(alice) == {"frozen": 5_000}

    def test_a_refund_takes_from_what_is_frozen_wherever_it_came_from(self, alice, shop):
        held, matured = paid(shop, 100_000), paid(shop, 60_000, days(-20))
        mature(NOW)
        for event in (held, matured):
            freeze(event)
            refunded(event, 20_000)
        assert balance(alice) == {"frozen": 4_000 + 2_000}
        let_go(held), let_go(matured)
        assert balance(alice) == {"pending": 4_000, "available": 2_000}

    def test_all_lines_of_an_agent_but_those_of_others_and_those_paid_out(self, alice, bob, shop):
        other = paid(customer_of(bob, days(-30)), 1_000_000)
        paid_out = paid(shop, 1_000_000)
        mature(LATER), pay_out(alice)
        paid(shop, 20_000), paid(shop, 40_000)
        assert freeze(agent_id=alice) == 2
        assert balance(alice) == {"frozen": 3_000}
        assert (commission(paid_out).state, commission(other).state) == ("paid_out", "available")
        with transaction():
            assert commissions.release_by_hand("mistake", "A test", agent_id=alice, by=SOMEBODY, now=NOW) == 2
        assert balance(alice) == {"pending": 3_000}

    def test_all_lines_of_a_referral(self, alice, shop):
        other = paid(customer_of(alice, days(-30), connected=False), 20_000)
        event = paid(shop, 100_000)
        assert freeze(referral_id=commission(event).referral_id) == 1
        assert (commission(event).state, commission(other).state) == ("frozen", "on_hold")

    def test_a_frozen_line_is_in_no_payout(self, alice, shop):
        paid(shop, 1_000_000)
        event = paid(shop, 60_000)
        mature(LATER)
        freeze(event)
        pay_out(alice)
        assert balance(alice) == {"frozen": 3_000}

    def test_a_draft_that_holds_it_is_not_approved(self, alice, shop):
        event = paid(shop, 1_000_000)
        mature(LATER)
        with transaction():
            run = payouts.prepare_run("RUB", agent_ids=[alice], by=FEDOR, now=LATER)
        freeze(event)
        paid(shop, 3_000_000)
        mature(LATER)
        with pytest.raises(BalanceChanged), transaction():
            payouts.approve_run(run, by=FILIPP, now=LATER)


class TestRefused:
    def test_twice(self, alice, shop):
        event = paid(shop, 100_000)
        freeze(event)
        with pytest.raises(refusals.AlreadyFrozen):
            freeze(event)

    def test_what_was_paid_out(self, alice, shop):
        event = paid(shop, 1_000_000)
        mature(LATER), pay_out(alice)
        with pytest.raises(refusals.PaidOutAlready):
            freeze(event)
        with pytest.raises(refusals.NothingToFreeze):
            freeze(agent_id=alice)

    def test_what_was_taken_back(self, alice, shop):
        event = paid(shop, 100_000)
        refunded(event, 100_000)
        with pytest.raises(refusals.NothingLeft):
            freeze(event)

    def test_a_line_that_is_not_there(self, alice):
        with pytest.raises(NotFound):
            freeze(commission_id=10**9)

    def test_without_a_reason(self, alice, shop):
        event = paid(shop, 100_000)
        with pytest.raises(Invalid) as refusal, transaction():
            commissions.freeze("whim", " ", commission_id=commission(event).id, by=SOMEBODY, now=NOW)
        assert refusal.value.fields.keys() == {"code", "note"}

    def test_letting_go_twice(self, alice, shop):
        event = paid(shop, 100_000)
        freeze(event)
        let_go(event)
        with pytest.raises(refusals.NotFrozen):
            let_go(event)

    def test_letting_go_before_the_case_is_decided(self, alice, bob):
        event = paid(contested(alice, bob, days(-30)), 100_000)
        with pytest.raises(refusals.DecideTheCase):
            let_go(event)

    def test_letting_go_by_another_role_than_the_one_that_decides(self, alice, shop):
        rule("release", role="finance")
        event = paid(shop, 100_000)
        freeze(event)
        with pytest.raises(refusals.NotTheirDecision):
            let_go(event, by=colleague("manager"))
        let_go(event, by=colleague("finance"))
        assert balance(alice) == {"pending": 5_000}


class TestDeadline:
    @pytest.fixture
    def frozen(self, alice, shop):
        """A line on hold and one that was available, with the deadline to come."""

        def begin(outcome):
            rule(outcome)
            held, matured = paid(shop, 100_000), paid(shop, 60_000, days(-20))
            mature(NOW)
            freeze(held), freeze(matured)
            return held, matured

        return begin

    def test_until_then_nothing_happens(self, alice, frozen):
        frozen("release")
        assert carry_out(13.9) == 0
        assert balance(alice) == {"frozen": 8_000}

    def test_let_go(self, alice, frozen):
        frozen("release")
        assert carry_out(14.1) == 2
        assert balance(alice) == {"pending": 5_000, "available": 3_000}

    def test_taken_back_for_good(self, alice, frozen):
        held, matured = frozen("take_back")
        assert carry_out() == 2
        assert balance(alice) == {}
        assert [commission(event).state for event in (held, matured)] == ["forfeited", "forfeited"]
        refunded(matured, 10_000)
        assert (lines(matured)[1:], balance(alice)) == ([("reversal", -500)], {})

    def test_it_stays_frozen(self, alice, frozen):
        frozen("stay")
        assert carry_out() == 0
        assert balance(alice) == {"frozen": 8_000}

    def test_carried_out_once(self, alice, frozen):
        frozen("release")
        carry_out()
        assert carry_out() == 0
        assert look("select count(*) from release") == 2

    def test_told_in_the_history_as_the_deed_of_the_system(self, alice, frozen):
        held, _ = frozen("release")
        carry_out()
        (deed,) = [
            d for d in audit.history("commission", commission(held).id) if d.action == "commission.released"
        ]
        assert deed.details == {"reason": "by_hand", "code": "deadline"}
        assert deed.actor_kind == "system"

    def test_what_the_owner_chooses_later_counts_for_later_freezes_alone(self, alice, shop, frozen):
        frozen("stay")
        rule("release", days=3)
        event = paid(shop, 20_000)
        freeze(event)
        assert carry_out(3.1) == 1
        assert balance(alice) == {"frozen": 8_000, "pending": 1_000}

    def test_of_a_rule_that_freezes_by_itself(self, alice, bob):
        rule("release", of="attribution_case", days=10)
        shop = contested(alice, bob, days(-30))
        paid(shop, 100_000)
        assert carry_out(9.9) == 0
        assert carry_out(10.1) == 1
        assert balance(alice) == {"pending": 5_000}
        decide(shop, "transfer")
        assert (balance(alice), balance(bob)) == ({}, {"pending": 5_000})


class TestOwnersChoice:
    def test_it_is_written_down(self, context):
        rule("stay", role="finance", days=30)
        (deed,) = audit.history("freeze_rule", "by_hand")
        assert deed.details["before"] == {"role": "manager", "days": 14, "outcome": "release"}
        assert deed.details["after"] == {"role": "finance", "days": 30, "outcome": "stay"}

    def test_what_cannot_be_chosen(self, context):
        for chosen in ({"role": "support"}, {"days": 0}, {"days": 366}, {"outcome": "take_back"}):
            given = {"role": "manager", "days": 14, "outcome": "stay", **chosen}
            with pytest.raises(Invalid) as refusal, transaction():
                commissions.change_freeze_rule("attribution_case", **given, by=SOMEBODY, now=NOW)
            assert refusal.value.fields.keys() == chosen.keys()
        with pytest.raises(NotFound), transaction():
            commissions.change_freeze_rule(
                "mood", role="manager", days=1, outcome="stay", by=SOMEBODY, now=NOW
            )

    def test_every_rule_has_one(self, context):
        assert [found.rule for found in commissions.freeze_rules()] == list(commissions.FREEZE_OUTCOMES)
        assert len(rows("select * from freeze_rule")) == 4
