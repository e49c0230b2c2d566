"""The form of a draft of terms: all that `TermsDraft` says, as people type it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_timezone
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FieldList,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.validators import Optional

from erp.blueprints.forms import Form, Row, needed, options
from erp.domain.programmes import names
from erp.kernel.errors import NEEDED, Invalid
from erp.kernel.sentences import Sentence
from erp.language import say

NOTHING = _("nothing")


def word(label: Any, called: Mapping[str, Sentence], *, none: Any = None, default: str = "") -> SelectField:
    """A choice among words of the domain; `none` is how no choice at all is called."""
    offered = [(value, LazyString(say, sentence)) for value, sentence in called.items()]
    choices = options([("", none), *offered] if none else offered)
    return SelectField(label, choices=choices, default=default, validate_choice=False)


class RuleForm(Row):
    key = StringField(_("Name of the rule"), description=_("As statements call it, such as bonus."))
    kind = word(_("It pays"), names.KINDS, default="percent")
    event_kind = word(_("For"), names.EVENT_KINDS, default="payment")
    rate = StringField(_("Rate in percent"), description=_("Empty: the rate of the agent's tier."))
    amount = StringField(_("Amount"))
    plan = StringField(_("Product plan"), description=_("Empty: all plans without a rule of their own."))
    payments = word(_("Payments"), names.PAYMENTS, default="every")
    base = word(_("Taken of"), names.BASES, default="gross")
    months = StringField(_("Goes on for, months"), description=_("Empty: for good."))
    months_from = word(_("Months from"), names.MONTHS_FROM, default="first_payment")
    line_cap = StringField(_("Most at once"), description=_("Empty: no cap."))
    customer_cap = StringField(_("Most for one customer"), description=_("Empty: no cap."))
    monthly_cap = StringField(_("Most a calendar month"), description=_("Of one agent. Empty: no cap."))
    condition = word(_("It waits until"), names.CONDITIONS, none=NOTHING)
    condition_days = StringField(_("Within, days"))
    on_cancel = word(_("Taken back on a cancellation"), names.ON_CANCEL, default="unearned")
    cancel_days = StringField(_("Earned within, days"))
    reward = word(_("Paid as"), names.REWARDS, default="money")


class TierForm(Row):
    name = StringField(_("Tier"))
    threshold = StringField(_("From"))
    rate = StringField(_("Rate in percent"))


class TermsForm(Form):
    rules = FieldList(FormField(RuleForm))
    tiers = FieldList(FormField(TierForm))
    measure = word(_("A tier follows from"), names.MEASURES, default="connections")
    window_kind = word(_("Counted over"), names.WINDOWS, default="rolling")
    window_days = StringField(_("Counted over, days"), description=_("The last ones before the payment."))
    retroactive = BooleanField(_("The tier that is reached counts for the whole window"))
    grace_days = StringField(_("A tier is kept after it was lost, days"), default="0")
    freeze_tier = BooleanField(_("What counts is the tier at the customer's sign-up, for good"))
    hold_days = StringField(_("Hold, days"))
    click_window_days = StringField(_("A click counts for, days"))
    minimum_payout = StringField(_("Smallest payout"))
    evidence = word(_("Payments that earn"), names.EVIDENCE, default="bank_checked")
    on_agent_closed = word(
        _("What closed agents' customers pay later"),
        names.ON_AGENT_CLOSED,
        default="release",
    )
    vat = StringField(_("VAT in the price, percent"), default="0", description=_("For rules net of VAT."))
    fee = StringField(_("Bank's fee, percent"), default="0", description=_("For rules net of the fee."))
    fee_minimum = StringField(_("Bank's fee, at least"), default="0")
    note = StringField(_("What is new"), description=_("For colleagues."))
    revision = HiddenField(default="1")


NOW, LATER = "now", "later"


class ForceForm(Form):
    """When a draft takes force, and why."""

    when = RadioField(
        _("It takes force"),
        choices=options([(NOW, _("now")), (LATER, _("at a moment to come"))]),
        default=NOW,
    )
    begins = DateTimeLocalField(
        _("From"), [Optional()], description=_("In your time zone."), render_kw={"step": "60"}
    )
    reason = StringField(_("Why"), [needed], description=_("It stays in the history of the terms."))
    revision = HiddenField(default="1")

    def moment(self) -> dt.datetime | None:
        """The chosen moment, none for now. Raises `Invalid` when there is none where one is wanted."""
        if self.when.data != LATER:
            return None
        if self.begins.data is None:
            raise Invalid(fields={"begins": NEEDED})
        return self.begins.data.replace(tzinfo=ZoneInfo(str(get_timezone())))


class EndForm(Form):
    """Why terms end."""

    reason = StringField(_("Why"), [needed], description=_("It stays in the history of the terms."))
