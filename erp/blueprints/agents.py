"""Agents: who they are, where they stand, what they are owed, and what staff decide about them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, url_for
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import StringField, TextAreaField

from erp.blueprints import stories
from erp.blueprints.address import sort_key
from erp.blueprints.bulk_actions import BulkAction
from erp.blueprints.closures import consequences
from erp.blueprints.columns import Column, Moment, Money, Mono, Tag, To, Words
from erp.blueprints.forecasts import told_forecasts
from erp.blueprints.forms import Filters, Form, Outcome, attempt, choice, needed
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import dressed, shown
from erp.blueprints.presentation import format_month
from erp.blueprints.responses import done, page_or_part, refused
from erp.blueprints.seen import unchanged
from erp.blueprints.states import state_of, stated
from erp.domain import agents, analytics, bookings, commissions, ledger, payouts, referrals, statements
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("agents", __name__, url_prefix="/agents")
NEWEST = 6
"""How many of an agent's bookings, commissions, payouts and statements its page shows."""


class AgentFilters(Filters):
    q = StringField(_("Code, reference or whole phone number"))
    state = choice(_("Any state"))
    kind = choice(_("Any kind"))
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


class SettlementForm(Form):
    note = TextAreaField(_("What was settled, and how"), [needed])


def _find(form: AgentFilters) -> Listed:
    found = agents.search(
        q=form.value("q"),
        state=form.value("state"),
        kind=form.value("kind"),
        among=_among(form.value("group")),
        sort=sort_key(),
    )
    return found.dressed(lambda rows: [shown(row) for row in rows])


AGENTS = Listing(
    "agents",
    _("Agents"),
    _("Those who bring customers, each with one code for life."),
    columns=(
        Column("reference", _("Agent"), Mono(), to=To("agents.show")),
        Column("name", lazy_pgettext("person", "Name"), card="name", to=To("agents.show")),
        Column("code", _("Code"), Mono(), sort=True, card="note"),
        Column("kind", _("Kind"), Tag(), shown=False),
        Column("phone", _("Phone"), quiet=True),
        Column("email", _("E-mail"), quiet=True, shown=False),
        Column("state", _("State"), Tag(), sort=True, card="state"),
        Column("bank_name", _("Bank"), shown=False),
        Column("pending", _("On hold"), Money(), sort=True, quiet=True, total=True),
        Column("available", _("Available"), Money(), sort=True, card="sum", total=True),
        Column("frozen", _("Frozen"), Money(), shown=False, total=True),
        Column("in_payout", _("In payout"), Money(), shown=False, total=True),
        Column("registered_at", _("Registered"), Moment(), sort=True, quiet=True),
        Column("suspension_reason", _("Why suspended"), Words(), shown=False),
    ),
    find=_find,
    names_people=True,
    filters=lambda: AgentFilters(
        state=stated(agents.STATES), kind=stated(agents.KINDS), group=list(GROUPS.items())
    ),
    empty=Empty(
        "users", _("No agent yet"), _("Agents register themselves in RefAPP, with their phone number.")
    ),
    actions=(
        BulkAction(
            "activate",
            _("Activate"),
            "erp.domain.agents.activate",
            Permission.AGENTS_WRITE,
            _(
                "Each agent may be paid out from now on. Of those who were suspended, what accrued frozen is let go."
            ),
            "check",
            undo="suspend",
        ),
        BulkAction(
            "suspend",
            _("Suspend"),
            "erp.domain.agents.suspend",
            Permission.AGENTS_WRITE,
            _("No new bookings, and what each of them earns from now on accrues frozen."),
            "pause",
            kind="danger",
            asks=("reason", _("Why")),
            undo="activate",
        ),
    ),
    views=(
        View(_("All")),
        View(_("To verify"), {"state": "pending"}),
        View(lazy_pgettext("view", "Active"), {"state": "active"}),
        View(_("Owed most"), {"group": "money_available", "sort": "-available"}),
        View(_("In debt"), {"group": "in_debt", "sort": "available"}),
        View(_("Went silent"), {"group": "silent"}),
        View(lazy_pgettext("view", "Suspended"), {"state": "suspended"}),
    ),
)
mount(bp, AGENTS, Permission.AGENTS_READ)


