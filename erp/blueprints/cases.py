"""Attributions that two agents claim: a person decides, and the frozen money follows."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import RadioField, TextAreaField

from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Moment, Mono, Tag, To, Who, Words
from erp.blueprints.forms import Filters, Form, attempt, choice, needed, options
from erp.blueprints.history import history_of
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import actor_name, with_agent_names
from erp.blueprints.responses import done, refused
from erp.blueprints.seen import unchanged
from erp.blueprints.states import stated
from erp.domain import commissions, referrals
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("cases", __name__, url_prefix="/cases")
STATES = ("open", *referrals.DECISIONS.values())
NAMES = {"holder_name": "holder_agent_id", "other_name": "other_agent_id"}


OF_REFERRAL = To("referrals.show", "reference", "referral_reference")


class CaseFilters(Filters):
    state = choice(_("Any state"))


class DecisionForm(Form):
    decision = RadioField(_("Whose customer is it?"), [needed])
    note = TextAreaField(_("Why"), [needed], description=_("Both agents may ask for it."))

    def __init__(self, case: Any, **values: Any):
        super().__init__(**values)
        keeps = gettext("%(agent)s keeps the customer", agent=case.holder_name)
        gets = gettext("%(agent)s gets the customer, and what was earned", agent=case.other_name)
        self.decision.choices = options([("uphold", keeps), ("transfer", gets)])


def _find(form: CaseFilters) -> Listed:
    found = referrals.search_cases(q=form.value("q"), state=form.value("state"), sort=sort_key())
    return found.dressed(lambda rows: with_agent_names(rows, **NAMES))


CASES = Listing(
    "cases",
    _("Cases"),
    _("A booking and a code named different agents. The money is frozen until somebody decides."),
    columns=(
        Column("reference", _("Case"), Mono(), to=To("cases.show")),
        Column(
            "customer",
            _("Customer"),
            of=lambda row: row.establishment_name or row.referral_reference,
            card="name",
            to=To("cases.show"),
        ),
        Column(
            "holder_name",
            _("Attributed to"),
            Who("holder_code"),
            card="note",
            to=To("agents.show", "reference", "holder_reference"),
        ),
        Column(
            "other_name",
            _("Also named"),
            Who("other_code"),
            card="more",
            to=To("agents.show", "reference", "other_reference"),
        ),
        Column("referral_reference", _("Referral"), Mono(), shown=False, to=OF_REFERRAL),
        Column("state", _("State"), Tag(), card="state"),
        Column("opened_at", _("Opened"), Moment(is_near=True), sort=True, card="sum", quiet=True),
        Column("decided_at", _("Decided"), Moment(), shown=False),
        Column("note", _("Why"), Words(), shown=False),
    ),
    find=_find,
    filters=lambda: CaseFilters(state=stated(STATES)),
    empty=Empty(
        "scale",
        _("Nothing to decide"),
        _("A case opens by itself when a booking and a code name different agents."),
    ),
    views=(
        View(_("All")),
        View(_("Waiting for a decision"), {"state": "open"}),
        View(_("Upheld"), {"state": "upheld"}),
        View(_("Transferred"), {"state": "transferred"}),
    ),
)
mount(bp, CASES, Permission.REFERRALS_READ)


@bp.get("/<reference>")
@requires(Permission.REFERRALS_READ)
def show(reference: str) -> Any:
    return render_template("cases/show.html", **_shown(reference))


@bp.post("/<reference>/decision")
@requires(Permission.CASES_DECIDE)
def decide(reference: str) -> Any:
    context = _shown(reference)
    form = DecisionForm(context["case"])
    with attempt(form) as tried, transaction():
        unchanged("attribution_case", context["case"].id)
        form.check()
        referrals.decide_case(
            context["case"].id, form.decision.data, form.note.data, by=current_user.actor, now=clock.now()
        )
    if tried.refusal:
        return refused(
            "cases/show.html",
            "cases/_decision.html",
            **_shown(reference) | {"form": form, "refusal": tried.refusal},
        )
    flash(gettext("Decided. The frozen commissions follow now."))
    return done(url_for("cases.show", reference=reference), "cases/_decision.html", **_shown(reference))


def _shown(reference: str) -> dict[str, Any]:
    (case,) = with_agent_names([referrals.find_case(reference)], **NAMES)
    case = case._replace(decided_by=actor_name(case.decided_by))
    return {
        "case": case,
        "frozen": commissions.search(q=case.referral_reference, state="frozen").first(50),
        "history": history_of("attribution_case", case.id),
        "form": DecisionForm(case, formdata=None),
        "refusal": None,
    }
