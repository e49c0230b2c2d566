"""Names, amounts and states, without a database."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.domain.payouts import rules
from erp.domain.payouts.rules import ENDED, MOVES, LeftOut, State


@pytest.mark.parametrize(
    ("short", "verified"),
    [
        ("Иван Иванович И.", "Иванов Иван Иванович"),
        ("Иван Иванович И.", "иван иванович ИВАНОВ"),
        ("Иван Иванович И.", "Иванов Иван"),
        ("Иван И.", "Иванов Иван Иванович"),
        ("Алёна Петровна Щ", "Щукина Алена Петровна"),
        ("Алена Петровна Щ.", "Щукина Алёна Петровна"),
        ("Анна-Мария Ивановна П.", "Петрова Анна-Мария Ивановна"),
        ("John S.", "John Smith"),
    ],
)
def test_the_same_person_is_recognised(short, verified):
    assert rules.names_match(short, verified)


@pytest.mark.parametrize(
    ("short", "verified"),
    [
        ("Пётр Иванович И.", "Иванов Иван Иванович"),
        ("Иван Петрович И.", "Иванов Иван Иванович"),
        ("Иван Иванович П.", "Иванов Иван Иванович"),
        ("Иван Иванович И.", "Иван"),
        ("Иван Иванович И.", ""),
        ("И.", "Иванов Иван Иванович"),
        ("", "Иванов Иван Иванович"),
        ("Тест Тестович Т.", "Иванов Иван Иванович"),
    ],
)
def test_somebody_else_is_not(short, verified):
    assert not rules.names_match(short, verified)


def test_a_surname_that_begins_like_the_first_name_is_not_counted_twice():
    assert not rules.names_match("Иван И.", "Иван Петров")


OPENS = st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 10_000)), max_size=8)


@given(amount=st.integers(0, 50_000), opens=OPENS)
def test_lines_sum_to_the_amount_and_none_pays_more_than_is_open(amount, opens):
    lines = rules.fill(amount, opens)
    assert sum(part for _, part in lines) == min(amount, sum(open_amount for _, open_amount in opens))
    assert all(0 < part <= open_amount for (_, part), (_, open_amount) in zip(lines, opens, strict=False))


def test_the_oldest_commission_is_paid_first_and_the_last_in_part():
    assert rules.fill(250, [(7, 100), (8, 200), (9, 300)]) == [(7, 100), (8, 150)]


def test_every_state_has_its_row_in_the_table():
    assert MOVES.keys() == set(State)


def test_money_with_the_bank_is_never_sent_again_by_the_table():
    assert State.PAYING not in MOVES[State.CHECKING]
    assert State.CHECKED not in MOVES[State.UNKNOWN]
    assert State.CHECKING not in MOVES[State.PAYING] | MOVES[State.UNKNOWN]
    assert {before for before in State if State.PAYING in MOVES[before]} == {State.CHECKED, State.UNKNOWN}


def test_what_ended_moves_only_by_a_person():
    assert {state: MOVES[state] for state in ENDED} == {
        State.PAID: {State.RETURNED},
        State.FAILED: {State.APPROVED},
        State.RETURNED: frozenset(),
        State.WITHDRAWN: frozenset(),
    }


def test_a_check_is_not_relied_on_until_the_last_second():
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert rules.pay_until(moment) == moment + dt.timedelta(seconds=150)


def test_the_bank_is_asked_ever_more_rarely():
    assert [rules.ask_again_after(times) for times in (0, 1, 2, 8, 100)] == [2, 4, 8, 300, 300]


ANYBODY = {"kind": "person", "may_be_paid": True, "has_name": True, "has_bank": True}
FINE = {
    "payout_open": False,
    "available": 50_000,
    "payable": 50_000,
    "minimum": 10_000,
}


@pytest.mark.parametrize(
    ("but", "reason"),
    [
        ({}, None),
        ({"payable": 10_000}, None),
        ({"payable": 9_999}, LeftOut.BELOW_MINIMUM),
        ({"payable": 0}, LeftOut.NOTHING_OPEN),
        ({"available": -1, "payable": 0}, LeftOut.IN_DEBT),
        ({"may_be_paid": False}, LeftOut.NOT_ACTIVE),
        ({"kind": "sales_rep"}, LeftOut.NOT_BY_BANK),
        ({"has_name": False}, LeftOut.NO_NAME),
        ({"has_bank": False}, LeftOut.NO_BANK),
        ({"payout_open": True}, LeftOut.PAYOUT_OPEN),
    ],
)
def test_who_is_left_out_is_told_why(but, reason):
    who = {name: but.get(name, value) for name, value in ANYBODY.items()}
    how = {name: but.get(name, value) for name, value in FINE.items()}
    assert rules.why_left_out(rules.obstacle(**who), **how) == reason


def test_the_smallest_payout_is_that_of_the_terms_but_never_less_than_the_bank_sends():
    assert [rules.smallest_payout("active", least) for least in (None, 0, 99, 10_000)] == [
        100,
        100,
        100,
        10_000,
    ]
    assert rules.smallest_payout("closed", 10_000) == 100
