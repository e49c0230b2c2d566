"""What waits for a person, counted: the first page lists it and the navigation shows the numbers."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple

import redis
from flask import current_app, session, url_for
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from erp.domain import analytics
from erp.kernel.outbox import courier
from erp.kernel.permissions import Permission

FRESH_FOR = 15
"""Seconds for which a count may be shown again; a deed done on these pages has everything counted anew at once."""
CACHED = "ref:waiting"
DID = "did"
"""When the reader did something last, in their session."""


class Kind(NamedTuple):
    """One kind of waiting work: where it is looked at, and whose work it is: who may do something about it."""

    key: str
    endpoint: str
    args: dict[str, Any]
    permission: Permission
    icon: str
    title: LazyString
    text: LazyString


class Counted(NamedTuple):
    """How much of each kind waits, and when it was counted, in seconds of the epoch."""

    at: float
    numbers: dict[str, int]


NEVER = Counted(0.0, {})
Busy = tuple[tuple[str, int], ...]
"""Endpoints, each with how much waits there."""


class Waiting(NamedTuple):
    endpoint: str
    url: str
    icon: str
    title: str
    text: str
    number: int


KINDS = [
    Kind(
        "open_cases",
        "cases.index",
        {"state": "open"},
        Permission.CASES_DECIDE,
        "scale",
        _("Cases to decide"),
        _("A booking and a code named different agents. What they earned is frozen until somebody decides."),
    ),
    Kind(
        "open_disputes",
        "disputes.index",
        {"state": "open"},
        Permission.DISPUTES_WRITE,
        "message-square-warning",
        _("Open disputes"),
        _("Agents object. Answer them; each says who decides, by when, and what happens if nobody does."),
    ),
    Kind(
        "agents_to_verify",
        "agents.index",
        {"state": "pending"},
        Permission.AGENTS_WRITE,
        "users",
        _("Agents to verify"),
        _("They registered and may refer already; nobody pays them before they are active."),
    ),
    Kind(
        "drafts_of_terms",
        "programmes.index",
        {"draft": "yes"},
        Permission.PROGRAMMES_WRITE,
        "badge-percent",
        _("Programmes with a draft of terms"),
        _("A draft touches nobody until somebody brings it into force, or throws it away."),
    ),
    Kind(
        "frozen_commissions",
        "freezes.index",
        {"state": "frozen"},
        Permission.COMMISSIONS_DECIDE,
        "snowflake",
        _("Frozen commissions"),
        _("A hold with a reason. Each says who decides, by when, and what happens if nobody does."),
    ),
    Kind(
        "reversals_to_approve",
        "reversals.index",
        {"state": "proposed"},
        Permission.COMMISSIONS_DECIDE,
        "undo-2",
        _("Reversals to approve"),
        _("Somebody takes back more than the limit; a different person must approve it."),
    ),
    Kind(
        "rerates_to_decide",
        "rerates.index",
        {"state": "proposed"},
        Permission.RERATES_APPROVE,
        "calendar-sync",
        _("Re-rates to decide"),
        _("Somebody wants to move referrals to other terms; a different person must approve or refuse."),
    ),
    Kind(
        "runs_to_approve",
        "payout_runs.index",
        {"state": "draft"},
        Permission.PAYOUTS_APPROVE,
        "layers",
        _("Payout runs to approve"),
        _("Somebody prepared them; a different person must approve before money leaves."),
    ),
    Kind(
        "failed_payouts",
        "payouts.index",
        {"state": "failed"},
        Permission.PAYOUTS_APPROVE,
        "hand-coins",
        _("Payouts that failed"),
        _("The bank refused for certain. See why, then try again."),
    ),
    Kind(
        "unknown_payouts",
        "payouts.index",
        {"state": "unknown"},
        Permission.PAYOUTS_APPROVE,
        "hand-coins",
        _("Payouts without an answer"),
        _("The bank has not said how they ended. It is asked again and again; nothing is sent twice."),
    ),
    Kind(
        "puzzling_payments",
        "payments.index",
        {"attention": "yes"},
        Permission.PAYMENTS_REFUND,
        "credit-card",
        _("Payments to look at"),
        _("The bank said something that does not fit. Nothing is booked on it until somebody has looked."),
    ),
    Kind(
        "write_offs_to_decide",
        "write_offs.index",
        {"state": "asked"},
        Permission.BOOKS_APPROVE,
        "eraser",
        _("Debts to write off"),
        _("Somebody asked to give them up; a different person must approve or refuse."),
    ),
    Kind(
        "closings_to_approve",
        "periods.index",
        {},
        Permission.BOOKS_APPROVE,
        "calendar-check",
        _("Months to close"),
        _("Somebody proposed to close a month of the books; a different person must approve."),
    ),
    Kind(
        "jobs_given_up",
        "jobs.index",
        {"state": "given_up"},
        Permission.JOBS_RETRY,
        "list-checks",
        _("Jobs that were given up"),
        _("They failed again and again. See why, then retry."),
    ),
]


def waiting(granted: Collection[Permission]) -> list[Waiting]:
    """Each kind of work that somebody with these permissions may do something about, with how much there is."""
    numbers = _numbers()
    return [
        Waiting(
            kind.endpoint,
            url_for(kind.endpoint, **kind.args),
            kind.icon,
            str(kind.title),
            str(kind.text),
            numbers[kind.key],
        )
        for kind in KINDS
        if kind.permission in granted
    ]


def waiting_by_page(granted: frozenset[Permission]) -> Busy:
    """The same by the endpoint of the list that shows it, for the navigation: where anything waits."""
    return _by_page(granted, tuple(_numbers().items()))


@lru_cache(maxsize=64)
def _by_page(granted: frozenset[Permission], numbers: tuple[tuple[str, int], ...]) -> Busy:
    known, found = dict(numbers), Counter[str]()
    for kind in KINDS:
        if kind.permission in granted:
            found[kind.endpoint] += known[kind.key]
    return tuple([(endpoint, number) for endpoint, number in found.items() if number])


def count_anew() -> None:
    """Something was done: whoever did it sees at once what waits now, whichever process answers them."""
    if "_user_id" in session:
        session[DID] = time.time()
    try:
        courier().delete(CACHED)
    except redis.RedisError:
        return  # then it is not cached either


def _numbers() -> dict[str, int]:
    """What waits, as it was counted at most `FRESH_FOR` seconds ago, and after the reader's own last deed."""
    counted = current_app.extensions.get(CACHED) or NEVER
    since = max(session.get(DID, 0.0), time.time() - FRESH_FOR)
    if counted.at <= since:
        shared = _shared()
        counted = shared if shared.at > since else _count()
        current_app.extensions[CACHED] = counted
    return counted.numbers


def _shared() -> Counted:
    """As some process counted lately."""
    try:
        known = courier().get(CACHED)
    except redis.RedisError:
        return NEVER
    return Counted(*json.loads(known)) if known else NEVER


def _count() -> Counted:
    counted = Counted(time.time(), analytics.waiting())
    try:
        courier().set(CACHED, json.dumps(counted), ex=FRESH_FOR)
    except redis.RedisError:
        return counted  # the next process counts for itself
    return counted
