"""Reversals by hand: asked for with a reason, approved by a second person above the limit, undone by another."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import StringField

from erp.blueprints.address import sort_key
from erp.blueprints.columns import AGENT, Column, Moment, Money, Mono, Tag, To, Words
from erp.blueprints.forms import Filters, Form, Outcome, amount_in, attempt, choice, needed
from erp.blueprints.history import history_of
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import agent_names, dressed, with_actor_names, with_agent_names
from erp.blueprints.presentation import capital, format_money
from erp.blueprints.reasons import ReasonForm
from erp.blueprints.responses import page_or_part, refused, seen_other
from erp.blueprints.seen import unchanged
from erp.blueprints.states import state_of
from erp.domain import commissions
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction
from erp.language import say

bp = Blueprint("reversals", __name__, url_prefix="/reversals")
STATES = ("proposed", "done", "withdrawn")
UNDOING = ("mistaken_reversal", "agreed", "other_reason")
"""Reasons that are offered first for undoing."""


class ReversalFilters(Filters):
    state = choice(_("Any state"))
    kind = choice(_("Any kind"))


class ReversalForm(ReasonForm):
    amount = StringField(_("Take back"), [needed])

    def __init__(self, **values: Any):
        super().__init__(commissions.REVERSAL_CODES, **values)


def _find(form: ReversalFilters) -> Listed:
    found = commissions.search_reversals(
        q=form.value("q"),
        state=form.value("state"),
        kind=form.value("kind"),
        sort=sort_key() or "waiting",
    )
    return found.dressed(_worded)


def _worded(rows: Any) -> list[Any]:
    rows = list(rows)
    names = agent_names(row.agent_id for row in rows)
    return with_actor_names(
        dressed(
            rows,
            lambda row: {
                "agent_name": names[row.agent_id],
                "state": f"reversal.{row.state}",
                "kind": f"reversal.{row.kind}",
                "why": capital(say(commissions.CODES[row.code])),
            },
        ),
        "proposed_by",
        "ended_by",
    )


REVERSALS = Listing(
    "reversals",
    _("Reversals by hand"),
    _("What people took back, or gave back again, and why. Above the limit a second person approves."),
    columns=(
        Column("reference", _("Reversal"), Mono(), to=To("reversals.show")),
        AGENT,
        Column(
            "commission_id",
            _("Commission"),
            Mono(),
            shown=False,
            to=To("commissions.show", "id", "commission_id"),
        ),
        Column("kind", _("Kind"), Tag(), card="more"),
        Column("why", _("Why"), Words(), card="note"),
        Column("state", _("State"), Tag(), card="state"),
        Column("amount", _("Amount"), Money(), sort=True, card="sum", total=True),
        Column("proposed_by", _("Asked by")),
        Column("proposed_at", _("Asked"), Moment(), sort=True),
        Column("ended_by", _("Ended by"), shown=False),
        Column("ended_at", _("Ended"), Moment(), shown=False),
        Column("note", _("Note"), Words(), shown=False),
    ),
    find=_find,
    filters=lambda: ReversalFilters(
        state=[(state, state_of(f"reversal.{state}").label) for state in STATES],
        kind=[(kind, state_of(f"reversal.{kind}").label) for kind in ("take_back", "undo")],
    ),
    empty=Empty("undo-2", _("Nothing was taken back by hand"), _("It is done on the page of a commission.")),
    views=(
        View(_("All")),
        View(_("Waiting for a second person"), {"state": "proposed"}),
        View(lazy_pgettext("reversals", "Done"), {"state": "done"}),
    ),
)
mount(bp, REVERSALS, Permission.COMMISSIONS_READ)


@bp.get("/new/<int:id>")
@requires(Permission.COMMISSIONS_DECIDE)
def new(id: int) -> Any:
    """What taking back will do, before it is done."""
    return _new(id, ReversalForm(formdata=None), None)


@bp.post("/new/<int:id>")
@requires(Permission.COMMISSIONS_DECIDE)
def ask(id: int) -> Any:
    line, form = commissions.find(id), ReversalForm()
    with attempt(form) as tried, transaction():
        unchanged("commission", id)
        form.check()
        asked = commissions.ask_reversal(
            id,
            amount=amount_in(form.amount, line.currency),
            code=form.code.data,
            note=form.note.data,
            by=current_user.actor,
            now=clock.now(),
        )
    if tried.refusal:
        return _new(id, form, tried.refusal)
    _say(asked)
    return seen_other(url_for("reversals.show", reference=asked.reference))


def _new(id: int, form: Form, refusal: str | None) -> Any:
    (line,) = with_agent_names([commissions.find(id)], agent_name="agent_id")
    return page_or_part(
        "reversals/new.html",
        "reversals/_new.html",
        status=422 if refusal else 200,
        line=line,
        limit=commissions.limit_of(line.currency),
        form=form,
        refusal=refusal,
    )


def _say(asked: Any) -> None:
    flash(gettext("Booked.") if asked.is_done else gettext("A second person must approve it now."))


@bp.get("/<reference>")
@requires(Permission.COMMISSIONS_READ)
def show(reference: str) -> Any:
    return render_template("reversals/show.html", **_shown(reference))


@bp.post("/<reference>/approval")
@requires(Permission.COMMISSIONS_DECIDE)
def approve(reference: str) -> Any:
    with attempt() as tried, transaction():
        commissions.approve_reversal(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Approved and booked."))


@bp.post("/<reference>/withdrawal")
@requires(Permission.COMMISSIONS_DECIDE)
def withdraw(reference: str) -> Any:
    with attempt() as tried, transaction():
        commissions.withdraw_reversal(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Withdrawn: nothing was booked."))


@bp.post("/<reference>/undoing")
@requires(Permission.COMMISSIONS_DECIDE)
def undo(reference: str) -> Any:
    form = ReasonForm(UNDOING)
    with attempt(form) as tried, transaction():
        form.check()
        asked = commissions.ask_undo(
            reference, code=form.code.data, note=form.note.data, by=current_user.actor, now=clock.now()
        )
    if tried.refusal:
        return _answered(reference, tried, "", undoing=form)
    _say(asked)
    return seen_other(url_for("reversals.show", reference=asked.reference))


def _answered(reference: str, tried: Outcome, said: str, **forms: Form) -> Any:
    if tried.refusal:
        context = _shown(reference) | forms | {"refusal": tried.refusal}
        return refused("reversals/show.html", "reversals/_deeds.html", **context)
    flash(said)
    return seen_other(url_for("reversals.show", reference=reference))


def _shown(reference: str) -> dict[str, Any]:
    found = commissions.find_reversal(reference)
    (reversal,) = _worded([found])
    return {
        "reversal": reversal,
        "is_open": found.state == "proposed",
        "is_own": found.proposed_by == str(current_user.actor),
        "can_be_undone": found.state == "done" and found.kind == "take_back" and not found.is_undone,
        "limit": format_money(commissions.limit_of(found.currency), found.currency),
        "undoing": ReasonForm(UNDOING, formdata=None),
        "history": history_of("manual_reversal", found.id),
        "refusal": None,
    }


def told_reversals(commission_id: int) -> list[Any]:
    """Every reversal by hand of a commission, for its page."""
    return _worded(commissions.reversals_of(commission_id))
