"""The ledger is the books of double entry in which every kopeck owed or paid to an agent is an entry for good."""

from erp.domain.ledger.actions import Line, lock, post, post_together
from erp.domain.ledger.queries import (
    AGENT_KINDS,
    MONEY_OF,
    MOVEMENTS,
    TOUCHED,
    balances,
    currencies,
    holders,
    liabilities,
    not_empty,
    of_agent,
    sums_by_reference,
    trial_balance,
)

__all__ = [
    "AGENT_KINDS",
    "MONEY_OF",
    "MOVEMENTS",
    "TOUCHED",
    "Line",
    "balances",
    "currencies",
    "holders",
    "liabilities",
    "lock",
    "not_empty",
    "of_agent",
    "post",
    "post_together",
    "sums_by_reference",
    "trial_balance",
]
