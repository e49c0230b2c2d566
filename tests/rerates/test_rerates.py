"""One person proposes to move referrals, another decides; agents are told ahead, and nothing earned changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from erp.domain import notices, programmes, referrals, rerates
from erp.domain.programmes import TermsDraft, TierRow
from erp.domain.referrals import Moving, TooSoonToMove
from erp.kernel import audit
from erp.kernel.db import db, execute
from erp.kernel.errors import DomainError, Invalid, NotFound, SamePerson
from erp.kernel.transaction import transaction
from tests.rerates.conftest import DAY, Proposed, count, referral_of
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import (
    FEDOR,
    FILIPP,
    agent,
    contested,
    customer_of,
    days,
    decide,
    look,
    net,
    new_terms,
    paid,
    programme,
    refunded,
)


def approve(reference: str, *, now: object = NOW, by: object = FILIPP) -> None:
    with transaction():
        rerates.approve(reference, by=by, now=now)  # type: ignore[arg-type]


def test_what_happens_after_the_day_earns_under_the_new_terms(shop: UUID, proposed: Proposed) -> None:
    approve(proposed())
    assert [net(paid(shop, 10_000, days(day))) for day in (0, 19, 21)] == [1_000, 1_000, 2_000]


def test_the_day_begins_by_the_calendar_of_the_programme(proposed: Proposed) -> None:
    from_at = rerates.find(proposed()).from_at
    db.session.rollback()
    assert from_at.astimezone(ZoneInfo("Europe/Moscow")).replace(tzinfo=None) == datetime.combine(DAY, time())


def test_nobody_approves_their_own(shop: UUID, proposed: Proposed) -> None:
    reference = proposed()
    for deed in (rerates.approve, lambda *given, **by: rerates.refuse(given[0], "no", **by)):
        with pytest.raises(SamePerson), transaction():
            deed(reference, by=FEDOR, now=NOW)
    assert net(paid(shop, 10_000, days(21))) == 1_000


def test_nobody_approves_what_is_not_counted(proposed: Proposed) -> None:
    with pytest.raises(rerates.NotCounted):
        approve(proposed(counted=False))


def test_agents_are_told_ahead(proposed: Proposed) -> None:
    with pytest.raises(Invalid) as refusal:
        proposed(day=days(14).date())
    assert set(refusal.value.fields) == {"day"}
    with pytest.raises(rerates.TooLateToTell):
        approve(proposed(), now=days(7))


def test_the_notice_is_the_owners_choice(superapp: UUID, proposed: Proposed) -> None:
    with transaction():
        programmes.change_notice(superapp, 3, by=FEDOR, now=NOW)
    approve(proposed(day=days(5).date()))
    for wrong in (0, 366):
        with pytest.raises(Invalid), transaction():
            programmes.change_notice(superapp, wrong, by=FEDOR, now=NOW)


def test_a_reason_and_a_note_are_needed(proposed: Proposed) -> None:
    with pytest.raises(Invalid) as refusal:
        proposed(code="nonsense", note=" ")
    assert set(refusal.value.fields) == {"code", "note"}


def test_referrals_move_only_to_what_is_in_force_and_only_those_that_do_not_follow_it(
    superapp: UUID, better: UUID, alice: UUID, proposed: Proposed
) -> None:
    customer_of(alice, days(-5))
    assert rerates.find(proposed()).referrals == 1
    with pytest.raises(rerates.NothingToMove):
        proposed(terms_id=better)
    with transaction():
        programmes.retire(better, reason="a test", by=FEDOR, now=NOW)
    with pytest.raises(rerates.TermsNotInForce):
        proposed()


def test_terms_that_were_retired_meanwhile_are_refused(better: UUID, proposed: Proposed) -> None:
    reference = proposed()
    with transaction():
        programmes.retire(better, reason="a test", by=FEDOR, now=NOW)
    with pytest.raises(rerates.TermsNotInForce):
        approve(reference)


def test_referrals_of_another_programme_are_not_taken(superapp: UUID, proposed: Proposed) -> None:
    programme((0, 500), key="crm")
    other = customer_of(agent(), days(-5), programme="crm")
    with pytest.raises(rerates.NothingToMove):
        proposed(referral_ids=[referral_of(other)])
    both = [look("select id from referral where programme_id = :id limit 1", id=superapp), referral_of(other)]
    with pytest.raises(rerates.SeveralProgrammes):
        rerates.programme_of(both)
    db.session.rollback()
    with pytest.raises(NotFound):
        rerates.programme_of([uuid4()])
    db.session.rollback()


def test_of_an_agent_only_theirs_move(shop: UUID, better: UUID, proposed: Proposed) -> None:
    bob = agent()
    theirs = customer_of(bob, days(-19))
    approve(proposed(agent_id=bob))
    assert [net(paid(customer, 10_000, days(21))) for customer in (shop, theirs)] == [1_000, 2_000]


def test_two_that_overlap_are_not_both_approved(proposed: Proposed) -> None:
    first, second = proposed(), proposed()
    approve(first)
    with pytest.raises(Moving):
        approve(second)
    assert rerates.find(second).state == "proposed"
    db.session.rollback()
    with pytest.raises(rerates.NothingToMove):
        proposed()


def test_what_was_counted_under_other_terms_is_overtaken(
    superapp: UUID, shop: UUID, proposed: Proposed
) -> None:
    first = proposed(day=days(18).date())
    late = proposed(day=days(60).date())
    approve(first)
    with pytest.raises(rerates.Overtaken):
        approve(late, now=days(30))


def test_a_withdrawn_one_never_comes_and_its_agents_are_told_so(shop: UUID, proposed: Proposed) -> None:
    reference = proposed()
    approve(reference)
    with transaction():
        rerates.withdraw(reference, by=FEDOR, now=NOW)
    assert net(paid(shop, 10_000, days(21))) == 1_000
    kinds = [
        kind for (kind,) in execute("select kind from notice where rerate_id is not null order by id").all()
    ]
    db.session.rollback()
    assert kinds == ["rerate", "rerate_off"]
    approve(proposed(day=days(30).date()))
    assert net(paid(shop, 10_000, days(31))) == 2_000


def test_what_has_begun_is_not_withdrawn(proposed: Proposed) -> None:
    reference = proposed()
    approve(reference)
    with pytest.raises(TooSoonToMove), transaction():
        rerates.withdraw(reference, by=FEDOR, now=days(20))


def test_what_is_decided_is_decided(proposed: Proposed) -> None:
    reference = proposed()
    with transaction():
        rerates.refuse(reference, "not now", by=FILIPP, now=NOW)
    for deed in (rerates.approve, rerates.withdraw):
        with pytest.raises(rerates.RerateEnded), transaction():
            deed(reference, by=FILIPP, now=NOW)


def test_of_two_approvals_at_once_one_counts(app: Flask, proposed: Proposed) -> None:
    assert both_approved(app, [proposed()] * 2) == ["done", "rerate_ended"]
    assert look("select count(*) from referral_terms") == 1


def test_of_two_overlapping_approvals_at_once_one_counts(app: Flask, proposed: Proposed) -> None:
    assert both_approved(app, [proposed(), proposed()]) == ["done", "referral_moving"]
    assert look("select count(*) from referral_terms") == 1


def both_approved(app: Flask, references: list[str]) -> list[str]:
    """How two approvals at the same time end."""

    def one(reference: str) -> str:
        with app.app_context():
            try:
                approve(reference)
            except DomainError as refusal:
                return refusal.code
            finally:
                db.session.remove()
            return "done"

    with ThreadPoolExecutor(2) as both:
        return sorted(both.map(one, references))


def test_a_referral_that_changed_hands_keeps_its_day_and_the_new_agent_is_told(
    superapp: UUID, better: UUID, alice: UUID, proposed: Proposed
) -> None:
    bob = agent()
    customer = contested(alice, bob, days(-19))
    reference = proposed(referral_ids=[referral_of(customer)])
    decide(customer, "transfer")
    approve(reference)
    assert look("select string_agg(agent_id::text, ',') from notice where kind = 'rerate'") == str(bob)
    assert net(paid(customer, 10_000, days(21)), bob) == 2_000


def test_the_preview_says_who_wins_and_who_loses(superapp: UUID, shop: UUID, proposed: Proposed) -> None:
    bob = agent()
    refunded(paid(shop, 10_000, days(-15)), 5_000, days(-14))
    paid(customer_of(bob, days(-3)), 10_000, days(-2))
    paid(customer_of(bob, days(-18)), 20_000, days(-17))
    reference = proposed()
    told = {
        row.agent_id: (row.referrals, row.earned, row.would_earn, row.elsewhere, row.difference)
        for row in rerates.agents(rerates.find(reference).id).first(10)
    }
    assert told == {
        look("select agent_id from referral_share where referral_id = :id", id=referral_of(shop)): (
            1,
            500,
            1_000,
            0,
            500,
        ),
        bob: (1, 2_000, 4_000, 0, 2_000),
    }
    totals = rerates.totals(rerates.find(reference).id)
    assert (totals.winners, totals.losers, totals.same, totals.won, totals.lost) == (2, 0, 0, 2_500, 0)
    db.session.rollback()


def test_what_others_lose_to_a_shared_cap_is_counted_elsewhere(context: None) -> None:
    capped = programme((0, 1_000), key="capped", monthly_cap=1_500)
    who = agent()
    old = customer_of(who, days(-20), programme="capped")
    new_terms(capped, (0, 1_000), at=days(-10), monthly_cap=1_500)
    new = customer_of(who, days(-5), programme="capped")
    paid(old, 10_000, days(0))
    paid(new, 10_000, days(0.1))
    with transaction():
        reference = rerates.propose(
            rerates.Choice(capped), DAY, code="agreed", note="a test", by=FEDOR, now=days(1)
        )
    count(reference)
    (row,) = rerates.agents(rerates.find(reference).id).first(2)
    db.session.rollback()
    assert (row.earned, row.would_earn, row.elsewhere, row.difference) == (1_000, 1_000, -500, -500)


def test_every_agent_is_told_once_in_their_language(proposed: Proposed, alice: UUID) -> None:
    with transaction():
        execute("update agent set language = 'ru' where id = :id", id=alice)
        audit.record("agent.language_set", "agent", alice, by=SOMEBODY, at=NOW)
    approve(proposed())
    notice = look("select id from notice where kind = 'rerate'")
    text = notices.text_to_send(notice)
    assert text is not None
    assert text.language == "ru"
    db.session.rollback()
    with transaction():
        notices.record_told(notice, now=NOW)
    assert notices.text_to_send(notice) is None
    db.session.rollback()
    rerate_id = look("select id from rerate")
    with transaction():
        assert notices.announce_rerate(rerate_id, now=NOW) == 0


def test_a_new_version_is_announced_once_to_those_who_have_customers(
    superapp: UUID, better: UUID, alice: UUID
) -> None:
    agent()
    with transaction():
        assert notices.announce_terms(better, now=NOW) == 1
        assert notices.announce_terms(better, now=NOW) == 0
    assert look("select agent_id from notice where kind = 'terms'") == alice
    told = notices.told_of(better)
    assert (told.announced, told.told) == (1, 0)
    db.session.rollback()


def test_a_version_that_is_not_scheduled_any_more_is_called_off(superapp: UUID, better: UUID) -> None:
    with transaction():
        id = programmes.draft(superapp, TermsDraft([TierRow("Only", 0, 100)]), by=FEDOR, now=NOW)
        programmes.schedule(id, days(10), by=FEDOR, now=NOW)
    with transaction():
        assert notices.announce_terms(id, now=NOW) == 1
        programmes.unschedule(id, by=FEDOR, now=NOW)
    with transaction():
        assert notices.call_off_terms(id, now=NOW) == 1
        assert notices.announce_terms(id, now=NOW) == 0


def test_the_history_of_a_referral_shows_its_moves(shop: UUID, proposed: Proposed) -> None:
    approve(proposed())
    (told,) = rerates.of_referral(referral_of(shop))
    assert (told.state, told.old_version, told.version) == ("approved", 1, 2)
    (coming,) = referrals.coming([referral_of(shop)], NOW)
    assert coming.code == "agreed"
    db.session.rollback()
