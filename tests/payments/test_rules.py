"""Which of the bank's words may follow which."""

import pytest

from erp.domain.payments import rules
from erp.domain.payments.rules import MOVES, PAID, PHASES, Phase
from erp.gateways.tbank import PaymentStatus


def test_every_word_of_the_bank_means_something_for_the_money():
    assert {status.value for status in PaymentStatus} <= PHASES.keys()


def test_every_phase_has_its_row_in_the_table():
    assert MOVES.keys() == set(Phase)


def test_money_that_was_received_is_never_unpaid_again():
    for before in PAID:
        assert {after for after in PHASES if rules.may_follow(before, after)} <= PAID


@pytest.mark.parametrize("late", ["NEW", "AUTHORIZING", "AUTHORIZED", "REJECTED", "UNKNOWN", "SURPRISE"])
def test_a_late_or_strange_answer_does_not_lead_back(late):
    assert not rules.may_follow("CONFIRMED", late)
    assert not rules.may_follow("REFUNDED", late)


@pytest.mark.parametrize("end", ["CANCELED", "DEADLINE_EXPIRED", "REVERSED", "REFUNDED", "refused"])
def test_an_end_is_an_end(end):
    assert not any(rules.may_follow(end, status) for status in PHASES)


def test_a_payer_may_succeed_after_a_declined_card():
    assert rules.may_follow("REJECTED", "CONFIRMED")


def test_a_payment_may_be_seen_refunded_before_we_saw_it_paid():
    assert rules.may_follow("NEW", "PARTIAL_REFUNDED")


@pytest.mark.parametrize(
    ("amount", "currency", "description", "wrong"),
    [
        (999, "RUB", "x", {"amount"}),
        (10_000_000_000, "RUB", "x", {"amount"}),
        (1000, "EUR", "x", {"currency"}),
        (1000, "RUB", "", {"description"}),
        (1000, "RUB", "x" * 141, {"description"}),
        (1000, "RUB", "x" * 140, set()),
    ],
)
def test_an_order_says_what_is_wrong_with_it(amount, currency, description, wrong):
    assert rules.problems_of_order(amount, currency, description).keys() == wrong
