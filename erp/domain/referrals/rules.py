"""Who gets a customer: the precedence of claims, and what makes a claim void."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from erp.domain.agents import ContactHashes
from erp.kernel.errors import DomainError
from erp.kernel.sentences import Sentence

KINDS = ("establishment", "company", "consumer")
WHOLE = 10_000
CLOCK_SKEW = dt.timedelta(minutes=5)
"""How far ahead of ours the clock of the owner's product may be."""


class SignUpConflict(DomainError):
    code = "sign_up_conflict"
    sentence = Sentence(
        "This external id (or source id) was signed up before with other data. A sign-up cannot be changed."
    )


class CaseDecided(DomainError):
    code = "case_decided"
    sentence = Sentence("This case was decided before.")


class CannotTransfer(DomainError):
    code = "cannot_transfer"
    sentence = Sentence(
        "The other agent is closed, or is the customer themselves: uphold the holder instead."
    )


class Moving(DomainError):
    code = "referral_moving"
    sentence = Sentence(
        "Some of these referrals wait for another move to other terms already, %(first)s among them. Let it come, or"
        " withdraw it first."
    )


class TooSoonToMove(DomainError):
    code = "too_soon_to_move"
    sentence = Sentence("The date lies in the past or has all but come; what is earned does not change.")


MOVE_CODES = {
    "agreed": Sentence("it was agreed with the agent"),
    "new_prices": Sentence("the prices that customers pay have changed"),
    "one_version": Sentence("old versions of the terms are brought together"),
    "mistaken_terms": Sentence("the referral was made under terms that were a mistake"),
    "other_move": Sentence("for another reason"),
}
"""Why referrals are moved to other terms, as it is said after a colon."""


class CannotAttribute(DomainError):
    code = "cannot_attribute"
    sentence = Sentence(
        "The agent is closed, or is the customer themselves, or the place had been a customer before."
    )


class AlreadyAttributed(DomainError):
    code = "already_attributed"
    sentence = Sentence("This customer is attributed to an agent. Transfer the customer instead.")


class AlreadyTheirs(DomainError):
    code = "already_theirs"
    sentence = Sentence("This agent has the customer already.")


class CaseOpen(DomainError):
    code = "case_open"
    sentence = Sentence("A case about this customer is open. Decide that one.")


@dataclass(frozen=True)
class Claim:
    """What speaks for an agent: an open booking, a code or a click. `void` says why it does not count."""

    basis: str
    agent_id: UUID | None = None
    booking_id: UUID | None = None
    code: str | None = None
    click_id: UUID | None = None
    void: str | None = None

    def as_proof(self) -> dict[str, Any]:
        """Ids only: what was found and whether it counted."""
        named = {"agent": self.agent_id, "booking": self.booking_id, "click": self.click_id}
        ids = {name: str(id) for name, id in named.items() if id is not None}
        return {"basis": self.basis, **ids, "code": self.code, "void": self.void}


def void(state: str, agent: ContactHashes, customer: ContactHashes) -> str | None:
    """Why an agent in `state` with these contacts cannot have this customer; None when they can.

    Suspended agents keep their customers (their lines accrue frozen); closed ones get none.
    """
    if state == "closed":
        return "agent_closed"
    pairs = ((agent.phone, customer.phone), (agent.email, customer.email), (agent.inn, customer.inn))
    if any(one is not None and one == other for one, other in pairs):
        return "self_referral"
    return None


def choose(claims: Sequence[Claim]) -> Claim | None:
    """The first valid claim; `claims` come in the order booking, code, click."""
    return next((claim for claim in claims if claim.void is None), None)


def unattributed_reason(claims: Sequence[Claim]) -> str:
    """Why nobody got the customer: what was wrong with the strongest claim."""
    return next((claim.void for claim in claims if claim.void), "nothing_given")


def rival(claims: Sequence[Claim], chosen: Claim) -> UUID | None:
    """The agent whose valid code stands against the booking that was chosen."""
    if chosen.basis != "booking":
        return None
    others = (claim.agent_id for claim in claims if claim.basis == "code" and claim.void is None)
    return next((agent_id for agent_id in others if agent_id != chosen.agent_id), None)
