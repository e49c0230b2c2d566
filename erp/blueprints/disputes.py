"""What agents object to: words of both sides, what it is about, a decision, and what mends it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, url_for
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from erp.blueprints import stories
from erp.blueprints.address import sort_key
from erp.blueprints.columns import AGENT, Column, Moment, Mono, Phrase, Tag, To
from erp.blueprints.forms import Filters, Form, Outcome, attempt, choice, needed, options
from erp.blueprints.history import history_of
from erp.blueprints.listing import Empty, Listing, Step, View
from erp.blueprints.lists import mount
from erp.blueprints.people import actor_names, agent_names, dressed, split_actor
from erp.blueprints.present import now
from erp.blueprints.presentation import capital, format_money
from erp.blueprints.responses import page_or_part, refused, seen_other
from erp.blueprints.roles import ROLES
from erp.blueprints.seen import unchanged
from erp.blueprints.states import state_of
from erp.domain import agents, commissions, disputes
from erp.kernel import clock
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, Role, requires
from erp.kernel.sentences import Sentence
from erp.kernel.transaction import transaction
from erp.language import say

bp = Blueprint("disputes", __name__, url_prefix="/disputes")
WEEK = dt.timedelta(days=7)
STATES = ("open", "decided", *disputes.DECISIONS.values())
WHEN = {"soon": _("Due within a week"), "late": _("Overdue")}
SUBJECTS = {
    "commission": (_("Commission"), "commissions.show", "id"),
    "payment": (_("Payment"), "payments.show", "reference"),
    "referral": (_("Referral"), "referrals.show", "reference"),
    "customer": (_("Customer"), "customers.show", "reference"),
    "payout": (_("Payout"), "payouts.show", "reference"),
    "establishment": (_("Establishment"), "establishments.show", "reference"),
}
"""What a dispute may be about: its word and its page."""
STORY_OF = ("commission", "payout", "payment", "referral", "customer", "establishment")
"""Whose story is told beside the words, the nearest thing first."""


class DisputeFilters(Filters):
    state = choice(_("Any state"))
    kind = choice(_("Any kind"))
    role = choice(_("Whoever decides"))
    due = choice(_("Whenever due"))
    whose = choice(_("Whoever took it"))


class AboutForm(Form):
    """What a dispute is about, by references."""

    commission = IntegerField(_("Commission"), [Optional()], description=_("Its number"))
    customer = StringField(_("Customer"), description=_("CUS-…"))
    referral = StringField(_("Referral"), description=_("REF-…"))
    payment = StringField(_("Payment"), description=_("PAY-…"))
    payout = StringField(_("Payout"), description=_("PO-…"))
    establishment = StringField(_("Establishment"), description=_("EST-…"))

    def about(self) -> disputes.About:
        given = {name: self[name].data or None for name in SUBJECTS}
        return disputes.About(**given)


class NewForm(AboutForm):
    agent = StringField(_("Agent"), [needed], description=_("Code or reference"))
    kind = SelectField(_("What is wrong?"), [needed])
    text = TextAreaField(_("In the agent's words"), [needed])

    def __init__(self, **values: Any):
        super().__init__(**values)
        self.kind.choices = options((kind, state_of(f"dispute.{kind}").label) for kind in disputes.KINDS)


class MessageForm(Form):
    text = TextAreaField(_("Message to the agent"), [needed])


class DecisionForm(Form):
    decision = RadioField(_("Is the agent right?"), [needed])
    code = SelectField(_("Reason"), [needed])
    note = TextAreaField(_("Note to the agent"), [needed])

    def __init__(self, **values: Any):
        super().__init__(**values)
        words = {"uphold": _("Yes"), "partly": _("Partly"), "reject": _("No")}
        self.decision.choices = options(words.items())
        self.code.choices = options((code, capital(say(disputes.CODES[code]))) for code in disputes.CHOICES)


class TransferForm(Form):
    note = TextAreaField(_("Why"), [needed], description=_("Both agents may ask for it."))


class CorrectionForm(Form):
    """Which reversal by hand of the commission is undone."""

    reversal = SelectField(_("Reversal"), [needed], validate_choice=False)
    note = TextAreaField(_("Why"), [needed])

    def __init__(self, reversals: Iterable[Any], **values: Any):
        super().__init__(prefix="undo", **values)
        self.reversal.choices = options(
            (one.reference, f"{one.reference}, {format_money(one.amount, one.currency)}") for one in reversals
        )


def _find(form: DisputeFilters) -> Listed:
    due_by = {"soon": now() + WEEK, "late": now()}.get(form.value("due"))
    state = form.value("state")
    found = disputes.search(
        q=form.value("q"),
        state="open" if due_by and not state else state,
        kind=form.value("kind"),
        role=form.value("role"),
        due_by=due_by,
        assigned_to=current_user.id if form.value("whose") == "mine" else None,
        sort=sort_key() or "urgent",
    )
    return found.dressed(worded)


def worded(rows: Any) -> list[Any]:
    """Disputes as pages show them."""
    rows = list(rows)
    names = agent_names(row.agent_id for row in rows)
    return dressed(
        rows,
        lambda row: {
            "agent_name": names[row.agent_id],
            "kind_state": f"dispute.{row.kind}",
            "tagged": f"dispute.{row.state}",
            "decides": str(ROLES[Role(row.role)]),
            "otherwise": str(state_of(f"dispute.{row.outcome}").label),
            "about": ", ".join(label for _name, label, _url in _about(row)),
            "why": capital(say(disputes.CODES[row.code])) if row.code else "",
        },
    )


def _about(row: Any) -> list[tuple[str, str, str]]:
    """What it is about: (word, what people call it, its page)."""
    found = []
    for name, (word, endpoint, argument) in SUBJECTS.items():
        known = row.commission_id if name == "commission" else getattr(row, f"{name}_reference")
        if known:
            label = gettext("Commission %(number)s", number=known) if name == "commission" else known
            found.append((str(word), label, url_for(endpoint, **{argument: known})))
    return found


DISPUTES = Listing(
    "disputes",
    _("Disputes"),
    _("What agents object to. Each says who decides, by when, and what happens if nobody does."),
    columns=(
        Column("reference", _("Dispute"), Mono(), to=To("disputes.show")),
        AGENT,
        Column("kind", _("Kind"), Tag(), of="kind_state", card="more"),
        Column("about", _("About"), card="note"),
        Column("state", _("State"), Tag(), of="tagged", card="state"),
        Column("decides", _("Who decides"), Phrase()),
        Column(
            "due_at",
            _("By when"),
            Moment(is_near=True),
            of=lambda row: row.due_at if row.state == "open" else None,
            sort=True,
            card="sum",
        ),
        Column(
            "otherwise",
            _("If nobody does"),
            Phrase(),
            of=lambda row: row.otherwise if row.state == "open" else "",
            quiet=True,
        ),
        Column("assigned_name", _("Taken by"), shown=False),
        Column("opened_at", _("Opened"), Moment(), sort=True, shown=False),
        Column("last_at", _("Last words"), Moment(is_near=True), shown=False),
        Column("decided_at", _("Decided"), Moment(), shown=False),
        Column("why", _("Why"), shown=False),
    ),
    find=_find,
    filters=lambda: DisputeFilters(
        state=[(state, state_of(f"dispute.{state}").label) for state in STATES],
        kind=[(kind, state_of(f"dispute.{kind}").label) for kind in disputes.KINDS],
        role=[(role, ROLES[Role(role)]) for role in disputes.ROLES],
        due=list(WHEN.items()),
        whose=[("mine", _("Mine"))],
    ),
    empty=Empty(
        "message-square-warning",
        _("No dispute yet"),
        _("Agents raise them in RefAPP; staff on their behalf."),
    ),
    step=Step(_("Raise for an agent"), "disputes.new", Permission.DISPUTES_WRITE),
    views=(
        View(_("All")),
        View(lazy_pgettext("view", "Open"), {"state": "open"}),
        View(_("Due within a week"), {"due": "soon"}),
        View(_("Mine"), {"state": "open", "whose": "mine"}),
        View(_("Decided"), {"state": "decided"}),
    ),
)
mount(bp, DISPUTES, Permission.DISPUTES_READ)


@bp.get("/new")
@requires(Permission.DISPUTES_WRITE)
def new() -> Any:
    """What an agent says on the phone, written down on their behalf."""
    return _new(NewForm(), None)


@bp.post("/new")
@requires(Permission.DISPUTES_WRITE)
def create() -> Any:
    form = NewForm()
    with attempt(form) as tried, transaction():
        form.check()
        agent = _agent(form.agent.data)
        made = disputes.open_dispute(
            agent, form.kind.data, form.text.data, form.about(), by=current_user.actor, now=clock.now()
        )
    if tried.refusal:
        return _new(form, tried.refusal)
    return seen_other(url_for("disputes.show", reference=made))


def _agent(given: str) -> UUID:
    try:
        found = agents.by_code(given) or agents.find(given)
    except NotFound:
        raise Invalid(fields={"agent": Sentence("Nobody has this code or reference.")}) from None
    id: UUID = found.id
    return id


def _new(form: NewForm, refusal: str | None) -> Any:
    return page_or_part(
        "disputes/new.html", "disputes/_new.html", status=422 if refusal else 200, form=form, refusal=refusal
    )


@bp.get("/<reference>")
@requires(Permission.DISPUTES_READ)
def show(reference: str) -> Any:
    return page_or_part("disputes/show.html", "disputes/_dispute.html", **_shown(reference))


@bp.post("/<reference>/messages")
@requires(Permission.DISPUTES_WRITE)
def write(reference: str) -> Any:
    dispute, form = disputes.find(reference), MessageForm()
    with attempt(form) as tried, transaction():
        form.check()
        disputes.write(dispute.id, form.text.data, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Sent. The agent is told."), message=form)


@bp.post("/<reference>/taking")
@requires(Permission.DISPUTES_WRITE)
def take(reference: str) -> Any:
    dispute = disputes.find(reference)
    with attempt() as tried, transaction():
        disputes.take(dispute.id, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("It is among yours now."))


@bp.post("/<reference>/links")
@requires(Permission.DISPUTES_WRITE)
def link(reference: str) -> Any:
    dispute, form = disputes.find(reference), AboutForm()
    with attempt(form) as tried, transaction():
        form.check()
        disputes.link(dispute.id, form.about(), by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Noted what it is about."), about=form)


@bp.post("/<reference>/decision")
@requires(Permission.DISPUTES_WRITE)
def decide(reference: str) -> Any:
    dispute, form = disputes.find(reference), DecisionForm()
    with attempt(form) as tried, transaction():
        unchanged("dispute", dispute.id)
        form.check()
        disputes.decide(
            dispute.id,
            form.decision.data,
            form.code.data,
            form.note.data,
            by=current_user.actor,
            now=clock.now(),
        )
    return _answered(reference, tried, gettext("Decided. The agent is told."), decision=form)


@bp.post("/<reference>/attribution")
@requires(Permission.CASES_DECIDE)
def attribute(reference: str) -> Any:
    dispute = disputes.find(reference)
    with attempt() as tried, transaction():
        disputes.attribute_customer(dispute.id, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Attributed. What was paid since earns now."))


@bp.post("/<reference>/transfer")
@requires(Permission.CASES_DECIDE)
def transfer(reference: str) -> Any:
    dispute, form = disputes.find(reference), TransferForm()
    with attempt(form) as tried, transaction():
        form.check()
        disputes.transfer_customer(dispute.id, form.note.data, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Transferred, with what was earned."), moving=form)


@bp.post("/<reference>/correction")
@requires(Permission.COMMISSIONS_DECIDE)
def correct(reference: str) -> Any:
    """Undo a reversal by hand of the commission that the dispute is about."""
    dispute, form = disputes.find(reference), CorrectionForm(())
    with attempt(form) as tried, transaction():
        form.check()
        disputes.undo_reversal(
            dispute.id, form.reversal.data, form.note.data, by=current_user.actor, now=clock.now()
        )
    return _answered(reference, tried, gettext("Undone, or waiting for a second person."))


def _answered(reference: str, tried: Outcome, said: str, **forms: Form) -> Any:
    if tried.refusal:
        context = _shown(reference) | forms | {"refusal": tried.refusal}
        return refused("disputes/show.html", "disputes/_dispute.html", **context)
    flash(said)
    return seen_other(url_for("disputes.show", reference=reference))


def _shown(reference: str) -> dict[str, Any]:
    (dispute,) = worded([disputes.find(reference)])
    words = disputes.messages(dispute.id)
    names = actor_names(split_actor(one.written_by) for one in words)
    for one in words:
        one.who = names[split_actor(one.written_by)]
    return {
        "dispute": dispute,
        "about_it": _about(dispute),
        "words": words,
        "remedies": [_remedy(one) for one in disputes.remedies_of(dispute.id)],
        "newest": _story(dispute),
        "history": history_of("dispute", dispute.id),
        "message": MessageForm(formdata=None),
        "about": AboutForm(formdata=None),
        "decision": DecisionForm(formdata=None),
        "moving": TransferForm(formdata=None),
        "correction": CorrectionForm(_to_undo(dispute), formdata=None),
        "refusal": None,
        "may_decide": _may_decide(dispute),
    }


def _to_undo(dispute: Any) -> list[Any]:
    """The reversals by hand of its commission that stand."""
    if dispute.commission_id is None:
        return []
    return [
        one
        for one in commissions.reversals_of(dispute.commission_id)
        if one.state == "done" and one.kind == "take_back" and not one.is_undone
    ]


def _may_decide(dispute: Any) -> bool:
    return bool({dispute.role, "admin"} & set(current_user.roles)) and (
        Permission.DISPUTES_WRITE in current_user.permissions
    )


def _remedy(one: Any) -> tuple[str, str, str]:
    """(what was done, its reference, its page)."""
    words = {
        "attribution": (gettext("The customer was attributed late"), "referrals.show"),
        "transfer": (gettext("The customer was transferred"), "cases.show"),
        "correction": (gettext("A reversal was undone"), "reversals.show"),
    }
    text, endpoint = words[one.kind]
    return text, one.subject, url_for(endpoint, reference=one.subject)


def _story(dispute: Any) -> list[Any]:
    """What happened to the nearest thing that it is about."""
    for name in STORY_OF:
        id = getattr(dispute, f"{name}_id")
        if id is not None:
            called = str(id) if name == "commission" else getattr(dispute, f"{name}_reference")
            return stories.newest(name, id, called)
    return stories.newest("agent", dispute.agent_id, dispute.agent_reference)
