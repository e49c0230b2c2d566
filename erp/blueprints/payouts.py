"""Transfers to agents, and every talk with the bank about them."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from uuid import UUID

from flask import Blueprint, flash, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import RadioField, StringField, TextAreaField

from erp.blueprints import stories
from erp.blueprints.address import sort_key
from erp.blueprints.bulk_actions import BulkAction
from erp.blueprints.columns import Column, Moment, Money, Mono, Tag, To, Who, Words
from erp.blueprints.forms import Form, Outcome, Within, attempt, choice, needed, options
from erp.blueprints.listing import Empty, Listing, Step, View
from erp.blueprints.lists import mount
from erp.blueprints.people import dressed, may_see_personal_data, with_actor_names, with_agent_names
from erp.blueprints.responses import refused, seen_other
from erp.blueprints.seen import unchanged
from erp.blueprints.states import state_of, stated
from erp.domain import agents, payouts
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.personal import reveal
from erp.kernel.transaction import transaction

bp = Blueprint("payouts", __name__, url_prefix="/payouts")
S = payouts.State
ORDER = (S.PREPARED, S.APPROVED, S.CHECKING, S.CHECKED, S.PAYING, S.UNKNOWN, S.PAID)
WAY = (
    (S.PREPARED, _("Prepared"), "layers"),
    (S.APPROVED, _("Approved"), "check"),
    (S.CHECKED, _("Name checked"), "user-check"),
    (S.PAYING, _("Sent"), "send"),
    (S.PAID, _("At the agent's bank"), "landmark"),
)


SET_ASIDE = _("With money set aside")
VIEWED = (S.PREPARED, S.UNKNOWN, S.FAILED, S.PAID, S.RETURNED)
OF_AGENT = To("agents.show", "reference", "agent_reference")


class PayoutFilters(Within):
    state = choice(_("Any state"))
    by = choice(_("Dates are of the preparation"))


class Stop(NamedTuple):
    """A stop on the way of a transfer: `state` is done, current, failed or later."""

    title: str
    icon: str
    state: str
    text: str = ""
    at: Any = None


class ReturnForm(Form):
    note = StringField(_("Where the return was seen"), [needed])


class FoundForm(Form):
    found = RadioField(
        _("What became of it"),
        [needed],
        choices=options([("paid", _("The money was paid")), ("not_sent", _("No money was sent"))]),
    )
    provider_payment_id = StringField(
        _("The bank's number"), description=_("Of the transfer, when the money was paid.")
    )
    note = TextAreaField(
        _("Where it was seen"),
        [needed],
        description=_("Such as: statement of 3 March, line 14; a letter of the bank and its date."),
    )


def _find(form: PayoutFilters) -> Listed:
    found = payouts.search(
        text=form.value("q"),
        state=form.value("state"),
        span=form.span,
        dated_by=form.value("by"),
        sort=sort_key(),
    )
    return named(found)


def named(found: Listed) -> Listed:
    """Payouts with their agents' names."""
    return found.dressed(lambda rows: with_agent_names(rows, agent_name="agent_id"))


def _filters() -> PayoutFilters:
    return PayoutFilters(
        state=[*stated(payouts.State), ("open", SET_ASIDE)], by=[("paid", _("Dates are of the transfer"))]
    )


def _counts() -> dict[str, int]:
    """How many payouts there are in each state and group of states."""
    counted = payouts.counts()
    return counted | {
        group: sum(counted.get(state, 0) for state in states)
        for group, states in payouts.STATE_GROUPS.items()
    }


