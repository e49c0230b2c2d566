"""A dispute is an agent's objection: something earned nothing, an amount is wrong, or something was refused."""

from erp.domain.disputes.actions import (
    About,
    carry_out_due,
    decide,
    link,
    open_dispute,
    record_told,
    take,
    text_to_send,
    write,
)
from erp.domain.disputes.queries import (
    find,
    messages,
    remedies_of,
    search,
)
from erp.domain.disputes.remedies import attribute_customer, transfer_customer, undo_reversal
from erp.domain.disputes.rules import (
    CHOICES,
    CODES,
    DECISIONS,
    KINDS,
    LONGEST,
    MOST_DAYS,
    OUTCOMES,
    ROLES,
)
from erp.domain.disputes.settings import change_dispute_rule, dispute_rules

__all__ = [
    "CHOICES",
    "CODES",
    "DECISIONS",
    "KINDS",
    "LONGEST",
    "MOST_DAYS",
    "OUTCOMES",
    "ROLES",
    "About",
    "attribute_customer",
    "carry_out_due",
    "change_dispute_rule",
    "decide",
    "dispute_rules",
    "find",
    "link",
    "messages",
    "open_dispute",
    "record_told",
    "remedies_of",
    "search",
    "take",
    "text_to_send",
    "transfer_customer",
    "undo_reversal",
    "write",
]
