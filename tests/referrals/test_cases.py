"""A contested customer: a person decides, and a job settles what was earned."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from erp.domain import agents, bookings, referrals
from erp.kernel import audit
from erp.kernel.db import rows
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.transaction import transaction
from tests.support import cast
from tests.support.cast import NOW, SOMEBODY, agent, at_once, code_of, places, sign_up

LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def case(context: None) -> sa.Row[Any]:
    """Alice held the booking, and the customer came with Bob's code."""
    cast.programme()
    alice, bob = agent(1), agent(2)
    (cafe,) = places("Cafe Aino")
    with transaction():
        bookings.book(alice, cafe.id, by=SOMEBODY, now=NOW)
    answer = sign_up(establishment=cafe.reference, code=code_of(bob), inn="7707083893")
    return referrals.find_case(answer.case or "")


def decide(case: sa.Row[Any], decision: str, note: str = "the owner said so") -> None:
    with transaction():
        referrals.decide_case(case.id, decision, note, by=SOMEBODY, now=LATER)


def owner(case: sa.Row[Any]) -> UUID:
    (share,) = referrals.shares(case.referral_id)
    agent_id: UUID = share.agent_id
    return agent_id


def settling() -> list[tuple[str, str]]:
    return [(job, subject) for job, subject in rows("select job, subject from outbox order by id") if "accrue" not in job
            and "send_code" not in job]  # fmt: skip


def test_the_holder_keeps_the_customer_and_the_lines_are_let_go_of(case: sa.Row[Any]) -> None:
    decide(case, "uphold")
    decided = referrals.find_case(case.reference)
    assert (decided.state, decided.decided_at, decided.note) == ("upheld", LATER, "the owner said so")
    assert decided.decided_by == str(SOMEBODY)
    assert owner(case) == case.holder_agent_id
    assert not referrals.find(case.referral_reference).frozen
    assert settling() == [("erp.jobs.commissions.release_frozen", str(case.referral_id))]
    assert [entry.action for entry in audit.history("attribution_case", case.id)] == [
        "case.opened",
        "case.upheld",
    ]


def test_the_other_agent_gets_the_customer_and_the_lines_are_settled(case: sa.Row[Any]) -> None:
    decide(case, "transfer")
    assert owner(case) == case.other_agent_id
    assert not referrals.find(case.referral_reference).frozen
    assert settling() == [("erp.jobs.commissions.settle_referral", str(case.referral_id))]


@pytest.mark.parametrize(("decision", "note"), [("perhaps", "why"), ("uphold", "  ")])
def test_a_decision_is_one_of_two_and_has_a_reason(case: sa.Row[Any], decision: str, note: str) -> None:
    with pytest.raises(Invalid):
        decide(case, decision, note)
    assert referrals.find_case(case.reference).state == "open"


def test_a_case_is_decided_once(case: sa.Row[Any]) -> None:
    decide(case, "uphold")
    with pytest.raises(referrals.CaseDecided):
        decide(case, "transfer")
    assert owner(case) == case.holder_agent_id


def test_of_two_who_decide_at_once_one_does(app: Flask, case: sa.Row[Any]) -> None:
    def deed(decision: str) -> None:
        referrals.decide_case(case.id, decision, "why", by=SOMEBODY, now=LATER)

    answers = at_once(app, deed, ["uphold", "transfer"] * 3)
    assert sorted(type(answer).__name__ for answer in answers) == ["CaseDecided"] * 5 + ["NoneType"]
    assert len(settling()) == 1


def test_nothing_is_transferred_to_a_closed_agent(case: sa.Row[Any]) -> None:
    with transaction():
        agents.close(case.other_agent_id, by=SOMEBODY, now=LATER)
    with pytest.raises(referrals.CannotTransfer):
        decide(case, "transfer")


def test_nothing_is_transferred_to_the_customer_themselves(case: sa.Row[Any]) -> None:
    with transaction():
        agents.update_profile(case.other_agent_id, inn="7707083893", by=SOMEBODY, now=LATER)
    with pytest.raises(referrals.CannotTransfer):
        decide(case, "transfer")
    assert owner(case) == case.holder_agent_id


def test_cases_that_wait_come_first(case: sa.Row[Any]) -> None:
    assert [found.id for found in referrals.search_cases(state="open").page().rows] == [case.id]
    decide(case, "uphold")
    assert referrals.search_cases(state="open").count() == 0
    assert [found.state for found in referrals.cases_of(case.referral_id)] == ["upheld"]
    with pytest.raises(NotFound):
        referrals.find_case("CASE-00000000")


def test_referrals_are_found(case: sa.Row[Any]) -> None:
    referral = referrals.find(case.referral_reference)
    for q in (
        "aino",
        "SHOP-1".lower(),
        referral.agent_code.lower(),
        referral.reference,
        referral.customer_reference,
    ):
        assert [found.id for found in referrals.search(q=q).page().rows] == [referral.id]
    assert referrals.search(frozen=True).count() == referrals.search(basis="booking").count() == 1
    assert referrals.search(frozen=False).count() == referrals.search(basis="click").count() == 0
    for sort in referrals.SORTS:
        assert referrals.search(sort=sort).page().total == 1
