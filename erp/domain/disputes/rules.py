"""What a dispute may be about, how it may end, and why a verb says no."""

from __future__ import annotations

from erp.kernel.errors import DomainError, Forbidden
from erp.kernel.sentences import Sentence

KINDS = ("missing", "wrong", "refused")
DECISIONS = {"uphold": "upheld", "partly": "partly", "reject": "rejected"}
OUTCOMES = ("stay", "uphold", "reject")
"""What may happen at the deadline."""
ROLES = ("support", "manager", "finance", "admin")
MOST_DAYS = 365
LONGEST = 4000
"""Letters of a message."""
DEADLINE = "deadline"
"""The coded reason of what was decided because nobody had in time."""

CODES = {
    "late_fact": Sentence("a fact was missing and has been added"),
    "wrong_agent": Sentence("the customer was attributed to somebody else by mistake"),
    "wrong_sum": Sentence("the amount was not what the terms promise"),
    "as_agreed": Sentence("it is as the terms say"),
    "no_claim": Sentence("the customer did not come through the agent"),
    "refunded": Sentence("the customer was refunded"),
    "no_evidence": Sentence("nothing was found that proves it"),
    "bank": Sentence("the bank refused, and it is tried again"),
    "other_reason": Sentence("another reason"),
    DEADLINE: Sentence("nobody had decided in time"),
}
"""Coded reasons of decisions, as the agent reads them."""
CHOICES = tuple(code for code in CODES if code != DEADLINE)


class AlreadyDisputed(DomainError):
    code = "already_disputed"
    sentence = Sentence("There is an open dispute about this. Write in that one.")


class DisputeDecided(DomainError):
    code = "dispute_decided"
    sentence = Sentence("This dispute has been decided.")


class DisputeOpen(DomainError):
    code = "dispute_open"
    sentence = Sentence("Decide the dispute first, then mend what it found.")


class NotTheirDispute(Forbidden):
    code = "not_their_dispute"
    sentence = Sentence("Somebody of another role decides about this. The page says who, and by when.")


class NothingToMend(DomainError):
    code = "nothing_to_mend"
    sentence = Sentence("Say first which customer it is about.")
