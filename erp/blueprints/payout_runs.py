"""Payout runs: one person prepares, another approves, the workers pay."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import StringField

from erp.blueprints.forms import Filters, Form, Outcome, attempt, choice
from erp.blueprints.history import history_of
from erp.blueprints.listing import page_number, sort_key, with_rows
from erp.blueprints.people import agent_names, with_actor_names, with_agent_names
from erp.blueprints.responses import done, page_or_part, refused, seen_other
from erp.blueprints.states import state_of
from erp.domain import payouts
from erp.kernel import clock
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("payout_runs", __name__, url_prefix="/payout-runs")
CURRENCY = "RUB"
PEOPLE = ("prepared_by", "approved_by")


class RunFilters(Filters):
    state = choice(_("Any state"))


class RunForm(Form):
    note = StringField(_("Note"), description=_("For the one who approves."))


@bp.get("")
@requires(Permission.PAYOUTS_READ)
def index() -> Any:
    states = [(state.value, state_of(state).label) for state in payouts.RunState]
    form = RunFilters(state=[*states, ("running", gettext("Under way"))])
    found = payouts.search_runs(
        text=form.value("q"), state=form.value("state"), sort=sort_key(), page=page_number()
    )
    page = with_rows(found, with_actor_names(found.rows, *PEOPLE))
    return page_or_part("payout_runs/index.html", "payout_runs/_rows.html", form=form, page=page)


@bp.get("/new")
@requires(Permission.PAYOUTS_PREPARE)
def new() -> Any:
    return page_or_part(
        "payout_runs/new.html", "payout_runs/_preview.html", preview=_preview(), form=RunForm(), refusal=None
    )


@bp.post("")
@requires(Permission.PAYOUTS_PREPARE)
def create() -> Any:
    form = RunForm()
    with attempt(form) as tried, transaction():
        form.check()
        reference = payouts.prepare_run(
            CURRENCY, note=form.note.data or "", by=current_user.actor, now=clock.now()
        )
    if tried.refusal:
        context = {"preview": _preview(), "form": form, "refusal": tried.refusal}
        return refused("payout_runs/new.html", "payout_runs/_preview.html", **context)
    flash(gettext("Prepared. A different person must approve it."))
    return seen_other(url_for("payout_runs.show", reference=reference))


@bp.get("/<reference>")
@requires(Permission.PAYOUTS_READ)
def show(reference: str) -> Any:
    return page_or_part("payout_runs/show.html", "payouts/_rows.html", **_shown(reference))


@bp.get("/<reference>/status")
@requires(Permission.PAYOUTS_READ)
def status(reference: str) -> Any:
    """What the page asks for every second while the run executes."""
    return render_template("payout_runs/_status.html", **_state(reference))


@bp.post("/<reference>/approval")
@requires(Permission.PAYOUTS_APPROVE)
def approve(reference: str) -> Any:
    with attempt() as tried, transaction():
        payouts.approve_run(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Approved. The transfers leave now."))


@bp.post("/<reference>/cancellation")
@requires(Permission.PAYOUTS_PREPARE)
def cancel(reference: str) -> Any:
    with attempt() as tried, transaction():
        payouts.cancel_run(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Cancelled. Its agents can be in another run."))


def _answered(reference: str, tried: Outcome, success: str) -> Any:
    context = _shown(reference) | {"refusal": tried.refusal}
    if tried.refusal:
        return refused("payout_runs/show.html", "payout_runs/_status.html", **context)
    flash(success)
    return done(url_for("payout_runs.show", reference=reference), "payout_runs/_status.html", **context)


def _shown(reference: str) -> dict[str, Any]:
    state = _state(reference)
    run = state["run"]
    found = payouts.search(run=run.reference, sort=sort_key(), page=page_number())
    page = with_rows(found, with_agent_names(found.rows, agent_name="agent_id"))
    return {**state, "page": page, "history": history_of("payout_run", run.id)}


def _state(reference: str) -> dict[str, Any]:
    found = payouts.find_run(reference)
    (run,) = with_actor_names([found], *PEOPLE)
    may_approve = found.prepared_by != str(current_user.actor)
    return {"run": run, "may_approve": may_approve, "refusal": None}


def _preview() -> SimpleNamespace:
    """Whom a run made now would pay, and whom not and why."""
    found = payouts.candidates(CURRENCY)
    names = agent_names(candidate.agent_id for candidate in found)
    named = [SimpleNamespace(**vars(candidate), agent_name=names[candidate.agent_id]) for candidate in found]
    payable = [candidate for candidate in named if candidate.reason is None]
    return SimpleNamespace(
        payable=payable,
        left_out=[candidate for candidate in named if candidate.reason is not None],
        total=sum(candidate.payable for candidate in payable),
        currency=CURRENCY,
    )
