"""What coded reasons, roles and outcomes mean, for staff and agents alike; a door words them in the reader's language."""

from __future__ import annotations

from typing import Any

from erp.kernel.sentences import Sentence

CODES = {
    "suspicion": Sentence("something is to be looked into"),
    "documents": Sentence("documents are missing"),
    "complaint": Sentence("the customer complained"),
    "wrong_customer": Sentence("it may be another agent's customer"),
    "found_right": Sentence("it was looked into and is right"),
    "documents_received": Sentence("the documents have come"),
    "mistake": Sentence("it was frozen by mistake"),
    "other_reason": Sentence("another reason"),
    "fraud": Sentence("it was obtained by deceit"),
    "wrong_sum": Sentence("the amount was not what the terms promise"),
    "agreed": Sentence("it was agreed with the agent"),
    "mistaken_reversal": Sentence("the reversal was a mistake"),
    "deadline": Sentence("nobody had decided in time"),
}
"""Coded reasons of freezing, of letting go, and of what happened by itself."""
ROLES = {
    "manager": Sentence("a programme manager"),
    "finance": Sentence("finance"),
    "admin": Sentence("an administrator"),
    "support": Sentence("support"),
}
"""Who decides."""
OTHERWISE = {
    "release": Sentence("Until %(due)s %(who)s decides; if nobody does, it is let go then."),
    "take_back": Sentence("Until %(due)s %(who)s decides; if nobody does, it is taken back then."),
    "stay": Sentence("Until %(due)s %(who)s decides; if nobody does, it stays frozen until somebody does."),
}
"""Who decides about a freeze, by when, and what happens if nobody does."""


def otherwise(outcome: str, role: str, due_at: Any) -> Sentence:
    return OTHERWISE[outcome].about(who=ROLES[role], due=due_at)
