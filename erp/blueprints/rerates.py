"""Re-rates: referrals moved to other terms, proposed with a preview by one person and decided by another."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField

from erp.blueprints.address import sort_key
from erp.blueprints.columns import AGENT, Column, Count, Day, Moment, Money, Mono, Tag, To, Words
from erp.blueprints.forms import Filters, Form, Outcome, Within, attempt, choice, needed, options
from erp.blueprints.history import history_of
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import agent_names, dressed, with_actor_names, with_agent_names
from erp.blueprints.present import now
from erp.blueprints.responses import page_or_part, refused, seen_other, wants_part
from erp.blueprints.seen import unchanged
from erp.blueprints.states import state_of
from erp.blueprints.terms_words import changes
from erp.domain import agents, programmes, referrals, rerates
from erp.kernel import bulk, clock
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.sentences import Sentence
from erp.kernel.transaction import transaction
from erp.language import say

bp = Blueprint("rerates", __name__, url_prefix="/rerates")
agents_bp = Blueprint("rerate_agents", __name__, url_prefix="/rerates/<reference>/agents")
STATES = ("proposed", "approved", "refused", "withdrawn")
SHOWN = 10
"""Agents on the page of a re-rate: those who lose most, and those who win most."""


class RerateFilters(Within):
    state = choice(_("Any state"))


class RerateForm(Form):
    programme, version, agent, chosen = HiddenField(), HiddenField(), HiddenField(), HiddenField()
    day = DateField(_("From"), [needed])
    code = SelectField(_("Reason"), [needed])
    note = TextAreaField(_("Note"), [needed], description=_("For colleagues; agents see the reason alone."))

    def __init__(self, **values: Any):
        super().__init__(**values)
        words = ((code, say(text)) for code, text in referrals.MOVE_CODES.items())
        self.code.choices = options((code, text[:1].upper() + text[1:]) for code, text in words)


class RefusalForm(Form):
    note = StringField(_("Why not"), [needed])


def _find(form: RerateFilters) -> Listed:
    found = rerates.search(
        q=form.value("q"), state=form.value("state"), span=form.span, sort=sort_key() or "waiting"
    )
    return found.dressed(_worded)


def _worded(rows: Any) -> list[Any]:
    return with_actor_names(
        dressed(
            rows,
            lambda row: {
                "state": f"rerate.{row.state}",
                "why": say(referrals.MOVE_CODES[row.code]),
                "terms": gettext("version %(version)s", version=row.version),
            },
        ),
        "proposed_by",
        "decided_by",
        "withdrawn_by",
    )


RERATES = Listing(
    "rerates",
    _("Re-rates"),
    _("Referrals that somebody wants to move to other terms, from when on, and what was decided."),
    columns=(
        Column("reference", _("Re-rate"), Mono(), to=To("rerates.show")),
        Column("programme_name", _("Programme"), card="name", to=To("rerates.show")),
        Column("terms", _("To terms")),
        Column("from_at", _("From"), Day(), sort=True, card="note"),
        Column("state", _("State"), Tag(), card="state"),
        Column("referrals", _("Referrals"), Count(), sort=True, card="also"),
        Column("agents", _("Agents"), Count()),
        Column("difference", _("A year's difference"), Money(), sort=True, card="sum"),
        Column("why", _("Why"), Words(), shown=False),
        Column("proposed_by", _("Proposed by")),
        Column("proposed_at", _("Proposed"), Moment(), sort=True, quiet=True),
        Column("decided_by", _("Decided by"), shown=False),
        Column("decided_at", _("Decided"), Moment(), shown=False),
        Column("withdrawn_by", _("Withdrawn by"), shown=False),
        Column("note", _("Note"), Words(), shown=False),
    ),
    find=_find,
    filters=lambda: RerateFilters(state=[(state, state_of(f"rerate.{state}").label) for state in STATES]),
    empty=Empty(
        "calendar-sync",
        _("No re-rate yet"),
        _(
            "Referrals keep the terms they were made under, until somebody moves them from the page of the terms."
        ),
    ),
    views=(
        View(_("All")),
        View(_("To decide"), {"state": "proposed"}),
        View(_("Approved"), {"state": "approved"}),
        View(_("Refused"), {"state": "refused"}),
    ),
)
mount(bp, RERATES, Permission.PROGRAMMES_READ)


def _rerate() -> Any:
    """The re-rate that the address names, read once a request."""
    if "rerate" not in g:
        g.rerate = rerates.find((request.view_args or {})["reference"])
    return g.rerate


AGENTS = Listing(
    "rerate_agents",
    _("Agents of the re-rate"),
    _(
        "What their referrals earned in the year before it was proposed, and would have earned under the new terms."
    ),
    columns=(
        AGENT,
        Column("referrals", _("Referrals"), Count(), sort=True),
        Column("earned", _("Earned"), Money(), sort=True, card="note", total=True),
        Column("would_earn", _("Under the new terms"), Money(), total=True),
        Column("elsewhere", _("By shared caps, elsewhere"), Money(), shown=False, total=True),
        Column("difference", _("Difference"), Money(), sort=True, card="sum", total=True),
        Column("told_at", _("Told"), Moment(), card="also"),
    ),
    find=lambda _form: rerates.agents(_rerate().id, sort=sort_key() or "worst").dressed(
        lambda rows: with_agent_names(rows, agent_name="agent_id")
    ),
    filters=Filters,
    empty=Empty("users", _("Nobody is concerned"), _("A re-rate has at least one referral.")),
    label=lambda row: str(row.agent_code),
    template="backtests/agents.html",
    more=lambda: {
        "crumbs": [
            (_("Re-rates"), url_for("rerates.index")),
            (_rerate().reference, url_for("rerates.show", reference=_rerate().reference)),
        ]
    },
)
mount(agents_bp, AGENTS, Permission.PROGRAMMES_READ)


@bp.get("/new")
@requires(Permission.RERATES_WRITE)
def new() -> Any:
    """Whom it would concern and what would change for them, before anything is proposed."""
    given = {
        name: request.args[name]
        for name in ("programme", "version", "agent", "chosen")
        if name in request.args
    }
    if not given:
        return render_template("rerates/nothing.html")
    with attempt() as tried:
        return _new(RerateForm(formdata=None, **given), None)
    flash(str(tried.refusal), "error")
    return seen_other(url_for("referrals.index"))


@bp.post("")
@requires(Permission.RERATES_WRITE)
def create() -> Any:
    form = RerateForm()
    with attempt(form) as tried, transaction():
        form.check()
        reference = rerates.propose(
            _choice(form),
            form.day.data,
            code=form.code.data,
            note=form.note.data,
            by=current_user.actor,
            now=clock.now(),
        )
    if tried.refusal:
        return _new(form, tried.refusal)
    flash(gettext("Proposed. It is being counted; then a different person must decide."))
    return seen_other(url_for("rerates.show", reference=reference))


def _choice(form: RerateForm) -> rerates.Choice:
    """What was chosen on the list of referrals; or those of a version, of an agent, or all of a programme."""
    if form.chosen.data:
        ids = _ids_chosen(form.chosen.data)
        return rerates.Choice(rerates.programme_of(ids), referral_ids=ids)
    programme = programmes.find(form.programme.data or "")
    return rerates.Choice(
        programme.id,
        terms_id=_version(programme.id, form.version.data or ""),
        agent_id=_agent(form.agent.data or ""),
    )


def _ids_chosen(deed: str) -> list[UUID]:
    """Rows of the list of referrals that the reader ticked. Raises `NotFound` for anybody else's."""
    try:
        found = bulk.find(UUID(deed))
    except ValueError:
        raise NotFound from None
    if found.list != "referrals" or found.asked_by != str(current_user.actor):
        raise NotFound
    return [UUID(row.subject) for row in bulk.subjects(found.id, ended=False).first(bulk.MOST)]


