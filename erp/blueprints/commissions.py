"""What agents earned, line by line, and why each amount is what it is."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Blueprint, render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from erp.blueprints.forms import Within, choice
from erp.blueprints.listing import page_number, sort_key, with_rows
from erp.blueprints.people import with_agent_names
from erp.blueprints.presentation import format_money
from erp.blueprints.responses import page_or_part
from erp.blueprints.states import state_of
from erp.domain import commissions, ledger
from erp.kernel.permissions import Permission, requires
from erp.language import say

bp = Blueprint("commissions", __name__, url_prefix="/commissions")
STATES = ("on_hold", "available", "frozen", "paid_out", "reversed", "nothing")


class CommissionFilters(Within):
    state = choice(_("Any state"))
    by = choice(_("Dates are of the payment"))


class Step(NamedTuple):
    """A step of the money's way: `state` is done, current, failed or later."""

    title: str
    icon: str
    state: str
    text: str = ""
    at: Any = None


@bp.get("")
@requires(Permission.COMMISSIONS_READ)
def index() -> Any:
    form = CommissionFilters(
        state=[(state, state_of(state).label) for state in STATES],
        by=[("release", _("Dates are of the end of the hold"))],
    )
    found = commissions.search(
        q=form.value("q"),
        state=form.value("state"),
        span=form.span,
        dated_by=form.value("by"),
        sort=sort_key(),
        page=page_number(),
    )
    page = with_rows(found, with_agent_names(found.rows, agent_name="agent_id"))
    return page_or_part("commissions/index.html", "commissions/_rows.html", form=form, page=page, owed=owed())


def owed() -> dict[str, dict[str, Any]]:
    """Per currency and kind of account what is owed to agents, from the balances that the ledger keeps."""
    owed: dict[str, dict[str, Any]] = {}
    for row in ledger.liabilities():
        owed.setdefault(row.currency, {})[row.kind] = row
    return owed


@bp.get("/<int:id>")
@requires(Permission.COMMISSIONS_READ)
def show(id: int) -> Any:
    (commission,) = with_agent_names([commissions.find(id)], agent_name="agent_id")
    return render_template(
        "commissions/show.html",
        commission=commission,
        figures=commissions.formula(id),
        why=[say(sentence) for sentence in commissions.explain(id)],
        corrections=commissions.corrections(id),
        transfers=commissions.transfers(id),
        way=_way(commission),
    )


def _way(line: Any) -> list[Step]:
    """From the customer's payment to the agent's bank."""
    paid, earned = format_money(line.payment_amount, line.currency), format_money(line.amount, line.currency)
    steps = [
        Step(gettext("Customer paid"), "credit-card", "done", paid, line.occurred_at),
        Step(gettext("Earned"), "percent", "done", earned, line.booked_at),
    ]
    if line.state == "reversed":
        return [*steps, Step(gettext("Taken back"), "undo-2", "failed", gettext("the customer was refunded"))]
    held = "failed" if line.state == "frozen" else "current" if line.state == "on_hold" else "done"
    title = gettext("Frozen") if line.state == "frozen" else gettext("Hold")
    steps.append(Step(title, "hourglass", held, "", line.matured_at or line.held_until))
    open_now = line.state == "available"
    available = "later" if held != "done" else "current" if open_now else "done"
    steps.append(Step(gettext("Available"), "wallet", available, "", line.matured_at))
    sent = format_money(line.paid_out, line.currency) if line.paid_out else ""
    done = "done" if line.state == "paid_out" else "later"
    return [*steps, Step(gettext("Paid out"), "landmark", done, sent)]
