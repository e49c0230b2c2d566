"""Saved back-tests stand side by side only if they looked at the same thing, and are refused in words if not."""

import datetime as dt

import pytest

from erp.domain import backtests
from erp.kernel.db import db
from erp.kernel.errors import NotFound
from erp.kernel.span import Span
from erp.kernel.transaction import transaction
from tests.backtests.conftest import run
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import customer_of, days, paid, programme

JUNE = Span(days(-30), days(-1))


@pytest.fixture
def history(superapp, alice):
    paid(customer_of(alice, days(-40)), 100_000, days(-20))


def replayed(asked, *versions, **about):
    reference = asked(*versions, **about)
    run(reference)
    return reference


def compare(*references):
    try:
        return [test.reference for test in backtests.compared(references)]
    finally:
        db.session.rollback()


def test_those_of_one_programme_and_period_are_compared_each_once(history, asked):
    one, other = replayed(asked, 1, span=JUNE), replayed(asked, 1, span=JUNE)
    assert compare(other, one, other) == [other, one]


def test_another_period_is_refused_and_both_are_named(history, asked):
    one = replayed(asked, 1, span=JUNE)
    for span in (
        Span(JUNE.since, None),
        Span(None, JUNE.before),
        Span(JUNE.since, JUNE.before - dt.timedelta(1)),
    ):
        other = replayed(asked, 1, span=span)
        with pytest.raises(backtests.PeriodsDiffer, match=f"{one} and {other} count different periods"):
            compare(one, other)


def test_one_or_five_or_a_stranger_are_refused(history, asked):
    five = [replayed(asked, 1) for _ in range(5)]
    for chosen in ([], five[:1], [five[0]] * 3, five):
        with pytest.raises(backtests.ChooseSome):
            compare(*chosen)
    with pytest.raises(NotFound):
        compare(five[0], "BKT-NOSUCH")
    assert compare(*five[:4]) == five[:4]


def test_what_was_not_replayed_to_its_end_is_refused(history, asked):
    one, waiting, cancelled = replayed(asked, 1), asked(1), asked(1)
    with transaction():
        backtests.cancel(cancelled, by=SOMEBODY, now=NOW)
    for other in (waiting, cancelled):
        with pytest.raises(backtests.NotDone, match=other):
            compare(one, other)


def test_another_programme_is_refused(history, asked):
    one = replayed(asked, 1)
    second = programme((0, 500), key="other")
    with transaction():
        other = backtests.ask(second, [1], by=SOMEBODY, now=NOW)
    run(other)
    with pytest.raises(backtests.ProgrammesDiffer):
        compare(one, other)
