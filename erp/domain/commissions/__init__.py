"""A commission is one line: this event earned this agent this amount under these terms."""

from erp.domain.commissions.actions import (
    accrue,
    mature,
    release_frozen,
    release_frozen_of_agent,
    settle_referral,
)
from erp.domain.commissions.booked import words_of_entries
from erp.domain.commissions.closures import NothingKept, forfeit_of_closed, settle_with_closed
from erp.domain.commissions.explain import explain, formula, why_frozen
from erp.domain.commissions.queries import (
    corrections,
    find,
    frozen_of_agent,
    of_agent,
    open_amounts,
    search,
    totals,
    transfers,
)
from erp.domain.commissions.standing import Standing, standing

__all__ = [
    "NothingKept",
    "Standing",
    "accrue",
    "corrections",
    "explain",
    "find",
    "forfeit_of_closed",
    "formula",
    "frozen_of_agent",
    "mature",
    "of_agent",
    "open_amounts",
    "release_frozen",
    "release_frozen_of_agent",
    "search",
    "settle_referral",
    "settle_with_closed",
    "standing",
    "totals",
    "transfers",
    "why_frozen",
    "words_of_entries",
]
