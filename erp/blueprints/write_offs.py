"""Debts of agents that are given up: asked by one person, decided by another."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import SelectField, StringField, TextAreaField

from erp.blueprints import typed
from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Moment, Money, Mono, Tag, To
from erp.blueprints.forms import Form, Outcome, Within, amount_in, attempt, choice, needed, options
from erp.blueprints.history import history_of
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import actor_name, shown, with_actor_names, with_agent_names
from erp.blueprints.responses import page_or_part, refused, seen_other
from erp.blueprints.seen import unchanged
from erp.blueprints.states import stated
from erp.domain import agents, ledger
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction
from erp.language import locale

bp = Blueprint("write_offs", __name__, url_prefix="/write-offs")
STATES = ("write_off.asked", "write_off.approved", "write_off.refused")


class WriteOffFilters(Within):
    state = choice(_("Any state"))


class AskForm(Form):
    amount = StringField(_("Amount"), [needed], render_kw={"inputmode": "decimal", "autocomplete": "off"})
    reason = SelectField(_("Reason"), [needed])
    note = TextAreaField(_("What was tried, and why nothing more will come"), [needed])

    def __init__(self, **given: Any):
        super().__init__(**given)
        self.reason.choices = options(stated(ledger.WRITE_OFF_REASONS))


class RefusalForm(Form):
    note = StringField(_("Why not"), [needed])


def _find(form: WriteOffFilters) -> Listed:
    return ledger.search_write_offs(
        text=form.value("q"), state=form.value("state"), span=form.span, sort=sort_key()
    ).dressed(_named)


def _named(rows: Any) -> Any:
    return with_actor_names(with_agent_names(rows, agent_name="agent_id"), "asked_by", "decided_by")


WRITE_OFFS = Listing(
    "write_offs",
    _("Write-offs"),
    _("Debts of agents that somebody asked to give up, and what was decided."),
    columns=(
        Column("reference", _("Write-off"), Mono(), to=To("write_offs.show")),
        Column("agent_name", _("Agent"), card="name", to=To("write_offs.show")),
        Column("state", _("State"), Tag(), of=lambda row: f"write_off.{row.state}", card="state"),
        Column("amount", _("Amount"), Money(), sort=True, card="sum", total=True),
        Column("reason", _("Reason"), Tag(), card="more"),
        Column("asked_by", _("Asked by"), quiet=True),
        Column("asked_at", _("Asked"), Moment(), sort=True, card="note", quiet=True),
        Column("decided_by", _("Decided by"), quiet=True),
        Column("decided_at", _("Decided"), Moment(), shown=False),
    ),
    find=_find,
    filters=lambda: WriteOffFilters(
        state=[(name.rpartition(".")[2], label) for name, label in stated(STATES)]
    ),
    empty=Empty("eraser", _("No write-off yet"), _("Ask for one on the page of an agent who owes money.")),
    views=(
        View(_("All")),
        View(_("To decide"), {"state": "asked"}),
        View(_("Approved"), {"state": "approved"}),
        View(_("Refused"), {"state": "refused"}),
    ),
)
mount(bp, WRITE_OFFS, Permission.PAYOUTS_READ)


@bp.get("/new/<agent>")
@requires(Permission.BOOKS_WRITE)
def new(agent: str) -> Any:
    profile, currency, debt = _debtor(agent)
    form = AskForm(formdata=None, amount=typed.shown(debt, currency, locale()))
    return page_or_part(
        "write_offs/new.html", "write_offs/_form.html", **_asked(profile, currency, debt, form, None)
    )


@bp.post("/new/<agent>")
@requires(Permission.BOOKS_WRITE)
def create(agent: str) -> Any:
    profile, currency, debt = _debtor(agent)
    form = AskForm()
    with attempt(form) as tried, transaction():
        form.check()
        reference = ledger.ask_write_off(
            profile.id,
            amount=amount_in(form.amount, currency),
            currency=currency,
            reason=form.reason.data,
            note=form.note.data,
            by=current_user.actor,
            now=clock.now(),
        )
    if tried.refusal:
        context = _asked(profile, currency, debt, form, tried.refusal)
        return refused("write_offs/new.html", "write_offs/_form.html", **context)
    flash(gettext("Asked. A different person must decide."))
    return seen_other(url_for("write_offs.show", reference=reference))


def _debtor(reference: str) -> tuple[Any, str, int]:
    """The agent, and what is owed in the currency of the debt."""
    profile = agents.profile(agents.find(reference).id)
    debts = {currency: ledger.debt_of(profile.id, currency) for currency in ledger.currencies(profile.id)}
    currency = next((currency for currency, debt in debts.items() if debt), "RUB")
    return shown(profile), currency, debts.get(currency, 0)


def _asked(agent: Any, currency: str, debt: int, form: AskForm, refusal: str | None) -> dict[str, Any]:
    return {"agent": agent, "currency": currency, "debt": debt, "form": form, "refusal": refusal}


@bp.get("/<reference>")
@requires(Permission.PAYOUTS_READ)
def show(reference: str) -> Any:
    return render_template("write_offs/show.html", **_shown(reference))


@bp.post("/<reference>/approval")
@requires(Permission.BOOKS_APPROVE)
def approve(reference: str) -> Any:
    write_off = ledger.find_write_off(reference)
    with attempt() as tried, transaction():
        unchanged("write_off", write_off.id)
        ledger.approve_write_off(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("The debt is written off."))


@bp.post("/<reference>/refusal")
@requires(Permission.BOOKS_WRITE)
def refuse(reference: str) -> Any:
    write_off, form = ledger.find_write_off(reference), RefusalForm()
    with attempt(form) as tried, transaction():
        unchanged("write_off", write_off.id)
        form.check()
        ledger.refuse_write_off(reference, note=form.note.data, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Refused. The debt stays."), form=form)


def _answered(reference: str, tried: Outcome, success: str, **form: Form) -> Any:
    if tried.refusal:
        context = _shown(reference) | form | {"refusal": tried.refusal}
        return refused("write_offs/show.html", "write_offs/_decision.html", **context)
    flash(success)
    return seen_other(url_for("write_offs.show", reference=reference))


def _shown(reference: str) -> dict[str, Any]:
    write_off = ledger.find_write_off(reference)
    return {
        "write_off": write_off,
        "agent": shown(agents.profile(write_off.agent_id)),
        "debt": ledger.debt_of(write_off.agent_id, write_off.currency),
        "asked_by": actor_name(write_off.asked_by),
        "decided_by": actor_name(write_off.decided_by),
        "is_mine": write_off.asked_by == str(current_user.actor),
        "history": history_of("write_off", write_off.id),
        "form": RefusalForm(formdata=None),
        "refusal": None,
    }
