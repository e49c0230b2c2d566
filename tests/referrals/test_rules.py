"""The precedence of claims, without a database."""

from uuid import UUID

import pytest

from erp.domain.agents import ContactHashes
from erp.domain.referrals.rules import Claim, choose, rival, unattributed_reason, void

ALICE, BOB = UUID(int=1), UUID(int=2)
NOTHING = ContactHashes(None, None, None)


def claim(basis: str, agent: UUID = ALICE, why: str | None = None) -> Claim:
    return Claim(basis, agent, void=why)


def test_the_first_valid_claim_wins() -> None:
    booking, code, click = claim("booking"), claim("code", BOB), claim("click")
    assert choose([booking, code, click]) == booking
    assert choose([claim("booking", why="self_referral"), code, click]) == code
    assert choose([]) is None


def test_the_reason_is_that_of_the_strongest_void_claim() -> None:
    assert unattributed_reason([]) == "nothing_given"
    claims = [claim("booking", why="agent_closed"), claim("code", why="self_referral")]
    assert unattributed_reason(claims) == "agent_closed"


@pytest.mark.parametrize(
    ("claims", "other"),
    [
        ([claim("booking"), claim("code", BOB)], BOB),
        ([claim("booking"), claim("code", ALICE)], None),
        ([claim("booking"), claim("code", BOB, "agent_closed")], None),
        ([claim("booking"), claim("click", BOB)], None),
    ],
)
def test_only_a_valid_code_of_somebody_else_stands_against_a_booking(
    claims: list[Claim], other: UUID | None
) -> None:
    assert rival(claims, claims[0]) == other


def test_a_code_that_wins_has_no_rival() -> None:
    assert rival([claim("code"), claim("click", BOB)], claim("code")) is None


@pytest.mark.parametrize("kind", ["phone", "email", "inn"])
def test_one_equal_contact_is_a_self_referral(kind: str) -> None:
    same = ContactHashes(**{**{"phone": None, "email": None, "inn": None}, kind: b"same"})
    assert void("active", same, same) == "self_referral"
    assert void("active", same, NOTHING) is None
    assert void("active", NOTHING, NOTHING) is None


@pytest.mark.parametrize(
    ("state", "verdict"),
    [("pending", None), ("active", None), ("suspended", None), ("closed", "agent_closed")],
)
def test_a_suspended_agent_keeps_customers_and_a_closed_one_gets_none(
    state: str, verdict: str | None
) -> None:
    assert void(state, NOTHING, NOTHING) == verdict
