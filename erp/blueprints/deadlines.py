"""The owner's choice for what waits for a person: who decides, by when, and what happens if nobody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import NumberRange

from erp.blueprints.forms import Form, amount_in, attempt, needed, options
from erp.blueprints.history import told
from erp.blueprints.responses import done, refused
from erp.blueprints.roles import ROLES
from erp.blueprints.states import state_of
from erp.blueprints.typed import shown
from erp.domain import commissions, disputes
from erp.kernel import audit, clock
from erp.kernel.errors import NotFound
from erp.kernel.permissions import Permission, Role, requires
from erp.kernel.transaction import transaction
from erp.language import locale

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


DISPUTES = {
    "missing": _("A payment or a customer earned nothing, the agent says."),
    "wrong": _("The amount of a commission is wrong, the agent says."),
    "refused": _("A sign-up or a payout was refused, and the agent objects."),
}
"""What each kind of dispute is about."""


class DisputeRuleForm(Form):
    role = SelectField(_("Who decides"), [needed])
    days = IntegerField(_("Within so many days"), [needed, NumberRange(1, disputes.MOST_DAYS)])
    outcome = SelectField(_("If nobody does"), [needed])

    def __init__(self, kind: str, **values: Any):
        super().__init__(prefix=kind, **values)
        self.role.choices = options((role, ROLES[Role(role)]) for role in disputes.ROLES)
        self.outcome.choices = options(
            (outcome, state_of(f"dispute.{outcome}").label) for outcome in disputes.OUTCOMES
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
    return _set(rule, FreezeRuleForm(rule), commissions.change_freeze_rule, "deadlines/_freezes.html")


class LimitForm(Form):
    amount = StringField(_("Up to this amount one person is enough"), [needed])

    def __init__(self, currency: str, **values: Any):
        super().__init__(prefix=currency, **values)


@bp.post("/reversals/<currency>")
@requires(Permission.DEADLINES_WRITE)
def set_limit(currency: str) -> Any:
    if currency not in {known.currency for known in commissions.reversal_limits()}:
        raise NotFound
    form = LimitForm(currency)
    with attempt(form) as tried, transaction():
        form.check()
        amount = amount_in(form.amount, currency)
        commissions.change_reversal_limit(currency, amount, by=current_user.actor, now=clock.now())
    if tried.refusal:
        return refused(
            "deadlines/show.html", "deadlines/_limits.html", **_shown(currency, form, tried.refusal)
        )
    flash(gettext("Saved. It counts for what begins from now on."))
    return done(url_for("deadlines.show"), "deadlines/_limits.html", **_shown())


@bp.post("/disputes/<kind>")
@requires(Permission.DEADLINES_WRITE)
def set_dispute(kind: str) -> Any:
    if kind not in disputes.KINDS:
        raise NotFound
    return _set(kind, DisputeRuleForm(kind), disputes.change_dispute_rule, "deadlines/_disputes.html")


def _set(rule: str, form: Any, change: Callable[..., None], part: str) -> Any:
    with attempt(form) as tried, transaction():
        form.check()
        change(
            rule,
            role=form.role.data,
            days=form.days.data,
            outcome=form.outcome.data,
            by=current_user.actor,
            now=clock.now(),
        )
    if tried.refusal:
        return refused("deadlines/show.html", part, **_shown(rule, form, tried.refusal))
    flash(gettext("Saved. It counts for what begins from now on."))
    return done(url_for("deadlines.show"), part, **_shown())


def _shown(rule: str = "", form: Form | None = None, refusal: str | None = None) -> dict[str, Any]:
    freezes: dict[str, Form] = {
        known.rule: FreezeRuleForm(known.rule, formdata=None, data=known._asdict())
        for known in commissions.freeze_rules()
    }
    kinds: dict[str, Form] = {
        known.kind: DisputeRuleForm(known.kind, formdata=None, data=known._asdict())
        for known in disputes.dispute_rules()
    }
    limits: dict[str, Form] = {
        known.currency: LimitForm(
            known.currency, formdata=None, data={"amount": shown(known.amount, known.currency, locale())}
        )
        for known in commissions.reversal_limits()
    }
    for forms in (freezes, kinds, limits):
        if form is not None and rule in forms:
            forms[rule] = form
    entries = [entry for known in freezes for entry in audit.history("freeze_rule", known)]
    entries += [entry for known in kinds for entry in audit.history("dispute_rule", known)]
    entries += [entry for known in limits for entry in audit.history("reversal_limit", known)]
    return {
        "limits": limits,
        "rules": [(known, FREEZES[known], freezes[known]) for known in freezes],
        "kinds": [(known, DISPUTES[known], kinds[known]) for known in kinds],
        "refused_rule": rule,
        "refusal": refusal,
        "history": told(sorted(entries, key=lambda entry: entry.id)),
    }
