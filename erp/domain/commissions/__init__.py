"""A commission is one line: this event earned this agent this amount under these terms."""

from erp.domain.commissions.actions import (
    accrue,
    mature,
    release_frozen,
    release_frozen_of_agent,
    settle_referral,
)
from erp.domain.commissions.explain import FROZEN, explain, formula
from erp.domain.commissions.queries import (
    corrections,
    find,
    of_agent,
    open_amounts,
    search,
    totals,
    transfers,
)
from erp.domain.commissions.standing import Standing, standing

__all__ = [
    "FROZEN",
    "Standing",
    "accrue",
    "corrections",
    "explain",
    "find",
    "formula",
    "mature",
    "of_agent",
    "open_amounts",
    "release_frozen",
    "release_frozen_of_agent",
    "search",
    "settle_referral",
    "standing",
    "totals",
    "transfers",
]
