"""Back-tests: terms against the recorded history of their programme, asked for, watched, and kept."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import DateField, SelectMultipleField, StringField
from wtforms.validators import Optional

from erp.blueprints.address import sort_key
from erp.blueprints.backtest_report import report_of
from erp.blueprints.columns import Column, Count, Figures, Moment, Mono, Tag, To, Words
from erp.blueprints.forms import Filters, Form, Outcome, attempt, choice, midnight, options
from erp.blueprints.history import history_of
from erp.blueprints.listing import Beside, Empty, Listing, Step, View
from erp.blueprints.lists import mount
from erp.blueprints.people import with_actor_names
from erp.blueprints.presentation import format_count
from erp.blueprints.responses import page_or_part, refused, seen_other, wants_part
from erp.blueprints.states import state_of
from erp.domain import backtests, programmes
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.span import Span
from erp.kernel.transaction import transaction

bp = Blueprint("backtests", __name__, url_prefix="/back-tests")


FAILED_BECAUSE = {
    "OperationalError": _("The database did not answer, or had to stop the work."),
    "InternalError": _("The database did not answer, or had to stop the work."),
    "JobTimeoutException": _("It took longer than a worker may be at it in one go."),
    "MemoryError": _("The machine had not enough memory for it."),
}
"""What a worker wrote down about its last failure begins with one of these."""


def failed_because(error: str) -> str:
    """Why a worker gave up, as far as a person can tell from what it wrote down."""
    return str(FAILED_BECAUSE.get(error.partition(" ")[0]) or gettext("A mistake in the program stopped it."))


class BackTestFilters(Filters):
    state = choice(_("Any state"))
    programme = choice(_("Any programme"))


class BackTestForm(Form):
    """What to replay; without a choice of days or agents it is the whole history."""

    versions = SelectMultipleField(_("Versions of the terms, one to four"), coerce=int)
    since = DateField(_("From"), [Optional()], description=_("Empty: from the beginning."))
    until = DateField(_("To"), [Optional()], description=_("Empty: up to now."))
    agents = StringField(
        _("Agents"), description=_("Their codes, with spaces between. Empty: all of the programme.")
    )
    note = StringField(_("Note"), description=_("What you want to find out. For colleagues."))

    def __init__(self, versions: Sequence[Any], **values: Any):
        super().__init__(**values)
        self.versions.choices = options((terms.version, _named(terms)) for terms in versions)

    @property
    def span(self) -> Span:
        """From the beginning of the first day to the end of the last."""
        last = self.until.data
        return Span(midnight(self.since.data), midnight(last and last + dt.timedelta(days=1)))


def _named(terms: Any) -> str:
    state = {"draft": gettext("a draft"), "active": gettext("active")}.get(terms.state, gettext("retired"))
    said = gettext("Version %(version)s, %(state)s", version=terms.version, state=state)
    return f"{said}: {terms.note}" if terms.note else said


def _find(form: BackTestFilters) -> Listed:
    given = {name: form.value(name) for name in ("q", "state", "programme")}
    found = backtests.search(**given, sort=sort_key())
    return found.dressed(lambda rows: with_actor_names(rows, "asked_by"))


def _programmes() -> list[tuple[str, str]]:
    return [(row.reference, row.name) for row in programmes.search().first(100)]


def _versions(test: Any) -> str:
    return ", ".join(map(str, test.versions))


def _progress(test: Any) -> str:
    return f"{format_count(test.agents_done)} / {format_count(test.agents)}"


BACK_TESTS = Listing(
    "backtests",
    _("Back-tests"),
    _(
        "What other terms would have cost, whom they would have paid more or less, and why: history, replayed."
    ),
    columns=(
        Column("reference", _("Back-test"), Mono(), card="name", to=To("backtests.show")),
        Column(
            "programme_name",
            _("Programme"),
            card="note",
            to=To("programmes.show", value="programme_reference"),
        ),
        Column("versions", _("Versions"), Figures(), of=_versions),
        Column("state", _("State"), Tag(), of=lambda row: f"back_test.{row.state}", card="state"),
        Column("progress", _("Agents replayed"), Figures(), of=_progress, card="sum"),
        Column("facts", _("Facts"), Count(), shown=False),
        Column("asked_at", _("Asked for"), Moment(), sort=True, card="more"),
        Column("asked_by", _("Asked by")),
        Column("ended_at", _("Ended"), Moment(), shown=False),
        Column("note", _("Note"), Words()),
    ),
    find=_find,
    filters=lambda: BackTestFilters(
        state=[(state, state_of(f"back_test.{state}").label) for state in backtests.STATES],
        programme=_programmes(),
    ),
    empty=Empty(
        "rewind",
        _("No back-test yet"),
        _("Replay a programme's history under a draft of its terms before you bring it into force."),
    ),
    beside=Beside(_("Compare"), "backtest_comparison.choose", "columns-3"),
    step=Step(_("New back-test"), "backtests.new", Permission.PROGRAMMES_WRITE),
    views=(
        View(_("All")),
        View(_("Under way"), {"state": "running"}),
        View(_("Failed"), {"state": "failed"}),
        View(_("Done"), {"state": "done"}),
        View(_("Cancelled"), {"state": "cancelled"}),
    ),
)
mount(bp, BACK_TESTS, Permission.PROGRAMMES_READ)


@bp.get("/new")
@requires(Permission.PROGRAMMES_WRITE)
def new() -> Any:
    """First the programme, then which of its versions; a link from its page names both."""
    reference = request.args.get("programme", "")
    known = programmes.search().first(100)
    if not reference and len(known) == 1:
        reference = known[0].reference
    if not reference:
        return page_or_part("backtests/choose.html", "backtests/choose.html", programmes=known)
    programme = programmes.find(reference)
    versions = programmes.versions(programme.id)
    drafts = [terms.version for terms in versions if terms.state == "draft"]
    chosen = [request.args["version"]] if "version" in request.args else drafts[: backtests.MOST_VERSIONS]
    form = BackTestForm(
        versions, data={"versions": [int(version) for version in chosen if str(version).isdigit()]}
    )
    return _form(programme, form)


@bp.post("")
@requires(Permission.PROGRAMMES_WRITE)
def create() -> Any:
    programme = programmes.find(request.form.get("programme", ""))
    form = BackTestForm(programmes.versions(programme.id))
    with attempt(form) as tried, transaction():
        form.check()
        reference = backtests.ask(
            programme.id,
            form.versions.data or [],
            span=form.span,
            agents=re.split(r"[\s,;]+", form.agents.data or ""),
            note=form.note.data or "",
            by=current_user.actor,
            now=clock.now(),
        )
    if tried.refusal:
        return _form(programme, form, tried.refusal)
    flash(gettext("A worker replays the history now. You can watch, or leave."))
    return seen_other(url_for("backtests.show", reference=reference))


def _form(programme: Any, form: BackTestForm, refusal: str | None = None) -> Any:
    context = {"programme": programme, "form": form, "refusal": refusal}
    answer = refused if refusal else page_or_part
    return answer("backtests/new.html", "backtests/_form.html", **context)


@bp.get("/<reference>")
@requires(Permission.PROGRAMMES_READ)
def show(reference: str) -> Any:
    """How far it is; and, once there is something to tell, what came out."""
    return render_template("backtests/show.html", **_shown(reference))


@bp.get("/<reference>/status")
@requires(Permission.PROGRAMMES_READ)
def status(reference: str) -> Any:
    """What the page asks for every second while it runs; when that is over, the page is opened anew."""
    test = backtests.find(reference)
    if not wants_part() or test.state not in ("waiting", "running"):
        return seen_other(url_for("backtests.show", reference=reference))
    return render_template("backtests/_status.html", test=test, failed_because=failed_because)


@bp.post("/<reference>/resumption")
@requires(Permission.PROGRAMMES_WRITE)
def resume(reference: str) -> Any:
    with attempt() as tried, transaction():
        backtests.resume(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("A worker goes on with it. You can watch, or leave."))


@bp.post("/<reference>/cancellation")
@requires(Permission.PROGRAMMES_WRITE)
def cancel(reference: str) -> Any:
    with attempt() as tried, transaction():
        backtests.cancel(reference, by=current_user.actor, now=clock.now())
    return _answered(reference, tried, gettext("Cancelled. What was replayed by then is kept."))


def _answered(reference: str, tried: Outcome, said: str) -> Any:
    flash(tried.refusal or said, "error" if tried.refusal else "message")
    return seen_other(url_for("backtests.show", reference=reference))


@bp.post("/<reference>/repetition")
@requires(Permission.PROGRAMMES_WRITE)
def repeat(reference: str) -> Any:
    again = reference
    with attempt() as tried, transaction():
        again = backtests.repeat(reference, by=current_user.actor, now=clock.now())
    if tried.refusal:
        flash(tried.refusal, "error")
    else:
        flash(gettext("A worker replays the history now. You can watch, or leave."))
    return seen_other(url_for("backtests.show", reference=again))


@bp.post("/<reference>/removal")
@requires(Permission.PROGRAMMES_WRITE)
def remove(reference: str) -> Any:
    with attempt() as tried, transaction():
        backtests.remove(reference, by=current_user.actor, now=clock.now())
    if tried.refusal:
        flash(tried.refusal, "error")
        return seen_other(url_for("backtests.show", reference=reference))
    flash(gettext("The back-test is deleted."))
    return seen_other(url_for("backtests.index"))


def _shown(reference: str) -> dict[str, Any]:
    found = backtests.find(reference)
    (test,) = with_actor_names([found], "asked_by")
    report = report_of(found, request.args.get("version", 0, type=int)) if found.agents_done else None
    return {
        "test": test,
        "pinned": backtests.versions(found.id),
        "report": report,
        "history": history_of("back_test", found.id),
        "failed_because": failed_because,
    }