def _version(programme_id: UUID, typed: str) -> UUID | None:
    if not typed:
        return None
    if not typed.isdecimal():
        raise NotFound
    return UUID(str(programmes.version(programme_id, int(typed)).id))


def _agent(typed: str) -> UUID | None:
    if not typed.strip():
        return None
    found = agents.by_code(typed)
    try:
        return UUID(str((found or agents.find(typed)).id))
    except NotFound:
        raise Invalid(Sentence("There is no agent with this code or reference.")) from None


def _new(form: RerateForm, refusal: str | None) -> Any:
    choice = _choice(form)
    programme = programmes.get(choice.programme_id)
    active = next((terms for terms in programmes.versions(programme.id) if terms.state == "active"), None)
    if active is None:
        raise rerates.TermsNotInForce
    concerned = rerates.chosen(choice, active.id, now())
    if form.day.data is None:
        form.day.data = rerates.first_day(now(), programme.notice_days, programme.zone)
    return page_or_part(
        "rerates/new.html",
        "rerates/_form.html",
        status=422 if refusal else 200,
        programme=programme,
        active=active,
        concerned=[
            {"of": found, "changes": _changes(found.terms_id, active.id, programme.currency)}
            for found in concerned
        ],
        versions=[terms.version for terms in programmes.versions(programme.id) if terms.state == "retired"],
        form=form,
        refusal=refusal,
    )


