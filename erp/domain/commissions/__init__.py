"""A commission is one line: this event earned this agent this amount under these terms."""

from erp.domain.commissions.actions import accrue, mature, settle_referral
from erp.domain.commissions.bonuses import settle_bonuses
from erp.domain.commissions.booked import words_of_entries
from erp.domain.commissions.closures import NothingKept, forfeit_of_closed, settle_with_closed
from erp.domain.commissions.decisions import take_back
from erp.domain.commissions.explain import explain, formula, why_frozen
from erp.domain.commissions.forecast import forecast
from erp.domain.commissions.freeze_queries import freezes_of, frozen_by_hand, may_be_frozen, search_freezes
from erp.domain.commissions.freeze_rules import MOST_DAYS, change_freeze_rule, freeze_rules
from erp.domain.commissions.freeze_rules import OUTCOMES as FREEZE_OUTCOMES
from erp.domain.commissions.freeze_rules import ROLES as FREEZE_ROLES
from erp.domain.commissions.freezes import (
    carry_out_due,
    freeze,
    release,
    release_by_hand,
    release_frozen,
    release_frozen_of_agent,
)
from erp.domain.commissions.queries import (
    corrections,
    earned_by_terms,
    find,
    frozen_of_agent,
    of_agent,
    open_amounts,
    search,
    totals,
    transfers,
)
from erp.domain.commissions.reversal_queries import (
    find_reversal,
    reversal_limits,
    reversals_of,
    search_reversals,
)
from erp.domain.commissions.reversals import (
    Asked,
    approve_reversal,
    ask_reversal,
    ask_undo,
    change_reversal_limit,
    limit_of,
    withdraw_reversal,
)
from erp.domain.commissions.rules import FREEZE_CODES, RELEASE_CODES, REVERSAL_CODES
from erp.domain.commissions.standing import Standing, standing
from erp.domain.commissions.words import CODES, otherwise

__all__ = [
    "CODES",
    "FREEZE_CODES",
    "FREEZE_OUTCOMES",
    "FREEZE_ROLES",
    "MOST_DAYS",
    "RELEASE_CODES",
    "REVERSAL_CODES",
    "Asked",
    "NothingKept",
    "Standing",
    "accrue",
    "approve_reversal",
    "ask_reversal",
    "ask_undo",
    "carry_out_due",
    "change_freeze_rule",
    "change_reversal_limit",
    "corrections",
    "earned_by_terms",
    "explain",
    "find",
    "find_reversal",
    "forecast",
    "forfeit_of_closed",
    "formula",
    "freeze",
    "freeze_rules",
    "freezes_of",
    "frozen_by_hand",
    "frozen_of_agent",
    "limit_of",
    "mature",
    "may_be_frozen",
    "of_agent",
    "open_amounts",
    "otherwise",
    "release",
    "release_by_hand",
    "release_frozen",
    "release_frozen_of_agent",
    "reversal_limits",
    "reversals_of",
    "search",
    "search_freezes",
    "search_reversals",
    "settle_bonuses",
    "settle_referral",
    "settle_with_closed",
    "standing",
    "take_back",
    "totals",
    "transfers",
    "why_frozen",
    "withdraw_reversal",
    "words_of_entries",
]
