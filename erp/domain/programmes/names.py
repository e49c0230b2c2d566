"""What the words of terms are called on screens and in sentences."""

from __future__ import annotations

from erp.domain.programmes.rules import (
    Base,
    Condition,
    EventKind,
    Evidence,
    Measure,
    MonthsFrom,
    OnAgentClosed,
    OnCancel,
    Payments,
    Reward,
    RuleKind,
    Window,
)
from erp.kernel.sentences import Sentence

KINDS: dict[str, Sentence] = {
    RuleKind.PERCENT: Sentence("a percentage"),
    RuleKind.FIXED: Sentence("a fixed amount"),
}
EVENT_KINDS: dict[str, Sentence] = {
    EventKind.PAYMENT: Sentence("a payment"),
    EventKind.CONNECTION: Sentence("a connection"),
    EventKind.SIGN_UP: Sentence("a sign-up"),
}
PAYMENTS: dict[str, Sentence] = {
    Payments.EVERY: Sentence("every payment"),
    Payments.FIRST: Sentence("the first payment of each customer"),
}
MONTHS_FROM: dict[str, Sentence] = {
    MonthsFrom.FIRST_PAYMENT: Sentence("the customer's first payment"),
    MonthsFrom.SIGN_UP: Sentence("the customer's sign-up"),
}
BASES: dict[str, Sentence] = {
    Base.GROSS: Sentence("all that was paid"),
    Base.NET_OF_VAT: Sentence("what is left without VAT"),
    Base.NET_OF_FEE: Sentence("what is left without the bank's fee"),
}
CONDITIONS: dict[str, Sentence] = {
    Condition.FIRST_PAYMENT: Sentence("the customer pays"),
    Condition.STAYS: Sentence("the customer does not cancel"),
}
ON_CANCEL: dict[str, Sentence] = {
    OnCancel.NOTHING: Sentence("nothing"),
    OnCancel.UNEARNED: Sentence("the share of the paid days that were left"),
    OnCancel.ALL: Sentence("all that was earned lately"),
}
REWARDS: dict[str, Sentence] = {
    Reward.MONEY: Sentence("money"),
    Reward.CREDIT: Sentence("credit, for agents who are customers"),
}
MEASURES: dict[str, Sentence] = {
    Measure.CONNECTIONS: Sentence("connections"),
    Measure.REVENUE: Sentence("what their customers paid"),
}
WINDOWS: dict[str, Sentence] = {
    Window.ROLLING: Sentence("the last days"),
    Window.MONTH: Sentence("the calendar month"),
    Window.QUARTER: Sentence("the quarter"),
    Window.LIFETIME: Sentence("all the time"),
}
EVIDENCE: dict[str, Sentence] = {
    Evidence.BANK_CHECKED: Sentence("those that the bank has confirmed"),
    Evidence.ATTESTED: Sentence("those that the owner's system reports, too"),
}
ON_AGENT_CLOSED: dict[str, Sentence] = {
    OnAgentClosed.RELEASE: Sentence("stays frozen until it is settled with the agent, then it is paid"),
    OnAgentClosed.FORFEIT: Sentence("goes back to the owner"),
}
