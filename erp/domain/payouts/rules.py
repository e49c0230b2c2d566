"""What a payout may become, who can be paid, which commissions a transfer pays, and whether two names are one person."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from erp.gateways.tbank import PAY_WITHIN, PayoutStatus

BANK_MINIMUM = 100
"""The smallest transfer the bank makes: 1 RUB in kopecks. Terms say from how much on an agent is paid."""
CURRENCY = "RUB"
"""The bank pays out roubles only."""
PURPOSE = "Referral commission"
"""What the recipient reads beside the money."""
SAFETY = dt.timedelta(seconds=30)
"""How long before the bank forgets a check we stop relying on it."""
MOST_ATTEMPTS = 5
"""Checks that lapse one after another before a payout fails and waits for a person."""
LAPSED = "4008"
"""The bank's code for a check that nobody used in time: no money moved."""
ASK_AFTER_SECONDS = 60
SETTLED_BY_PEOPLE_AFTER = dt.timedelta(hours=24)
"""How long the bank goes on telling by itself what became of a transfer. After that people may find out."""


class RunState(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    EXECUTING = "executing"
    DONE = "done"
    CANCELLED = "cancelled"


class State(StrEnum):
    """Where a payout stands. From `paying` on only the bank knows; `unknown` is asked about, never sent again."""

    PREPARED = "prepared"
    APPROVED = "approved"
    CHECKING = "checking"
    CHECKED = "checked"
    PAYING = "paying"
    UNKNOWN = "unknown"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


MOVES: dict[State, frozenset[State]] = {
    State.PREPARED: frozenset({State.APPROVED, State.WITHDRAWN}),
    State.APPROVED: frozenset({State.CHECKING, State.FAILED}),
    State.CHECKING: frozenset({State.CHECKED, State.APPROVED, State.UNKNOWN, State.FAILED}),
    State.CHECKED: frozenset({State.PAYING, State.APPROVED, State.FAILED}),
    State.PAYING: frozenset({State.PAID, State.UNKNOWN, State.CHECKED, State.APPROVED, State.FAILED}),
    State.UNKNOWN: frozenset({State.PAID, State.PAYING, State.APPROVED, State.FAILED}),
    State.PAID: frozenset({State.RETURNED}),
    State.FAILED: frozenset({State.APPROVED}),
    State.RETURNED: frozenset(),
    State.WITHDRAWN: frozenset(),
}
"""`paying` and `unknown` lead back to `approved` only when the bank rejected the transfer because its check lapsed,
and `paying` to `checked` only when nothing was sent."""

ENDED = frozenset({State.PAID, State.FAILED, State.RETURNED, State.WITHDRAWN})
SET_ASIDE = frozenset({State.APPROVED, State.CHECKING, State.CHECKED, State.PAYING, State.UNKNOWN})
"""States in which the books hold the money for the transfer."""
WITH_THE_BANK = (State.PAYING, State.UNKNOWN)


class AttemptState(StrEnum):
    BEGUN = "begun"
    CHECKED = "checked"
    PAYING = "paying"
    COMPLETING = "completing"
    UNKNOWN = "unknown"
    PAID = "paid"
    REJECTED = "rejected"
    ABANDONED = "abandoned"


LIVE_ATTEMPTS = (
    AttemptState.BEGUN,
    AttemptState.CHECKED,
    AttemptState.PAYING,
    AttemptState.COMPLETING,
    AttemptState.UNKNOWN,
)
STILL_LOOKING = (PayoutStatus.NEW, PayoutStatus.AUTHORIZING, PayoutStatus.CHECKING, PayoutStatus.UNKNOWN)
ON_ITS_WAY = (PayoutStatus.COMPLETING, PayoutStatus.CREDIT_CHECKING)


class Found(StrEnum):
    """What two people found out about a transfer of which the bank does not say what became."""

    PAID = "paid"
    NOT_SENT = "not_sent"


def may_move(before: str, after: State) -> bool:
    return after in MOVES[State(before)]


MAY_BE_PAID = "(a.state = 'active' or a.state = 'closed' and a.activated_at is not null)"
"""Whether an agent `a` is paid, in SQL: when it is active, and once closed for what it had earned, if it ever was."""


class LeftOut(StrEnum):
    """Why an agent with money available gets no payout now."""

    NOT_ACTIVE = "not_active"
    NOT_BY_BANK = "not_paid_by_bank"
    NO_NAME = "no_name"
    NO_BANK = "no_bank"
    PAYOUT_OPEN = "payout_open"
    IN_DEBT = "in_debt"
    BELOW_MINIMUM = "below_minimum"
    NOTHING_OPEN = "nothing_open"


def smallest_payout(agent_state: str, of_terms: int | None) -> int:
    """From how much on an agent is paid, in minor units; a closed one however little it is."""
    return max(BANK_MINIMUM, 0 if agent_state == "closed" else of_terms or 0)


def obstacle(*, kind: str, may_be_paid: bool, has_name: bool, has_bank: bool) -> LeftOut | None:
    """What does not pass by itself: somebody must put it right before an agent can be paid at all."""
    reasons = (
        (not may_be_paid, LeftOut.NOT_ACTIVE),
        (kind not in ("person", "organisation"), LeftOut.NOT_BY_BANK),
        (not has_name, LeftOut.NO_NAME),
        (not has_bank, LeftOut.NO_BANK),
    )
    return next((reason for applies, reason in reasons if applies), None)


def why_left_out(
    obstacle: LeftOut | None, *, payout_open: bool, available: int, payable: int, minimum: int
) -> LeftOut | None:
    """The first reason to leave an agent out, or None.

    `payable` is what its open commissions allow, `minimum` its smallest payout, in minor units.
    """
    reasons = (
        (payout_open, LeftOut.PAYOUT_OPEN),
        (available < 0, LeftOut.IN_DEBT),
        (payable == 0 < available, LeftOut.NOTHING_OPEN),
        (payable < minimum, LeftOut.BELOW_MINIMUM),
    )
    return obstacle or next((reason for applies, reason in reasons if applies), None)


def fill(amount: int, opens: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pay `amount` out of open commissions (id, open), oldest first; the last one may be paid in part.

    The parts sum to `amount`, or to all that is open if that is less.
    """
    lines, left = [], amount
    for commission_id, open_amount in opens:
        if left <= 0:
            break
        lines.append((commission_id, min(open_amount, left)))
        left -= lines[-1][1]
    return lines


def pay_until(checked_at: dt.datetime) -> dt.datetime:
    """Until when a check of `checked_at` may be followed by the payment."""
    return checked_at + PAY_WITHIN - SAFETY


def settled_by_people_from(begun_at: dt.datetime, sent_at: dt.datetime | None) -> dt.datetime:
    """From when on people may settle an attempt: counted from the moment at which money may have left."""
    return (sent_at or begun_at) + SETTLED_BY_PEOPLE_AFTER


def ask_again_after(times_asked: int) -> float:
    """Seconds until the bank is asked once more: 2, 4, 8 … at most five minutes."""
    return float(min(2 ** min(times_asked + 1, 9), 300))


def names_match(short_name: str, verified_name: str) -> bool:
    """Whether the bank's "Иван Иванович И." can be the verified "Иванов Иван Иванович".

    The bank gives first name, patronymic and the initial of the surname; ё equals е; case and order of the verified
    name do not matter. The first name must be there, a different word must begin with the initial, and the patronymic
    is compared when the verified name has one (three words or more).
    """
    words, initial = _parted(short_name)
    verified = _words(verified_name)
    if not words or not initial or words[0] not in verified:
        return False
    verified.remove(words[0])
    if len(words) > 1 and len(verified) > 1:
        if words[1] not in verified:
            return False
        verified.remove(words[1])
    return any(word.startswith(initial) for word in verified)


def _parted(short_name: str) -> tuple[Sequence[str], str]:
    words = _words(short_name)
    return words[:-1], words[-1][:1] if words else ""


def _words(name: str) -> list[str]:
    return re.findall(r"[\w-]+", name.casefold().replace("ё", "е"))
