"""What waits for a person, counted: the first page lists it and the navigation shows the numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from erp.domain import payments, payouts, referrals
from erp.kernel import outbox
from erp.kernel.permissions import Permission


class Kind(NamedTuple):
    """One kind of waiting work: where it is looked at, who may, and how it is counted."""

    endpoint: str
    args: dict[str, Any]
    permission: Permission
    icon: str
    title: LazyString
    text: LazyString
    number: Callable[[], int]


class Waiting(NamedTuple):
    endpoint: str
    url: str
    icon: str
    title: str
    text: str
    number: int


KINDS = [
    Kind(
        "cases.index",
        {"state": "open"},
        Permission.REFERRALS_READ,
        "scale",
        _("Cases to decide"),
        _("A booking and a code named different agents. What they earned is frozen until somebody decides."),
        referrals.open_cases,
    ),
    Kind(
        "payout_runs.index",
        {"state": "draft"},
        Permission.PAYOUTS_READ,
        "layers",
        _("Payout runs to approve"),
        _("Somebody prepared them; a different person must approve before money leaves."),
        payouts.runs_to_approve,
    ),
    Kind(
        "payouts.index",
        {"state": "failed"},
        Permission.PAYOUTS_READ,
        "hand-coins",
        _("Payouts that failed"),
        _("The bank refused for certain. See why, then try again."),
        payouts.failed,
    ),
    Kind(
        "payments.index",
        {"attention": "yes"},
        Permission.PAYMENTS_READ,
        "credit-card",
        _("Payments to look at"),
        _("The bank said something that does not fit. Nothing is booked on it until somebody has looked."),
        payments.attention_count,
    ),
    Kind(
        "jobs.index",
        {"state": "given_up"},
        Permission.JOBS_READ,
        "list-checks",
        _("Jobs that were given up"),
        _("They failed again and again. See why, then retry."),
        outbox.given_up,
    ),
]


def waiting(granted: Collection[Permission]) -> list[Waiting]:
    """Each kind of work that somebody with these permissions may open, with how much there is."""
    return [
        Waiting(
            kind.endpoint,
            url_for(kind.endpoint, **kind.args),
            kind.icon,
            str(kind.title),
            str(kind.text),
            kind.number(),
        )
        for kind in KINDS
        if kind.permission in granted
    ]