def _changes(before: UUID, after: UUID, currency: str) -> Any:
    return changes(programmes.as_draft(before), programmes.as_draft(after), currency)


@bp.get("/<reference>")
@requires(Permission.PROGRAMMES_READ)
def show(reference: str) -> Any:
    return render_template("rerates/show.html", **_shown(reference))


@bp.get("/<reference>/status")
@requires(Permission.PROGRAMMES_READ)
def status(reference: str) -> Any:
    """What the page asks for every second while it is counted; when that is over, the page is opened anew."""
    rerate = rerates.find(reference)
    if not wants_part() or rerate.counted_at is not None or rerate.state != "proposed":
        return seen_other(url_for("rerates.show", reference=reference))
    return render_template("rerates/_status.html", rerate=rerate)


@bp.post("/<reference>/approval")
@requires(Permission.RERATES_APPROVE)
def approve(reference: str) -> Any:
    rerate = rerates.find(reference)
    with attempt() as tried, transaction():
        unchanged("rerate", rerate.id)
        rerates.approve(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Approved. Agents are being told."))


@bp.post("/<reference>/refusal")
@requires(Permission.RERATES_APPROVE)
def refuse(reference: str) -> Any:
    rerate, form = rerates.find(reference), RefusalForm()
    with attempt(form) as tried, transaction():
        unchanged("rerate", rerate.id)
        form.check()
        rerates.refuse(reference, form.note.data, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Refused. The referrals keep their terms."), form=form)


@bp.post("/<reference>/withdrawal")
@requires(Permission.RERATES_WRITE)
def withdraw(reference: str) -> Any:
    rerate = rerates.find(reference)
    with attempt() as tried, transaction():
        unchanged("rerate", rerate.id)
        rerates.withdraw(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Withdrawn. The referrals keep their terms."))


def _answered(reference: str, tried: Outcome, said: str, **form: Form) -> Any:
    if tried.refusal:
        context = _shown(reference) | form | {"refusal": tried.refusal}
        return refused("rerates/show.html", "rerates/_decision.html", **context)
    flash(said)
    return seen_other(url_for("rerates.show", reference=reference))


def _shown(reference: str) -> dict[str, Any]:
    found = rerates.find(reference)
    (rerate,) = _worded([found])
    is_counted = found.counted_at is not None
    return {
        "rerate": rerate,
        "is_open": found.state == "proposed",
        "is_coming": found.state == "approved" and found.from_at > now() + referrals.CLOCK_SKEW,
        "is_own": found.proposed_by == str(current_user.actor),
        "moves": [
            {"of": came, "changes": _changes(came.terms_id, found.terms_id, found.currency)}
            for came in rerates.of_terms(found.id)
        ],
        "totals": rerates.totals(found.id) if is_counted else None,
        "losers": _extremes(found.id, "worst", -1) if is_counted else [],
        "winners": _extremes(found.id, "-difference", 1) if is_counted else [],
        "history": history_of("rerate", found.id),
        "form": RefusalForm(formdata=None),
        "refusal": None,
    }


def _extremes(rerate_id: UUID, sort: str, sign: int) -> list[Any]:
    """Those who lose, or win, most."""
    first = [row for row in rerates.agents(rerate_id, sort=sort).first(SHOWN) if row.difference * sign > 0]
    names = agent_names(row.agent_id for row in first)
    return dressed(first, lambda row: {"agent_name": names[row.agent_id]})
