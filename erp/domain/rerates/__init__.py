"""Re-rates: referrals moved to other terms of their programme from a date on, proposed by one person, decided by another."""

from erp.domain.rerates.actions import approve, propose, refuse, withdraw
from erp.domain.rerates.choice import Choice, chosen, programme_of
from erp.domain.rerates.preview import count, count_next
from erp.domain.rerates.queries import SORTS, agents, find, of_referral, of_terms, search, totals
from erp.domain.rerates.rules import (
    NotCounted,
    NothingToMove,
    Overtaken,
    RerateEnded,
    SeveralProgrammes,
    TermsNotInForce,
    TooLateToTell,
    first_day,
)

__all__ = [
    "SORTS",
    "Choice",
    "NotCounted",
    "NothingToMove",
    "Overtaken",
    "RerateEnded",
    "SeveralProgrammes",
    "TermsNotInForce",
    "TooLateToTell",
    "agents",
    "approve",
    "chosen",
    "count",
    "count_next",
    "find",
    "first_day",
    "of_referral",
    "of_terms",
    "programme_of",
    "propose",
    "refuse",
    "search",
    "totals",
    "withdraw",
]
