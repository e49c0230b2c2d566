"""Referrals: who brought a customer, decided once at sign-up and proven; clicks, customers and contested cases."""

from erp.domain.referrals.actions import DECISIONS, decide_case, record_click
from erp.domain.referrals.claims import SignUp
from erp.domain.referrals.late import attribute_late, transfer
from erp.domain.referrals.pins import TERMS_NOW, coming, held, move, moved, stay, terms_at
from erp.domain.referrals.queries import (
    SORTS,
    cases_of,
    customer_by_external_id,
    customer_name,
    customer_names,
    find,
    find_case,
    find_customer,
    of_agent,
    search,
    search_cases,
    shares,
    terms_of_agent,
)
from erp.domain.referrals.rules import (
    CLOCK_SKEW,
    KINDS,
    MOVE_CODES,
    CannotTransfer,
    CaseDecided,
    Moving,
    SignUpConflict,
    TooSoonToMove,
)
from erp.domain.referrals.sign_up import SignedUp, sign_up

__all__ = [
    "CLOCK_SKEW",
    "DECISIONS",
    "KINDS",
    "MOVE_CODES",
    "SORTS",
    "TERMS_NOW",
    "CannotTransfer",
    "CaseDecided",
    "Moving",
    "SignUp",
    "SignUpConflict",
    "SignedUp",
    "TooSoonToMove",
    "attribute_late",
    "cases_of",
    "coming",
    "customer_by_external_id",
    "customer_name",
    "customer_names",
    "decide_case",
    "find",
    "find_case",
    "find_customer",
    "held",
    "move",
    "moved",
    "of_agent",
    "record_click",
    "search",
    "search_cases",
    "shares",
    "sign_up",
    "stay",
    "terms_at",
    "terms_of_agent",
    "transfer",
]
