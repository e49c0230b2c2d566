"""Agents: who they are, where they stand, what they are owed, and what staff decide about them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import StringField

from erp.blueprints.forms import Filters, Form, Outcome, attempt, choice, needed
from erp.blueprints.history import history_of
from erp.blueprints.listing import page_number, sort_key, with_rows
from erp.blueprints.people import shown
from erp.blueprints.responses import done, page_or_part, refused
from erp.blueprints.states import state_of
from erp.domain import agents, analytics, bookings, commissions, ledger, payouts
from erp.kernel import clock
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("agents", __name__, url_prefix="/agents")
NEWEST = 6
"""How many of an agent's bookings, commissions and payouts its page shows."""


class AgentFilters(Filters):
    q = StringField(_("Code, reference or whole phone number"))
    state = choice(_("Any state"))
    group = choice(_("All agents"))


GROUPS = {
    "silent": _("Went silent"),
    "frozen_lines": _("With frozen commissions"),
    "failed_payout": _("With a failed payout"),
    "not_payable": _("Cannot be paid: no name or bank"),
    "money_available": _("With money available"),
    "in_debt": _("In debt"),
}
"""What else agents can be picked by."""


class ReasonForm(Form):
    reason = StringField(_("Why"), [needed])


@bp.get("")
@requires(Permission.AGENTS_READ)
def index() -> Any:
    form = AgentFilters(
        state=[(state, state_of(state).label) for state in agents.STATES], group=list(GROUPS.items())
    )
    found = agents.search(
        q=form.value("q"),
        state=form.value("state"),
        among=_among(form.value("group")),
        sort=sort_key(),
        page=page_number(),
    )
    balances = ledger.balances([agent.id for agent in found.rows], "RUB")
    page = with_rows(found, map(shown, found.rows))
    return page_or_part("agents/index.html", "agents/_rows.html", form=form, page=page, balances=balances)


def _among(group: str) -> Collection[UUID] | None:
    """Whom the group leaves: everybody when none is picked, nobody when there is no such group."""
    if not group:
        return None
    return analytics.agents_in(group, clock.now()) if group in analytics.AGENT_GROUPS else []


@bp.get("/<reference>")
@requires(Permission.AGENTS_READ)
def show(reference: str) -> Any:
    return render_template("agents/show.html", **_shown(reference))


@bp.get("/<reference>/ledger")
@requires(Permission.AGENTS_READ)
def books(reference: str) -> Any:
    """Every entry of the agent's accounts, with the balance after it."""
    agent = agents.profile(agents.find(reference).id)
    page = ledger.of_agent(agent.id, page=page_number())
    return page_or_part("agents/ledger.html", "agents/_ledger.html", agent=shown(agent), page=page)


@bp.post("/<reference>/activation")
@requires(Permission.AGENTS_WRITE)
def activate(reference: str) -> Any:
    agent = agents.find(reference)
    with attempt() as tried, transaction():
        agents.activate(agent.id, by=current_user.actor, now=clock.now())
    return _answered(reference, tried)


@bp.post("/<reference>/suspension")
@requires(Permission.AGENTS_WRITE)
def suspend(reference: str) -> Any:
    agent, form = agents.find(reference), ReasonForm()
    with attempt(form) as tried, transaction():
        form.check()
        agents.suspend(agent.id, form.reason.data, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, form=form)


@bp.post("/<reference>/closure")
@requires(Permission.AGENTS_WRITE)
def close(reference: str) -> Any:
    agent = agents.find(reference)
    with attempt() as tried, transaction():
        agents.close(agent.id, by=current_user.actor, now=clock.now())
    return _answered(reference, tried)


def _answered(reference: str, tried: Outcome, **form: Form) -> Any:
    context = _shown(reference) | {"refusal": tried.refusal}
    if tried.refusal:
        return refused("agents/show.html", "agents/_state.html", **context | form)
    flash(
        gettext(
            "%(agent)s: %(state)s.", agent=context["agent"].name, state=state_of(context["agent"].state).label
        )
    )
    return done(url_for("agents.show", reference=reference), "agents/_state.html", **context)


def _shown(reference: str) -> dict[str, Any]:
    agent = agents.profile(agents.find(reference).id)
    return {
        "agent": shown(agent),
        "balances": {
            currency: ledger.balances([agent.id], currency)[agent.id]
            for currency in ledger.currencies(agent.id) or ["RUB"]
        },
        "standings": commissions.standing(agent.id, clock.now()),
        "bookings": bookings.of_agent(agent.id, per_page=NEWEST).rows,
        "commissions": commissions.of_agent(agent.id, limit=NEWEST),
        "payouts": payouts.search(agent_id=agent.id, per_page=NEWEST).rows,
        "history": history_of("agent", agent.id),
        "form": ReasonForm(formdata=None),
        "refusal": None,
    }
