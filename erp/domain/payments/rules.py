"""The bank's words for a payment, which of them may follow which, and what an order may ask for.

Statuses in capitals are the bank's (protocols of T-Bank acquiring v2); the small ones are ours, from before the bank
has answered. GetState is the truth, but its answers can overtake each other, so a late answer that would lead back
is ignored.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from zoneinfo import ZoneInfo

from erp.kernel.sentences import Amount, Counted, Rate, Sentence

CURRENCY = "RUB"
"""The acquirer takes roubles only."""
LEAST = 1_000
"""10 RUB: the smallest payment SBP carries."""
MOST = 9_999_999_999
"""Ten digits of kopecks."""
LONGEST_DESCRIPTION = 140
MOST_VAT_BPS = 5_000
TAX_ZONE = ZoneInfo("Europe/Moscow")
VAT_BPS = ((dt.date(2026, 1, 1), 2_200), (dt.date.min, 2_000))
"""The ordinary rate of VAT in basis points, from which day on; the newest first."""
LARGEST_NOTIFICATION = 64 * 1024
LEASE_SECONDS = 60
"""How long the one who asks the bank to open a payment is left alone; longer than the bank may take to answer."""
ASK_AFTER_SECONDS, ASK_AT_LEAST_EVERY_SECONDS = 60, 3600
"""An unfinished payment is asked about a minute after the last time, then ever more rarely, but every hour."""

ASK_REFUND_AGAIN_AFTER_SECONDS, LONGEST_REFUND_DELAY = 5, 3600
"""A refund that the bank did not answer is sent once more after five seconds, then ever more rarely."""

ASKED, UNANSWERED, REFUSED = "asked", "unknown", "refused"
"""Init is on its way; its answer was lost; the bank refused it."""


class Phase(StrEnum):
    """What a status means for the money."""

    WAITING = "waiting"
    OPEN = "open"
    HELD = "held"
    DECLINED = "declined"
    RECEIVED = "received"
    RETURNING = "returning"
    PARTLY_RETURNED = "partly_returned"
    RETURNED = "returned"
    CLOSED = "closed"


PHASES: dict[str, Phase] = {
    ASKED: Phase.WAITING,
    UNANSWERED: Phase.WAITING,
    REFUSED: Phase.CLOSED,
    **dict.fromkeys(
        (
            "NEW",
            "FORM_SHOWED",
            "PREAUTHORIZING",
            "AUTHORIZING",
            "3DS_CHECKING",
            "3DS_CHECKED",
            "PAY_CHECKING",
            "CONFIRMING",
            "CONFIRM_CHECKING",
            "UNKNOWN",
        ),
        Phase.OPEN,
    ),
    **dict.fromkeys(("AUTHORIZED", "PARTIAL_REVERSED", "REVERSING", "CANCEL_CHECKING"), Phase.HELD),
    **dict.fromkeys(("REJECTED", "AUTH_FAIL"), Phase.DECLINED),
    "CONFIRMED": Phase.RECEIVED,
    **dict.fromkeys(("REFUNDING", "ASYNC_REFUNDING"), Phase.RETURNING),
    "PARTIAL_REFUNDED": Phase.PARTLY_RETURNED,
    "REFUNDED": Phase.RETURNED,
    **dict.fromkeys(("CANCELED", "DEADLINE_EXPIRED", "ATTEMPTS_EXPIRED", "REVERSED"), Phase.CLOSED),
}
STATUSES = tuple(PHASES)

P = Phase
_BEFORE_MONEY = frozenset({P.OPEN, P.HELD, P.DECLINED, P.CLOSED})
_MONEY = frozenset({P.RECEIVED, P.RETURNING, P.PARTLY_RETURNED, P.RETURNED})
MOVES: dict[Phase, frozenset[Phase]] = {
    P.WAITING: _BEFORE_MONEY | _MONEY | {P.WAITING},
    P.OPEN: _BEFORE_MONEY | _MONEY,
    P.HELD: frozenset({P.HELD, P.CLOSED}) | _MONEY,
    P.DECLINED: _BEFORE_MONEY | _MONEY,  # the payer may try again on the same form
    P.RECEIVED: frozenset({P.RETURNING, P.PARTLY_RETURNED, P.RETURNED}),
    P.RETURNING: frozenset({P.RECEIVED, P.RETURNING, P.PARTLY_RETURNED, P.RETURNED}),
    P.PARTLY_RETURNED: frozenset({P.RETURNING, P.PARTLY_RETURNED, P.RETURNED}),
    P.RETURNED: frozenset(),
    P.CLOSED: frozenset(),
}
"""Where a payment may go next."""

PAID = frozenset(status for status, phase in PHASES.items() if phase in _MONEY)
"""The money was received, even if it has gone back since."""
OVER = frozenset(status for status, phase in PHASES.items() if phase in (P.DECLINED, P.CLOSED))
"""Nothing was paid; the order may be paid by another payment."""
ASKED_ABOUT = frozenset(
    status for status, phase in PHASES.items() if phase in (P.WAITING, P.OPEN, P.HELD, P.RETURNING)
)
"""Statuses that cannot last: the bank is asked until they change."""


def may_follow(before: str, after: str) -> bool:
    """Whether a payment in status `before` may be seen in `after` next; a word we do not know may not."""
    return after in PHASES and PHASES[after] in MOVES[PHASES[before]]


def ordinary_vat_bps(at: dt.datetime) -> int:
    """The rate of VAT in force at a moment, by the day in Moscow."""
    day = at.astimezone(TAX_ZONE).date()
    return next(bps for since, bps in VAT_BPS if since <= day)


MOST_PREPAID_DAYS = 3650


def problems_of_order(
    amount: int,
    currency: str,
    description: str,
    vat_bps: int | None = None,
    prepaid_days: int | None = None,
) -> dict[str, Sentence]:
    """What is wrong with an order, by field."""
    problems: dict[str, Sentence] = {}
    if not LEAST <= amount <= MOST:
        problems["amount"] = Sentence(
            "Between %(least)s and %(most)s.", least=Amount(LEAST, CURRENCY), most=Amount(MOST, CURRENCY)
        )
    if currency != CURRENCY:
        problems["currency"] = Sentence("The bank takes roubles (RUB) only.")
    if not 0 < len(description) <= LONGEST_DESCRIPTION:
        problems["description"] = Counted(
            "Something, and at most %(num)s character.",
            "Something, and at most %(num)s characters.",
            num=LONGEST_DESCRIPTION,
        )
    if vat_bps is not None and not 0 <= vat_bps <= MOST_VAT_BPS:
        problems["vat_bps"] = Sentence(
            "Between %(least)s and %(most)s.", least=Rate(0), most=Rate(MOST_VAT_BPS)
        )
    if prepaid_days is not None and not 1 <= prepaid_days <= MOST_PREPAID_DAYS:
        problems["prepaid_days"] = Sentence(
            "Between %(least)s and %(most)s days.", least=1, most=MOST_PREPAID_DAYS
        )
    return problems


class RefundState(StrEnum):
    """`attested`: made elsewhere (the bank's cabinet), its total written down by a member of staff."""

    ASKED = "asked"
    SENT = "sent"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    ATTESTED = "attested"


def ask_refund_again_after(times_asked: int) -> int:
    """Seconds until an unanswered refund is sent once more: 5, 10, 20 … at most an hour."""
    rest = ASK_REFUND_AGAIN_AFTER_SECONDS << min(times_asked - 1, 10)
    return min(rest, LONGEST_REFUND_DELAY)


OPEN_REFUNDS = (RefundState.ASKED, RefundState.SENT, RefundState.UNKNOWN)


class Verdict(StrEnum):
    """What became of a notification. `duplicate` is answered but never stored: the first one is."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    BAD_TOKEN = "bad_token"
    UNKNOWN_ORDER = "unknown_order"
    WRONG_AMOUNT = "wrong_amount"
    OTHER = "other"


MONEY_NEWS = ("AUTHORIZED", "CONFIRMED")
"""Statuses whose notification must carry exactly the amount we asked for."""


class Attention(StrEnum):
    """Why a person has to look at a payment."""

    WRONG_AMOUNT = "wrong_amount"
    WRONG_ORDER = "wrong_order"
    PAID_TWICE = "paid_twice"
    REFUND_TOTAL_UNKNOWN = "refund_total_unknown"
    REFUND_DIFFERS = "refund_differs"
