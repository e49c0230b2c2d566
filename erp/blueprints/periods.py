"""Months of the owner's books: what one looks at before it is closed, its closing by two people, and what was kept."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import TextAreaField

from erp.blueprints.forms import Form, Outcome, attempt
from erp.blueprints.history import history_of
from erp.blueprints.people import actor_name, with_actor_names
from erp.blueprints.presentation import format_month
from erp.blueprints.responses import refused, seen_other
from erp.domain import analytics, ledger
from erp.kernel import clock
from erp.kernel.errors import NotFound
from erp.kernel.permissions import Permission, requires
from erp.kernel.span import Span
from erp.kernel.transaction import transaction

bp = Blueprint("periods", __name__, url_prefix="/ledger/months")


class ProposalForm(Form):
    note = TextAreaField(_("What the colleague who approves should know"))


@bp.get("")
@requires(Permission.PAYOUTS_READ)
def index() -> Any:
    month = ledger.next_month()
    return render_template(
        "periods/index.html",
        closed=with_actor_names(ledger.closed_periods(), "proposed_by", "approved_by"),
        next=month and _state(month),
    )


def _state(month: dt.date) -> dict[str, Any]:
    """How far the month is that is closed next."""
    ends_at = ledger.ends_of(month)
    closing = ledger.standing_closing(month)
    return {
        "month": month,
        "ends_at": ends_at,
        "is_over": clock.now() >= ends_at,
        "closing": closing,
        "proposed_by": closing and actor_name(closing.proposed_by),
    }


@bp.get("/<month>")
@requires(Permission.PAYOUTS_READ)
def show(month: str) -> Any:
    return render_template("periods/show.html", **_shown(ledger.parse_month(month)))


@bp.post("/<month>/closings")
@requires(Permission.BOOKS_WRITE)
def propose(month: str) -> Any:
    form, day = ProposalForm(), ledger.parse_month(month)
    with attempt(form) as tried, transaction():
        form.check()
        ledger.propose_closing(day, note=form.note.data or "", by=current_user.actor, now=clock.now())
    return _answered(day, tried, gettext("Proposed. A different person must approve."), form=form)


@bp.post("/<month>/closings/<uuid:closing>/approval")
@requires(Permission.BOOKS_APPROVE)
def approve(month: str, closing: UUID) -> Any:
    day = ledger.parse_month(month)
    with attempt() as tried, transaction():
        ledger.approve_closing(closing, by=current_user.actor, now=clock.now())
    said = gettext("%(month)s is closed for good.", month=format_month(day))
    return _answered(day, tried, said)


@bp.post("/<month>/closings/<uuid:closing>/withdrawal")
@requires(Permission.BOOKS_WRITE)
def withdraw(month: str, closing: UUID) -> Any:
    with attempt() as tried, transaction():
        ledger.withdraw_closing(closing, by=current_user.actor, now=clock.now())
    return _answered(ledger.parse_month(month), tried, gettext("The proposal is withdrawn."))


def _answered(month: dt.date, tried: Outcome, success: str, **form: Form) -> Any:
    if tried.refusal:
        context = _shown(month) | form | {"refusal": tried.refusal}
        return refused("periods/show.html", "periods/_closing.html", **context)
    flash(success)
    return seen_other(url_for("periods.show", month=f"{month:%Y-%m}"))


def _shown(month: dt.date) -> dict[str, Any]:
    """A closed month as it was kept, or the open one as it stands. Raises `NotFound` for a month that has no books."""
    first, following = ledger.first_month(), ledger.next_month()
    if first is None or not first <= month <= ledger.month_of(clock.now()):
        raise NotFound
    is_closed = following is not None and month < following
    accounts = ledger.closing_balances(month) if is_closed else _now(month)
    closings, closing = ledger.closings_of(month), ledger.standing_closing(month)
    return {
        "month": month,
        "key": f"{month:%Y-%m}",
        "is_closed": is_closed,
        "is_next": month == following,
        "is_over": clock.now() >= ledger.ends_of(month),
        "next": following,
        "accounts": accounts,
        "results": ledger.results(accounts),
        "period": with_actor_names([ledger.find_period(month)], "proposed_by", "approved_by")[0]
        if is_closed
        else None,
        "unfinished": analytics.unfinished() if month == following else [],
        "closing": closing,
        "is_mine": closing is not None and closing.proposed_by == str(current_user.actor),
        "history": [told for one in closings for told in history_of("period_closing", one.id)],
        "form": ProposalForm(formdata=None),
        "refusal": None,
    }


def _now(month: dt.date) -> Any:
    """The trial balance of a month that is open, as it would be kept now."""
    return ledger.trial_balance(ledger.Cut(Span(*ledger.bounds(month))))
