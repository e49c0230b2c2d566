"""A payout is one transfer of available commissions to one agent; a run is a batch that two people let go."""

from erp.domain.payouts.actions import (
    approve_run,
    cancel_run,
    poll_open,
    prepare_run,
    retry,
    take_back,
    withdraw,
)
from erp.domain.payouts.bank_steps import Edge, execute, follow
from erp.domain.payouts.notifications import receive_notification
from erp.domain.payouts.queries import (
    RUN_STATE_GROUPS,
    STATE_GROUPS,
    Candidate,
    attempts_of,
    candidates,
    counts,
    find,
    find_run,
    lines_of,
    notifications_of,
    of_agent,
    search,
    search_runs,
)
from erp.domain.payouts.refusals import (
    BalanceChanged,
    IllegalMove,
    NotADraft,
    NothingToPay,
    PayoutOpen,
    SamePerson,
)
from erp.domain.payouts.rules import NOTIFICATION_PATH, LeftOut, RunState, State

__all__ = [
    "NOTIFICATION_PATH",
    "RUN_STATE_GROUPS",
    "STATE_GROUPS",
    "BalanceChanged",
    "Candidate",
    "Edge",
    "IllegalMove",
    "LeftOut",
    "NotADraft",
    "NothingToPay",
    "PayoutOpen",
    "RunState",
    "SamePerson",
    "State",
    "approve_run",
    "attempts_of",
    "cancel_run",
    "candidates",
    "counts",
    "execute",
    "find",
    "find_run",
    "follow",
    "lines_of",
    "notifications_of",
    "of_agent",
    "poll_open",
    "prepare_run",
    "receive_notification",
    "retry",
    "search",
    "search_runs",
    "take_back",
    "withdraw",
]
