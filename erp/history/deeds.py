"""What may happen in a history. People, places and papers are known by numbers of the script's own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that somebody does at a moment."""

    at: dt.datetime


# People


@dataclass(frozen=True, kw_only=True)
class Register(Deed):
    """Somebody becomes an agent. `called` is how their bank calls them, None where nobody has asked it to."""

    agent: int
    name: str
    phone: str
    email: str | None
    bank: tuple[str, str] | None
    """Member id and name."""
    called: str | None


@dataclass(frozen=True, kw_only=True)
class NameBank(Deed):
    """An agent says where to be paid."""

    agent: int
    bank: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Activate(Deed):
    """A manager verifies a new agent, or lifts a suspension."""

    agent: int


@dataclass(frozen=True, kw_only=True)
class Suspend(Deed):
    agent: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Close(Deed):
    agent: int


@dataclass(frozen=True, kw_only=True)
class CorrectName(Deed):
    """The bank learns how the owner of an agent's phone is really called."""

    phone: str
    called: str


# Places


@dataclass(frozen=True, kw_only=True)
class Book(Deed):
    booking: int
    agent: int
    place: str
    """Its id in the list that the catalogue was imported from."""
    by_support: bool


@dataclass(frozen=True, kw_only=True)
class Move(Deed):
    booking: int
    stage: str


@dataclass(frozen=True, kw_only=True)
class Extend(Deed):
    booking: int
    note: str


@dataclass(frozen=True, kw_only=True)
class Release(Deed):
    booking: int


# Customers


@dataclass(frozen=True, kw_only=True)
class Click(Deed):
    """Somebody follows an agent's link."""

    click: int
    agent: int


@dataclass(frozen=True, kw_only=True)
class SignUp(Deed):
    """A new customer. `agent` is whose code was typed, `own_phone` whose phone the customer has."""

    customer: int
    kind: str
    name: str
    programme: str
    place: str | None = None
    agent: int | None = None
    click: int | None = None
    own_phone: int | None = None
    misspelt: bool = False


@dataclass(frozen=True, kw_only=True)
class Decide(Deed):
    """A manager decides the case that a customer's sign-up opened."""

    customer: int
    decision: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Pay(Deed):
    """A customer is asked to pay `amount` kopecks, for the first time or once more. `card`: None pays nothing."""

    order: int
    customer: int
    amount: int
    description: str
    card: str | None


@dataclass(frozen=True, kw_only=True)
class Refund(Deed):
    """Finance gives back `amount` kopecks of an order that was paid."""

    order: int
    amount: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundInCabinet(Deed):
    """Somebody gives back in the bank's cabinet, past us."""

    order: int
    amount: int


@dataclass(frozen=True, kw_only=True)
class Attest(Deed):
    """Finance writes down what the cabinet shows: so much of the order has gone back in all."""

    order: int
    total: int
    note: str


# Finance


@dataclass(frozen=True, kw_only=True)
class Prepare(Deed):
    run: int
    note: str


@dataclass(frozen=True, kw_only=True)
class Withdraw(Deed):
    """The payout that is the `rank`th largest of the run is taken out of it."""

    run: int
    rank: int


@dataclass(frozen=True, kw_only=True)
class Cancel(Deed):
    run: int


@dataclass(frozen=True, kw_only=True)
class Approve(Deed):
    """Money leaves. About the `silent`th largest payout the bank says nothing after it was told to pay."""

    run: int
    silent: int | None = None


@dataclass(frozen=True, kw_only=True)
class Retry(Deed):
    """Finance tries the failed payouts of a run once more."""

    run: int


@dataclass(frozen=True, kw_only=True)
class TakeBack(Deed):
    run: int
    rank: int
    note: str


@dataclass(frozen=True, kw_only=True)
class Settle(Deed):
    """The acquirer transfers all it holds, and finance writes it down from the bank's statement."""

    number: str


@dataclass(frozen=True, kw_only=True)
class ChargeBack(Deed):
    """The payer's bank takes an order's payment back; finance reads it in the acquirer's registry."""

    order: int
    amount: int
    number: str


@dataclass(frozen=True, kw_only=True)
class WinBack(Deed):
    """The same was disputed, and won."""

    order: int
    amount: int
    number: str


@dataclass(frozen=True, kw_only=True)
class WriteOff(Deed):
    """Finance asks to give up the debt of the one who has waited longest among those in debt; a colleague approves, or
    has not looked at it yet."""

    reason: str
    note: str
    decided: bool


@dataclass(frozen=True, kw_only=True)
class CloseMonth(Deed):
    """Finance closes the month that is next, or proposes it, if it is over."""

    note: str
    approved: bool


# Programmes


@dataclass(frozen=True, kw_only=True)
class Found(Deed):
    """A new programme."""

    programme: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Draft(Deed):
    """New terms of a programme: tiers as (name, from so many connections, basis points)."""

    programme: str
    tiers: tuple[tuple[str, int, int], ...]
    note: str
    monthly_cap: int
    minimum_payout: int
    begins: dt.datetime | None
    """When they take force, at once if that is when they are drafted; none leaves them a draft."""


@dataclass(frozen=True, kw_only=True)
class ProposeRerate(Deed):
    """A manager wants to move referrals to the active terms, so many days later: of the first agent who has `least` of
    them under other terms, or all if there is no least."""

    rerate: int
    programme: str
    least: int
    days: int
    code: str
    note: str


@dataclass(frozen=True, kw_only=True)
class ApproveRerate(Deed):
    """A colleague of finance agrees."""

    rerate: int