def _among(group: str) -> Collection[UUID] | None:
    """Whom the group leaves: everybody when none is picked, nobody when there is no such group."""
    if not group:
        return None
    return analytics.agents_in(group, clock.now()) if group in analytics.AGENT_GROUPS else []


@bp.get("/<reference>")
@requires(Permission.AGENTS_READ)
def show(reference: str) -> Any:
    context = _shown(reference)
    agent = context["agent"]
    return stories.page("agents/show.html", "agent", agent.id, agent.reference, **context)


@bp.post("/<reference>/activation")
@requires(Permission.AGENTS_WRITE)
def activate(reference: str) -> Any:
    agent = agents.find(reference)
    with attempt() as tried, transaction():
        unchanged("agent", agent.id)
        agents.activate(agent.id, by=current_user.actor, now=clock.now())
    return _answered(reference, tried)


@bp.post("/<reference>/suspension")
@requires(Permission.AGENTS_WRITE)
def suspend(reference: str) -> Any:
    agent, form = agents.find(reference), ReasonForm()
    with attempt(form) as tried, transaction():
        unchanged("agent", agent.id)
        form.check()
        agents.suspend(agent.id, form.reason.data, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, form=form)


@bp.get("/<reference>/closure")
@requires(Permission.AGENTS_WRITE)
def closure(reference: str) -> Any:
    """What closing will do, before it is done."""
    return _closure(reference, None)


@bp.post("/<reference>/closure")
@requires(Permission.AGENTS_WRITE)
def close(reference: str) -> Any:
    agent = agents.find(reference)
    with attempt() as tried, transaction():
        unchanged("agent", agent.id)
        agents.close(agent.id, by=current_user.actor, now=clock.now())
    return _closure(reference, tried.refusal) if tried.refusal else _answered(reference, tried)


def _closure(reference: str, refusal: str | None) -> Any:
    profile = agents.profile(agents.find(reference).id)
    return page_or_part(
        "agents/closure.html",
        "agents/_closure.html",
        status=422 if refusal else 200,
        agent=shown(profile),
        consequences=consequences(profile) if profile.state != "closed" else [],
        refusal=refusal,
    )


@bp.post("/<reference>/settlement")
@requires(Permission.AGENTS_WRITE)
def settle(reference: str) -> Any:
    """All is settled with a closed agent: what was kept for that is let go."""
    agent, form = agents.find(reference), SettlementForm()
    with attempt(form) as tried, transaction():
        unchanged("agent", agent.id)
        form.check()
        commissions.settle_with_closed(agent.id, form.note.data, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, settlement=form)


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
    balances = {
        currency: ledger.balances([agent.id], currency)[agent.id]
        for currency in ledger.currencies(agent.id) or ["RUB"]
    }
    return {
        "agent": shown(agent),
        "balances": balances,
        "owes": any(balance["available"] < 0 for balance in balances.values()),
        "pinned": referrals.terms_of_agent(agent.id),
        "standings": commissions.standing(agent.id, clock.now()),
        "forecasts": told_forecasts(agent),
        "bookings": bookings.of_agent(agent.id).first(NEWEST),
        "commissions": commissions.of_agent(agent.id, limit=NEWEST),
        "payouts": payouts.search(agent_id=agent.id).first(NEWEST),
        "statements": dressed(
            statements.of_agent(agent.id, limit=NEWEST),
            lambda row: {"month": format_month(statements.last_day(row.until, row.zone))},
        ),
        "newest": stories.newest("agent", agent.id, agent.reference),
        "form": ReasonForm(formdata=None),
        "kept": _kept(agent),
        "settlement": SettlementForm(formdata=None),
        "refusal": None,
    }


def _kept(agent: agents.Profile) -> list[Any]:
    """What is frozen of a closed agent until all is settled with them."""
    if agent.state != "closed":
        return []
    return [
        part
        for part in commissions.frozen_of_agent(agent.id)
        if part.reason != "attribution_case" and part.on_agent_closed == "release"
    ]
