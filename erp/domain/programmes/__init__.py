"""A programme is what is distributed; its terms are immutable, dated versions of the rules that earn."""

from erp.domain.programmes.actions import (
    ChangedSince,
    KeyTaken,
    NotADraft,
    activate,
    create,
    discard,
    draft,
    redraft,
)
from erp.domain.programmes.queries import (
    NoActiveTerms,
    active_terms,
    find,
    find_terms,
    get,
    search,
    tiers,
    versions,
)
from erp.domain.programmes.rules import Evidence, Limits, OnAgentClosed, TierRow

__all__ = [
    "ChangedSince",
    "Evidence",
    "KeyTaken",
    "Limits",
    "NoActiveTerms",
    "NotADraft",
    "OnAgentClosed",
    "TierRow",
    "activate",
    "active_terms",
    "create",
    "discard",
    "draft",
    "find",
    "find_terms",
    "get",
    "redraft",
    "search",
    "tiers",
    "versions",
]
