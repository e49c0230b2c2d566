"""A referral follows other terms from a date on, decided before: what is earned follows from the event's own moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from uuid import UUID

import pytest

from erp.domain import commissions, referrals
from erp.domain.commissions import engine
from erp.domain.referrals import Moving, TooSoonToMove
from erp.kernel.db import execute
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import (
    accrue,
    agent,
    balance,
    broken,
    commission,
    contested,
    customer_of,
    days,
    decide,
    decided,
    lines,
    look,
    move,
    net,
    new_terms,
    paid,
    payment,
    programme,
    refunded,
)


@pytest.fixture
def superapp(context: None) -> Iterator[UUID]:
    """10 % of every payment."""
    yield programme((0, 1_000))
    assert broken() == []


@pytest.fixture
def alice(superapp: UUID) -> UUID:
    return agent()


@pytest.fixture
def shop(alice: UUID) -> UUID:
    return customer_of(alice, days(-20))


@pytest.fixture
def better(superapp: UUID, shop: UUID) -> UUID:
    """20 %, for those who sign up from ten days ago on."""
    return new_terms(superapp, (0, 2_000), at=days(-10))


def test_what_happens_before_the_date_earns_by_the_old_terms_and_after_it_by_the_new(
    shop: UUID, better: UUID
) -> None:
    move(shop, better, days(5))
    earned = [net(paid(shop, 10_000, days(day))) for day in (4, 5, 6)]
    assert earned == [1_000, 2_000, 2_000]


def test_a_fact_that_arrives_late_earns_by_the_terms_of_its_own_moment(shop: UUID, better: UUID) -> None:
    move(shop, better, days(-5))
    assert net(paid(shop, 10_000, days(0))) == 2_000
    assert net(paid(shop, 10_000, days(-6))) == 1_000


def test_a_refund_follows_the_terms_of_its_payment(shop: UUID, better: UUID) -> None:
    move(shop, better, days(-5))
    event = paid(shop, 10_000, days(-6))
    refunded(event, 5_000, days(-1))
    assert lines(event) == [("accrual", 1_000), ("reversal", -500)]


def test_telling_everything_again_changes_nothing(shop: UUID, better: UUID) -> None:
    move(shop, better, days(-5))
    events = [payment(shop, 10_000, days(day)) for day in (-6, -4)]
    assert accrue(*events) == 2
    assert accrue(*reversed(events)) == 0


def test_the_short_text_declines_only_what_was_moved(
    shop: UUID, better: UUID, alice: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = customer_of(alice, days(-15))
    move(shop, better, days(-5))
    before, event = paid(other, 10_000, days(-4)), payment(shop, 10_000, days(-4))
    with monkeypatch.context() as patched:
        patched.setattr(engine, "BOOK", "select 1 / 0")
        assert accrue(before) == 0
        with pytest.raises(Exception, match="division by zero"):
            accrue(event)
    assert accrue(event) == 1


def test_a_referral_that_goes_to_another_agent_keeps_the_date(better: UUID, alice: UUID) -> None:
    bob = agent()
    customer = contested(alice, bob, days(-9))
    old = look("select terms_id from referral where customer_id = :id", id=customer)
    assert old == better
    worse = new_terms(look("select programme_id from terms where id = :id", id=better), (0, 500), at=days(-8))
    move(customer, worse, days(-5))
    before, after = paid(customer, 10_000, days(-6)), paid(customer, 10_000, days(-4))
    decide(customer, "transfer")
    assert [net(event, bob) for event in (before, after)] == [2_000, 500]
    assert [net(event, alice) for event in (before, after)] == [0, 0]
    assert balance(alice) == {}


def test_the_past_does_not_change(shop: UUID, better: UUID) -> None:
    for from_at in (days(-1), NOW, NOW + dt.timedelta(minutes=5)):
        with pytest.raises(TooSoonToMove):
            _move(shop, better, from_at)


def test_one_change_waits_at_a_time(shop: UUID, better: UUID) -> None:
    first = _move(shop, better, days(20))
    with pytest.raises(Moving):
        _move(shop, better, days(30))
    with transaction():
        referrals.stay(first, by=SOMEBODY, now=NOW)
    _move(shop, better, days(10))
    assert net(paid(shop, 10_000, days(25))) == 2_000


def test_what_has_begun_is_not_called_off(shop: UUID, better: UUID) -> None:
    move_id = _move(shop, better, days(5))
    with pytest.raises(TooSoonToMove), transaction():
        referrals.stay(move_id, by=SOMEBODY, now=days(5))


@pytest.mark.parametrize(
    "sql", ["update referral_terms set from_at = from_at + interval '1 day'", "delete from referral_terms"]
)
def test_what_is_decided_is_never_rewritten(shop: UUID, better: UUID, sql: str) -> None:
    move(shop, better, days(5))
    with pytest.raises(Exception, match="permission denied"), transaction():
        execute(sql)


def _move(customer_id: UUID, terms_id: UUID, from_at: dt.datetime) -> UUID:
    referral_id = look("select id from referral where customer_id = :id", id=customer_id)
    with transaction():
        rerate_id = decided(terms_id, from_at, NOW)
        referrals.move(
            [referral_id], terms_id, from_at, rerate_id=rerate_id, code="agreed", by=SOMEBODY, now=NOW
        )
    return rerate_id


def test_the_explanation_says_since_when_and_why(shop: UUID, better: UUID) -> None:
    move(shop, better, days(-5))
    told = {
        day: [
            sentence.plain() for sentence in commissions.explain(commission(paid(shop, 10_000, days(day))).id)
        ]
        for day in (-6, -4)
    }
    assert any("pinned to version 1" in sentence for sentence in told[-6])
    assert any(
        "moved to version 2" in sentence and "it was agreed with the agent" in sentence
        for sentence in told[-4]
    )
