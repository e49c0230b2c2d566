"""The owner's choice for what waits for a person: who decides, by when, and what happens if nobody does."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import IntegerField, SelectField
from wtforms.validators import NumberRange

from erp.blueprints.forms import Form, attempt, needed, options
from erp.blueprints.history import told
from erp.blueprints.responses import done, refused
from erp.blueprints.roles import ROLES
from erp.blueprints.states import state_of
from erp.domain import commissions
from erp.kernel import audit, clock
from erp.kernel.errors import NotFound
from erp.kernel.permissions import Permission, Role, requires
from erp.kernel.transaction import transaction

bp = Blueprint("deadlines", __name__, url_prefix="/deadlines")
FREEZES = {
    "attribution_case": _("A case is open about the customer."),
    "agent_suspended": _("The agent is suspended."),
    "agent_closed": _("The agent's account is closed, and the terms keep what comes for a settlement."),
    "by_hand": _("Somebody froze it by hand."),
}
"""What each rule freezes on."""


class FreezeRuleForm(Form):
    role = SelectField(_("Who decides"), [needed])
    days = IntegerField(_("Within so many days"), [needed, NumberRange(1, commissions.MOST_DAYS)])
    outcome = SelectField(_("If nobody does"), [needed])

    def __init__(self, rule: str, **values: Any):
        super().__init__(prefix=rule, **values)
        self.role.choices = options((role, ROLES[Role(role)]) for role in commissions.FREEZE_ROLES)
        self.outcome.choices = options(
            (outcome, state_of(f"freeze.{outcome}").label) for outcome in commissions.FREEZE_OUTCOMES[rule]
        )


@bp.get("")
@requires(Permission.COMMISSIONS_READ)
def show() -> Any:
    return render_template("deadlines/show.html", **_shown())


@bp.post("/freezes/<rule>")
@requires(Permission.DEADLINES_WRITE)
def set_freeze(rule: str) -> Any:
    if rule not in commissions.FREEZE_OUTCOMES:
        raise NotFound
    form = FreezeRuleForm(rule)
    with attempt(form) as tried, transaction():
        form.check()
        commissions.change_freeze_rule(
            rule,
            role=form.role.data,
            days=form.days.data,
            outcome=form.outcome.data,
            by=current_user.actor,
            now=clock.now(),
        )
    if tried.refusal:
        return refused("deadlines/show.html", "deadlines/_freezes.html", **_shown(rule, form, tried.refusal))
    flash(gettext("Saved. It counts for what is frozen from now on."))
    return done(url_for("deadlines.show"), "deadlines/_freezes.html", **_shown())


def _shown(rule: str = "", form: Form | None = None, refusal: str | None = None) -> dict[str, Any]:
    forms = {
        known.rule: FreezeRuleForm(known.rule, formdata=None, data=known._asdict())
        for known in commissions.freeze_rules()
    }
    if form is not None:
        forms[rule] = form
    entries = [entry for known in forms for entry in audit.history("freeze_rule", known)]
    return {
        "rules": [(known, FREEZES[known], forms[known]) for known in forms],
        "refused_rule": rule,
        "refusal": refusal,
        "history": told(sorted(entries, key=lambda entry: entry.id)),
    }
