"""What terms can say: tiers, the rules that earn, and the limits around them.

`TermsDraft` is a version of the terms as it is written down; `checks.py` says what cannot be. Amounts are minor units
of the programme's currency, rates basis points, a day is 24 hours; months are those of the programme's zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Evidence(StrEnum):
    """Which payments earn a commission."""

    BANK_CHECKED = "bank_checked"
    """Those that the bank has confirmed."""
    ATTESTED = "attested"
    """Those that the owner's system reports, too."""


class OnAgentClosed(StrEnum):
    """What becomes of what is frozen because its agent's account is closed."""

    RELEASE = "release"
    """It stays frozen until it is settled with the agent, then it is let go and paid."""
    FORFEIT = "forfeit"
    """It goes back to the owner."""


class Measure(StrEnum):
    """What the volume is that a tier follows from."""

    CONNECTIONS = "connections"
    """How many places the agent has connected."""
    REVENUE = "revenue"
    """Minor units that the agent's customers paid; what went back to them counts against it when it goes back."""


class Window(StrEnum):
    """Over which time the volume is counted, up to the event; calendar windows are those of the programme's zone."""

    ROLLING = "rolling"
    """The last `window_days`, their beginning not included."""
    MONTH = "month"
    QUARTER = "quarter"
    LIFETIME = "lifetime"


class RuleKind(StrEnum):
    PERCENT = "percent"
    """A share of what the customer paid."""
    FIXED = "fixed"
    """An amount, whatever was paid."""


class EventKind(StrEnum):
    """What a rule earns for."""

    PAYMENT = "payment"
    CONNECTION = "connection"
    """A place of the catalogue became a customer."""
    SIGN_UP = "sign_up"
    """Anybody became a customer."""


class Payments(StrEnum):
    """Which of a customer's payments earn; only those that the terms count are numbered."""

    EVERY = "every"
    FIRST = "first"


class MonthsFrom(StrEnum):
    """From when on the months of a recurring rule are counted."""

    FIRST_PAYMENT = "first_payment"
    SIGN_UP = "sign_up"


class Base(StrEnum):
    """What a percentage is taken of."""

    GROSS = "gross"
    NET_OF_VAT = "net_of_vat"
    """paid × 10,000 / (10,000 + `vat_bps`): the VAT is in the price."""
    NET_OF_FEE = "net_of_fee"
    """paid − the bank's fee by its tariff: paid × `fee_bps`, at least `fee_minimum`."""


class Condition(StrEnum):
    """What a bonus for a sign-up or connection waits for; if it fails, the bonus is given back."""

    FIRST_PAYMENT = "first_payment"
    """The customer pays within `condition_days`, and not all of it goes back."""
    STAYS = "stays"
    """The customer does not cancel within `condition_days`."""


class OnCancel(StrEnum):
    """What is taken back when the customer cancels."""

    NOTHING = "nothing"
    UNEARNED = "unearned"
    """Of a payment for days ahead, the share of the days that were left."""
    ALL = "all"
    """All that was earned within `cancel_days` before the cancellation."""


class Reward(StrEnum):
    MONEY = "money"
    CREDIT = "credit"
    """Agents who are customers themselves are paid in credit with the owner; everybody else in money."""


@dataclass(frozen=True)
class TierRow:
    """From a volume of `threshold` on (connections, or minor units of revenue), `rate_bps` of what the customer pays."""

    name: str
    threshold: int
    rate_bps: int


@dataclass(frozen=True)
class RuleRow:
    """One way to earn. `key` names it within the terms.

    A percentage is that of the agent's tier unless the rule has its own `rate_bps`; a fixed rule has an `amount`.
    `plan` narrows it to payments for that product plan; a rule without one is for all plans that no other rule of its
    kind names. Recurring rules can end `months` after the customer's first payment or sign-up. The caps bind in the
    order line, customer, calendar month; the last two are per agent.
    """

    key: str = "percent"
    kind: str = RuleKind.PERCENT
    event_kind: str = EventKind.PAYMENT
    plan: str | None = None
    rate_bps: int | None = None
    amount: int | None = None
    payments: str = Payments.EVERY
    months: int | None = None
    months_from: str | None = None
    base: str = Base.GROSS
    line_cap: int | None = None
    customer_cap: int | None = None
    monthly_cap: int | None = None
    condition: str | None = None
    condition_days: int | None = None
    on_cancel: str = OnCancel.UNEARNED
    cancel_days: int | None = None
    reward: str = Reward.MONEY

    @property
    def follows_tiers(self) -> bool:
        return self.kind == RuleKind.PERCENT and self.rate_bps is None


@dataclass(frozen=True)
class TermsDraft:
    """A version of the terms as somebody writes it down.

    Volume is counted in the window before the event. `retroactive`: the tier that a whole calendar window reaches
    counts for all of it, and what was booked before is trued up. `grace_days`: a tier that was reached is kept so long
    after it was lost. `freeze_tier`: what counts is the tier at the customer's sign-up, for good.
    """

    tiers: Sequence[TierRow]
    rules: Sequence[RuleRow] = (RuleRow(),)
    measure: str = Measure.CONNECTIONS
    window_kind: str = Window.ROLLING
    window_days: int | None = 90
    retroactive: bool = False
    grace_days: int = 0
    freeze_tier: bool = False
    hold_days: int = 14
    click_window_days: int = 30
    minimum_payout: int = 10_000
    evidence: str = Evidence.BANK_CHECKED
    on_agent_closed: str = OnAgentClosed.RELEASE
    vat_bps: int = 0
    fee_bps: int = 0
    fee_minimum: int = 0
