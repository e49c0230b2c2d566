"""The side navigation: every area of RefERP, its icon, its page and the permission that opens it."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from flask import request, url_for
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from erp.kernel.permissions import Permission
from erp.language import locale


class Area(NamedTuple):
    label: LazyString
    icon: str
    endpoint: str
    permission: Permission | None


class NavItem(NamedTuple):
    """One line of the navigation; `number` is what waits there for somebody, 0 shows nothing."""

    label: str
    icon: str
    url: str
    number: int = 0
    current: bool = False


Navigation = list[tuple[str, list[NavItem]]]
"""The lines of each group, by its heading."""
CLOCK = "clock.show"
GROUPS: list[tuple[LazyString | str, list[Area]]] = [
    ("", [Area(_("Dashboard"), "layout-dashboard", "home.show", None)]),
    (
        _("Work"),
        [
            Area(_("Establishments"), "store", "establishments.index", Permission.CATALOGUE_READ),
            Area(_("Bookings"), "bookmark", "bookings.index", Permission.BOOKINGS_READ),
            Area(_("Agents"), "users", "agents.index", Permission.AGENTS_READ),
            Area(_("Referrals"), "git-fork", "referrals.index", Permission.REFERRALS_READ),
            Area(_("Customers"), "contact", "customers.index", Permission.REFERRALS_READ),
            Area(_("Cases"), "scale", "cases.index", Permission.REFERRALS_READ),
            Area(_("Disputes"), "message-square-warning", "disputes.index", Permission.DISPUTES_READ),
        ],
    ),
    (
        _("Money"),
        [
            Area(_("Commissions"), "percent", "commissions.index", Permission.COMMISSIONS_READ),
            Area(_("Frozen"), "snowflake", "freezes.index", Permission.COMMISSIONS_READ),
            Area(_("Reversals"), "undo-2", "reversals.index", Permission.COMMISSIONS_READ),
            Area(_("Payments"), "credit-card", "payments.index", Permission.PAYMENTS_READ),
            Area(_("Payouts"), "hand-coins", "payouts.index", Permission.PAYOUTS_READ),
            Area(_("Payout runs"), "layers", "payout_runs.index", Permission.PAYOUTS_READ),
            Area(_("Settlements"), "landmark", "settlements.index", Permission.PAYMENTS_READ),
            Area(_("Write-offs"), "eraser", "write_offs.index", Permission.PAYOUTS_READ),
            Area(_("Ledger"), "book-open", "ledger.index", Permission.PAYOUTS_READ),
            Area(_("Journal"), "notebook-text", "journal.index", Permission.PAYOUTS_READ),
            Area(_("Months"), "calendar-check", "periods.index", Permission.PAYOUTS_READ),
            Area(_("Statements"), "stamp", "statements.index", Permission.AGENTS_READ),
        ],
    ),
    (
        _("Rules"),
        [
            Area(_("Programmes"), "badge-percent", "programmes.index", Permission.PROGRAMMES_READ),
            Area(_("Re-rates"), "calendar-sync", "rerates.index", Permission.PROGRAMMES_READ),
            Area(_("Back-tests"), "rewind", "backtests.index", Permission.PROGRAMMES_READ),
            Area(_("Deadlines"), "timer", "deadlines.show", Permission.COMMISSIONS_READ),
        ],
    ),
    (
        _("System"),
        [
            Area(_("Audit log"), "scroll-text", "audit.index", Permission.AUDIT_READ),
            Area(_("Jobs"), "list-checks", "jobs.index", Permission.JOBS_READ),
            Area(_("Staff"), "user-cog", "staff.index", Permission.STAFF_READ),
            Area(_("API keys"), "key-round", "api_keys.index", Permission.API_KEYS_WRITE),
            Area(_("Clock"), "clock", CLOCK, Permission.CLOCK_MOVE),
        ],
    ),
]


AREAS = {area.endpoint: area for _label, areas in GROUPS for area in areas}
BY_BLUEPRINT = {endpoint.partition(".")[0]: area for endpoint, area in AREAS.items()}


def area_here() -> str:
    """What the area is called that the page asked for lies in, for its title; "" beside all areas."""
    area = BY_BLUEPRINT.get(request.blueprint or "")
    return str(area.label) if area else ""


def is_open(area: Area, granted: Collection[Permission]) -> bool:
    """Whether somebody with these permissions may open the area; one without a permission is for all."""
    return area.permission is None or area.permission in granted


def navigation(granted: frozenset[Permission], *, mode: str, busy: tuple[tuple[str, int], ...]) -> Navigation:
    """What somebody with these permissions may open; `busy` says of endpoints how much waits there. Only mock has a
    clock."""
    return _navigation(granted, mode, busy, f"{request.blueprint}.", locale().language)


@lru_cache(maxsize=512)
def _navigation(
    granted: frozenset[Permission], mode: str, busy: tuple[tuple[str, int], ...], here: str, _language: str
) -> Navigation:
    """The same for everybody who may do the same, reads the same language and stands at the same page."""
    numbers = dict(busy)
    groups = [
        (
            str(label),
            [
                NavItem(
                    str(area.label),
                    area.icon,
                    url_for(area.endpoint),
                    numbers.get(area.endpoint, 0),
                    area.endpoint.startswith(here),
                )
                for area in areas
                if is_open(area, granted) and (mode == "mock" or area.endpoint != CLOCK)
            ],
        )
        for label, areas in GROUPS
    ]
    return [(label, items) for label, items in groups if items]
