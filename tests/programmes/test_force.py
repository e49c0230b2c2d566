"""Which terms are in force at a moment, and who is pinned to which, whatever happens at once."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from erp.domain import programmes, referrals
from erp.jobs import programmes as jobs
from erp.kernel import audit
from erp.kernel.db import row, rows, scalar
from erp.kernel.errors import Invalid
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY, agent, at_once, code_of, programme, sign_up

SOON = NOW + dt.timedelta(hours=2)
INSTANT = dt.timedelta(microseconds=1)


@pytest.fixture
def first(context: None) -> UUID:
    """The terms that are in force."""
    return programme()


@pytest.fixture
def second(first: UUID) -> UUID:
    """A draft of the next."""
    return drafted(700)


def drafted(rate_bps: int) -> UUID:
    with transaction():
        tiers = [programmes.TierRow("New", 0, rate_bps)]
        id = scalar("select id from programme")
        return programmes.draft(id, programmes.TermsDraft(tiers), by=SOMEBODY, now=NOW)


def schedule(terms: UUID, begins: dt.datetime, now: dt.datetime = NOW) -> None:
    with transaction():
        programmes.schedule(terms, begins, reason="A new year", by=SOMEBODY, now=now)


def in_force(at: dt.datetime) -> UUID:
    id: UUID = programmes.active_terms("superapp", at).id
    return id


def states() -> list[str]:
    return [terms.state for terms in rows("select state from terms order by version")]


def come_into_force(now: dt.datetime) -> None:
    id = scalar("select id from programme")
    with transaction():
        programmes.come_into_force(id, by=jobs.BY, now=now)


def test_a_scheduled_version_is_in_force_from_its_moment_on_whoever_looks_when(
    first: UUID, second: UUID
) -> None:
    schedule(second, SOON)
    for _before_and_after_the_job in range(2):
        assert (in_force(SOON - INSTANT), in_force(SOON)) == (first, second)
        come_into_force(SOON + dt.timedelta(minutes=3))
    assert states() == ["retired", "active"]
    told = row(
        "select retired_at, (select effective_from from terms where version = 2) as begins from terms where version = 1"
    )
    assert told is not None
    assert (told.retired_at, told.begins) == (SOON, SOON)


def test_the_job_does_nothing_before_the_moment_and_nothing_twice(first: UUID, second: UUID) -> None:
    schedule(second, SOON)
    come_into_force(SOON - INSTANT)
    assert states() == ["active", "scheduled"]
    for _again in range(2):
        come_into_force(SOON)
    deeds = [deed.action for deed in audit.history("terms", second)]
    assert deeds == ["terms.drafted", "terms.scheduled", "terms.activated"]


def test_sign_ups_find_the_version_of_their_moment(first: UUID, second: UUID) -> None:
    code = code_of(agent(1))
    schedule(second, SOON)
    before = sign_up("before", kind="company", code=code, now=SOON - INSTANT)
    after = sign_up("after", kind="company", code=code, now=SOON)
    come_into_force(SOON)
    late = sign_up("late", kind="company", code=code, now=SOON + INSTANT, occurred_at=SOON - INSTANT)
    pinned = [referrals.find(one.referral or "").terms_id for one in (before, after, late)]
    assert pinned == [first, second, first]


def test_what_is_scheduled_becomes_a_draft_again_as_long_as_there_is_time(first: UUID, second: UUID) -> None:
    schedule(second, SOON)
    with pytest.raises(programmes.NotADraft), transaction():
        programmes.redraft(second, programmes.as_draft(second), seen=1, by=SOMEBODY, now=NOW)
    with pytest.raises(programmes.NotScheduled), transaction():
        programmes.unschedule(second, by=SOMEBODY, now=SOON - dt.timedelta(minutes=1))
    with transaction():
        programmes.unschedule(second, by=SOMEBODY, now=NOW)
    assert states() == ["active", "draft"]
    assert in_force(SOON) == first


def test_a_moment_too_near_or_taken_is_refused(first: UUID, second: UUID) -> None:
    for begins in (NOW - dt.timedelta(days=1), NOW + dt.timedelta(minutes=1)):
        with pytest.raises(Invalid) as refused:
            schedule(second, begins)
        assert "begins" in refused.value.fields
    schedule(second, SOON)
    with pytest.raises(Invalid):
        schedule(drafted(800), SOON)


def test_two_that_are_scheduled_follow_one_another(first: UUID, second: UUID) -> None:
    third = drafted(800)
    schedule(third, SOON + dt.timedelta(days=1))
    schedule(second, SOON)
    come_into_force(SOON + dt.timedelta(days=2))
    assert states() == ["retired", "retired", "active"]
    assert (in_force(SOON), in_force(SOON + dt.timedelta(days=1))) == (second, third)


def test_retired_terms_take_no_sign_ups_until_others_are_in_force(first: UUID, second: UUID) -> None:
    with transaction():
        programmes.retire(first, reason="A pause", by=SOMEBODY, now=NOW)
    with pytest.raises(programmes.NoActiveTerms):
        sign_up("late", kind="company", now=NOW)
    with pytest.raises(programmes.NotActive), transaction():
        programmes.retire(first, reason="Again", by=SOMEBODY, now=NOW)
    schedule(second, SOON)
    assert in_force(SOON) == second
    assert audit.history("terms", first)[-1].details["reason"] == "A pause"


def test_the_database_takes_nobodys_terms_off_the_schedule(
    first: UUID, second: UUID, superuser: psycopg.Connection
) -> None:
    schedule(second, SOON)
    sign_up("one", kind="company", code=code_of(agent(1)), now=SOON)
    with pytest.raises(psycopg.errors.RestrictViolation):
        superuser.execute("update terms set state = 'draft', effective_from = null where version = 2")
    with pytest.raises(psycopg.errors.RestrictViolation):
        superuser.execute("update terms set effective_from = now() where version = 2")


def test_sign_ups_and_an_activation_at_once_agree_on_what_is_in_force(
    app: Flask, first: UUID, second: UUID
) -> None:
    """Every sign-up before the version begins is pinned to the old one, every other to the new; none is lost."""
    code = code_of(agent(1))

    def deed(number: int) -> None:
        now = NOW + dt.timedelta(milliseconds=number)
        if number == 6:
            programmes.activate(second, by=SOMEBODY, now=now)
            return
        given = referrals.SignUp(external_id=f"shop-{number}", kind="company", code=code)
        referrals.sign_up(given, by=SOMEBODY, now=now)

    assert at_once(app, deed, list(range(12))) == [None] * 12
    begins = scalar("select effective_from from terms where version = 2")
    pinned = rows("select terms_id, registered_at from referral")
    assert len(pinned) == 11
    for referral in pinned:
        assert referral.terms_id == (second if referral.registered_at >= begins else first)
