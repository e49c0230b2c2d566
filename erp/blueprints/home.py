"""The first page: the dashboard of the reader's role. The others' are beside it, as far as they may be opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, render_template, url_for
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from flask_login import current_user

from erp.blueprints.boards import admin, auditor, days, finance, manager, support
from erp.blueprints.waiting import waiting
from erp.kernel.permissions import Permission, Role, for_staff, requires

bp = Blueprint("home", __name__)


class Board(NamedTuple):
    """A dashboard: its words, what opens it, and what gathers its figures."""

    title: LazyString
    lead: LazyString
    permission: Permission
    figures: Callable[[], dict[str, Any]]


BOARDS = {
    Role.MANAGER: Board(
        _("Manager"),
        _("What moved, what waits, and what is at risk."),
        Permission.BOOKINGS_READ,
        manager.board,
    ),
    Role.FINANCE: Board(
        _("Finance"),
        _("What is owed and when, what is on its way, and what was paid."),
        Permission.PAYOUTS_READ,
        finance.board,
    ),
    Role.SUPPORT: Board(
        _("Support"),
        _("Agents in trouble, and codes that did not count."),
        Permission.AGENTS_READ,
        support.board,
    ),
    Role.ADMIN: Board(
        _("Administrator"),
        _("Whether everything runs, and the rest in short."),
        Permission.JOBS_READ,
        admin.board,
    ),
    Role.AUDITOR: Board(
        _("Auditor"), _("Who did what, and whether the sums agree."), Permission.AUDIT_READ, auditor.board
    ),
}
"""Somebody with several roles starts at the first of theirs."""


TURNOVER = Board(
    _("Day by day"),
    _("What customers paid and got back, and what agents earned and were paid, each day."),
    Permission.PAYMENTS_READ,
    days.board,
)


@bp.get("/")
@for_staff("everybody starts here and sees only what their role opens")
def show() -> Any:
    return _shown(next(role for role in BOARDS if role.value in current_user.roles))


@bp.get("/dashboards/manager")
@requires(BOARDS[Role.MANAGER].permission)
def of_manager() -> Any:
    return _shown(Role.MANAGER)


@bp.get("/dashboards/finance")
@requires(BOARDS[Role.FINANCE].permission)
def of_finance() -> Any:
    return _shown(Role.FINANCE)


@bp.get("/dashboards/support")
@requires(BOARDS[Role.SUPPORT].permission)
def of_support() -> Any:
    return _shown(Role.SUPPORT)


@bp.get("/dashboards/admin")
@requires(BOARDS[Role.ADMIN].permission)
def of_admin() -> Any:
    return _shown(Role.ADMIN)


@bp.get("/dashboards/auditor")
@requires(BOARDS[Role.AUDITOR].permission)
def of_auditor() -> Any:
    return _shown(Role.AUDITOR)


@bp.get("/dashboards/turnover")
@requires(Permission.PAYMENTS_READ)
def turnover() -> Any:
    """Every day of a year or less, to look at closely."""
    return render_template(
        "home/turnover.html", tabs=_tabs("turnover"), lead=TURNOVER.lead, **TURNOVER.figures()
    )


def _shown(role: Role) -> Any:
    return render_template(
        f"home/{role}.html",
        lead=BOARDS[role].lead,
        tabs=_tabs(role),
        waiting=[kind for kind in waiting(current_user.permissions) if kind.number],
        **BOARDS[role].figures(),
    )


def _tabs(current: str) -> list[tuple[LazyString, str, bool, None]]:
    """The dashboards that the reader may open, and the days beside them."""
    granted = current_user.permissions
    boards = [
        (board.title, f"of_{role}", role == current, board.permission) for role, board in BOARDS.items()
    ]
    boards.append((TURNOVER.title, "turnover", current == "turnover", TURNOVER.permission))
    return [
        (title, url_for(f"home.{view}"), is_current, None)
        for title, view, is_current, permission in boards
        if permission in granted
    ]