PAYOUTS = Listing(
    "payouts",
    _("Payouts"),
    _("One transfer to one agent. Payouts leave in runs that two people prepare and approve."),
    columns=(
        Column("reference", _("Payout"), Mono(), to=To("payouts.show")),
        Column("agent_name", _("Agent"), Who(), card="name", to=To("payouts.show")),
        Column("agent_reference", _("Agent's reference"), Mono(), shown=False, to=OF_AGENT),
        Column(
            "run",
            _("Run"),
            Mono(),
            of="run_reference",
            to=To("payout_runs.show", "reference", "run_reference"),
        ),
        Column("bank_name", _("Bank"), quiet=True),
        Column("state", _("State"), Tag(), card="state"),
        Column("failure_note", _("What went wrong"), Words(), shown=False),
        Column("amount", _("Amount"), Money(), sort=True, card="sum", total=True),
        Column("prepared_at", _("Prepared"), Moment(), sort=True, card="note", quiet=True),
        Column("ended_at", _("Finished"), Moment(), quiet=True),
    ),
    find=_find,
    filters=_filters,
    empty=Empty("hand-coins", _("No payout yet"), _("Prepare a run to pay out what is available.")),
    step=Step(_("Prepare a run"), "payout_runs.new", Permission.PAYOUTS_PREPARE, "layers"),
    actions=(
        BulkAction(
            "withdraw",
            _("Take out of the run"),
            "erp.domain.payouts.withdraw",
            Permission.PAYOUTS_PREPARE,
            _("Each leaves its run, which nobody has approved yet; the money stays available to the agent."),
            "layers",
            subject="reference",
        ),
        BulkAction(
            "retry",
            _("Try again"),
            "erp.domain.payouts.retry",
            Permission.PAYOUTS_APPROVE,
            _(
                "The money of each is set aside again and goes to the bank as a transfer of its own, to the phone and"
                " bank that the agent has now. It cannot be called back."
            ),
            "rotate-cw",
            kind="danger",
            subject="reference",
        ),
    ),
    views=(
        View(_("All")),
        View(SET_ASIDE, {"state": "open"}, "open"),
        *(View(state_of(state).label, {"state": state.value}, state.value) for state in VIEWED),
    ),
    counts=_counts,
)
mount(bp, PAYOUTS, Permission.PAYOUTS_READ)


@bp.get("/<reference>")
@requires(Permission.PAYOUTS_READ)
def show(reference: str) -> Any:
    context = _shown(reference)
    payout = context["payout"]
    return stories.page("payouts/show.html", "payout", payout.id, payout.reference, **context)


@bp.post("/<reference>/retry")
@requires(Permission.PAYOUTS_APPROVE)
def retry(reference: str) -> Any:
    with attempt() as tried, transaction():
        unchanged("payout", payouts.find(reference).id)
        payouts.retry(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("It is tried again now."))


