"""Payout runs: one person prepares, another approves, the workers pay."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import StringField

from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Count, Figures, Moment, Money, Mono, Tag, To, Words
from erp.blueprints.forms import Filters, Form, Outcome, attempt, choice
from erp.blueprints.history import history_of
from erp.blueprints.listing import Empty, Listing, Shown, Step, View
from erp.blueprints.lists import mount
from erp.blueprints.payouts import PAYOUTS, PayoutFilters, named
from erp.blueprints.people import agent_names, with_actor_names
from erp.blueprints.presentation import format_count
from erp.blueprints.responses import done, page_or_part, refused, seen_other, wants_part
from erp.blueprints.seen import unchanged
from erp.blueprints.states import stated
from erp.domain import payouts
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("payout_runs", __name__, url_prefix="/payout-runs")
CURRENCY = "RUB"
PEOPLE = ("prepared_by", "approved_by")


class RunFilters(Filters):
    state = choice(_("Any state"))


class RunForm(Form):
    note = StringField(_("Note"), description=_("For the one who approves."))


def _find(form: RunFilters) -> Listed:
    found = payouts.search_runs(text=form.value("q"), state=form.value("state"), sort=sort_key())
    return found.dressed(lambda rows: with_actor_names(rows, *PEOPLE))


def _paid(run: Any) -> str:
    return f"{format_count(run.paid)} / {format_count(run.payouts)}"


RUNS = Listing(
    "payout_runs",
    _("Payout runs"),
    _("One person prepares a run, another approves it, and the workers pay it through the bank."),
    columns=(
        Column("reference", _("Run"), Mono(), card="name", to=To("payout_runs.show")),
        Column("prepared_at", _("Prepared"), Moment(), sort=True, card="note"),
        Column("prepared_by", _("Prepared by")),
        Column("approved_by", _("Approved by")),
        Column("approved_at", _("Approved"), Moment(), shown=False),
        Column("state", _("State"), Tag(), card="state"),
        Column("paid", _("Paid"), Figures(), of=_paid),
        Column("failed", _("Failed"), Count(), shown=False),
        Column("amount", _("Amount"), Money(), sort=True, card="sum", total=True),
        Column("paid_amount", _("Paid amount"), Money(), shown=False, total=True),
        Column("note", _("Note"), Words(), shown=False),
    ),
    find=_find,
    filters=lambda: RunFilters(state=[*stated(payouts.RunState), ("running", _("Under way"))]),
    empty=Empty(
        "layers", _("No run yet"), _("A run gathers what is available to agents and pays it in one go.")
    ),
    step=Step(_("Prepare a run"), "payout_runs.new", Permission.PAYOUTS_PREPARE),
    views=(
        View(_("All")),
        View(_("Waiting for approval"), {"state": "draft"}),
        View(_("Under way"), {"state": "running"}),
        View(_("Done"), {"state": "done"}),
        View(_("Cancelled"), {"state": "cancelled"}),
    ),
)
mount(bp, RUNS, Permission.PAYOUTS_READ)


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
    return page_or_part("payout_runs/show.html", "lists/_table.html", **_shown(reference))


@bp.get("/<reference>/sheet")
@requires(Permission.PAYOUTS_READ)
def sheet(reference: str) -> Any:
    """The whole run on paper, for those who sign it."""
    run = _state(reference)["run"]
    found = named(payouts.search(run=run.reference, sort="oldest"))
    rows = [payout for payout in found.first(found.count()) if payout.state != payouts.State.WITHDRAWN]
    return render_template("payout_runs/sheet.html", run=run, rows=rows)


@bp.get("/<reference>/status")
@requires(Permission.PAYOUTS_READ)
def status(reference: str) -> Any:
    """What the page asks for every second while the run executes."""
    if not wants_part():
        return seen_other(url_for("payout_runs.show", reference=reference))
    return render_template("payout_runs/_status.html", **_state(reference))


@bp.post("/<reference>/approval")
@requires(Permission.PAYOUTS_APPROVE)
def approve(reference: str) -> Any:
    with attempt() as tried, transaction():
        unchanged("payout_run", payouts.find_run(reference).id)
        payouts.approve_run(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Approved. The transfers leave now."))


@bp.post("/<reference>/cancellation")
@requires(Permission.PAYOUTS_PREPARE)
def cancel(reference: str) -> Any:
    with attempt() as tried, transaction():
        unchanged("payout_run", payouts.find_run(reference).id)
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
    found = named(payouts.search(run=run.reference, sort=sort_key()))
    within = Shown(PAYOUTS, PayoutFilters(state=[]), found, without=("run", "prepared_at"), is_whole=False)
    return {**state, "list": within, "history": history_of("payout_run", run.id)}


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