@bp.post("/<reference>/withdrawal")
@requires(Permission.PAYOUTS_PREPARE)
def withdraw(reference: str) -> Any:
    with attempt() as tried, transaction():
        unchanged("payout", payouts.find(reference).id)
        payouts.withdraw(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Taken out of the run."))


@bp.post("/<reference>/return")
@requires(Permission.PAYOUTS_APPROVE)
def take_back(reference: str) -> Any:
    """The bank's statement shows that the money came back."""
    payout, form = payouts.find(reference), ReturnForm()
    with attempt(form) as tried, transaction():
        unchanged("payout", payout.id)
        form.check()
        payouts.take_back(payout.reference, note=form.note.data, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("The money is available to the agent again."), form=form)


@bp.post("/<reference>/settlements")
@requires(Permission.PAYOUTS_PREPARE)
def propose_settlement(reference: str) -> Any:
    """The bank does not say what became of the money; somebody has found out."""
    payout, form = payouts.find(reference), FoundForm()
    with attempt(form) as tried, transaction():
        unchanged("payout", payout.id)
        form.check()
        payouts.propose_settlement(
            payout.reference,
            form.found.data,
            provider_payment_id=form.provider_payment_id.data or "",
            note=form.note.data,
            by=current_user.actor,
            now=clock.now(),
        )
    return _answered(
        reference, tried, gettext("Written down. A different person must confirm it."), found_form=form
    )


@bp.post("/<reference>/settlements/<uuid:settlement>/confirmation")
@requires(Permission.PAYOUTS_APPROVE)
def confirm_settlement(reference: str, settlement: UUID) -> Any:
    with attempt() as tried, transaction():
        unchanged("payout", payouts.find(reference).id)
        payouts.confirm_settlement(settlement, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Settled."))


def _answered(reference: str, tried: Outcome, success: str, **form: Form) -> Any:
    if tried.refusal:
        context = _shown(reference) | form | {"refusal": tried.refusal}
        return refused("payouts/show.html", "payouts/_deeds.html", **context)
    flash(success)
    return seen_other(url_for("payouts.show", reference=reference))


def _shown(reference: str) -> dict[str, Any]:
    (payout,) = with_agent_names([payouts.find(reference)], agent_name="agent_id")
    phone = reveal(payout.agent_id, payout.phone_cipher)
    shown = phone if may_see_personal_data() else agents.mask_phone(phone)
    (payout,) = dressed([payout], lambda _payout: {"phone": shown})
    attempts = payouts.attempts_of(reference)
    return {
        "payout": payout,
        "way": _way(payout, attempts),
        "attempts": attempts,
        "notifications": payouts.notifications_of(reference),
        "lines": payouts.lines_of(reference),
        "newest": stories.newest("payout", payout.id, payout.reference),
        "form": ReturnForm(formdata=None),
        "found_form": FoundForm(formdata=None),
        "settling": _settling(reference, attempts),
        "refusal": None,
    }


class Settling(NamedTuple):
    """How far it is with finding out what the bank does not say: from when on that is allowed, and what was found."""

    was_sent: bool
    opens_at: dt.datetime | None
    is_open: bool
    found: Any
    may_confirm: bool


def _settling(reference: str, attempts: Any) -> Settling:
    found = payouts.settlement_of(reference)
    last = attempts[-1] if attempts else None
    opens_at = payouts.settled_by_people_from(last.begun_at, last.sent_at) if last else None
    return Settling(
        was_sent=last is not None and last.sent_at is not None,
        opens_at=opens_at,
        is_open=opens_at is not None and clock.now() >= opens_at,
        found=found and with_actor_names([found], "proposed_by")[0],
        may_confirm=found is not None and found.proposed_by != str(current_user.actor),
    )


def _way(payout: Any, attempts: Any) -> list[Stop]:
    """From preparation to the agent's bank."""
    last = attempts[-1] if attempts else None
    moments = {
        S.PREPARED: payout.prepared_at,
        S.APPROVED: payout.approved_at,
        S.PAYING: last and last.sent_at,
        S.PAID: payout.paid_at,
    }
    ended_badly = payout.state in (S.FAILED, S.RETURNED, S.WITHDRAWN)
    reached = _reached(payout, last) if ended_badly else ORDER.index(_stands(payout, last))
    steps = [
        Stop(str(title), icon, _step_state(ORDER.index(state), reached, ended_badly), "", moments.get(state))
        for state, title, icon in WAY
        if not ended_badly or ORDER.index(state) <= reached
    ]
    if ended_badly:
        steps.append(Stop(str(state_of(payout.state).label), "x", "failed", "", payout.ended_at))
    return steps


def _stands(payout: Any, last: Any) -> str:
    """Its state; one of which nothing is known and nothing was sent from here stands where it was refused."""
    if payout.state == S.UNKNOWN and last.sent_at is None:
        return S.CHECKING
    state: str = payout.state
    return state


def _reached(payout: Any, last: Any) -> int:
    """How far one that ended badly had come."""
    if payout.paid_at:
        return ORDER.index(S.PAID)
    if last and last.sent_at:
        return ORDER.index(S.PAYING)
    return ORDER.index(S.APPROVED if payout.approved_at else S.PREPARED)


def _step_state(at: int, reached: int, is_over: bool) -> str:
    if at < reached or (at == reached and (is_over or reached == ORDER.index(S.PAID))):
        return "done"
    return "current" if at == reached or (at == reached + 1 and ORDER[reached] in (S.CHECKING,)) else "later"
