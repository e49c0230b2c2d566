"""A draft of terms as it is typed: read from the form with all that is wrong at once, and written into it."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from wtforms import Field

from erp.blueprints import typed
from erp.blueprints.forms import amount_in, percent_in
from erp.blueprints.terms_form import RuleForm, TermsForm, TierForm
from erp.domain import programmes
from erp.domain.programmes import EventKind, Measure, OnCancel, RuleKind, RuleRow, TermsDraft, TierRow, Window
from erp.kernel.errors import NEEDED, Invalid
from erp.kernel.sentences import Sentence
from erp.language import locale

WHOLE = Sentence("Write a whole number.")


class Reader:
    """Reads figures and remembers which could not be read, so that everything is said at once.

    A figure that cannot be read counts as `otherwise` meanwhile, so that the rest can be checked.
    """

    def __init__(self, currency: str):
        self.currency = currency
        self.wrong: dict[str, Sentence] = {}

    def whole(self, field: Field, otherwise: int) -> int:
        return self._needed(field, self.whole_or_none(field), otherwise)

    def whole_or_none(self, field: Field) -> int | None:
        text = typed.SPACES.sub("", field.data or "")
        if not text:
            return None
        if not re.fullmatch(r"[-+]?\d{1,9}", text):
            self.wrong[field.name] = WHOLE
            return None
        return int(text)

    def amount(self, field: Field, otherwise: int) -> int:
        return self._needed(field, self.amount_or_none(field), otherwise)

    def amount_or_none(self, field: Field) -> int | None:
        return self._read(field, lambda: amount_in(field, self.currency))

    def percent(self, field: Field, otherwise: int) -> int:
        return self._needed(field, self.percent_or_none(field), otherwise)

    def percent_or_none(self, field: Field) -> int | None:
        return self._read(field, lambda: percent_in(field))

    def _read(self, field: Field, read: Any) -> int | None:
        if not (field.data or "").strip():
            return None
        try:
            figure: int = read()
        except Invalid as refusal:
            self.wrong |= refusal.fields
            return None
        return figure

    def _needed(self, field: Field, value: int | None, otherwise: int) -> int:
        if value is None:
            self.wrong.setdefault(field.name, NEEDED)
            return otherwise
        return value


def read(form: TermsForm, currency: str) -> TermsDraft:
    """What the form says. Raises `Invalid` with every field that cannot be read or cannot be."""
    reader = Reader(currency)
    draft = _draft(form, reader)
    cannot_be = {
        problem.field: problem.said
        for problem in reversed(programmes.problems(draft))
        if problem.field.removesuffix("_bps") not in reader.wrong
    }
    if reader.wrong or cannot_be:
        raise Invalid(fields=cannot_be | reader.wrong)
    return draft


def _draft(form: TermsForm, reader: Reader) -> TermsDraft:
    is_rolling = form.window_kind.data == Window.ROLLING
    return TermsDraft(
        [_tier(row.form, form.measure.data, reader) for row in form.tiers],
        [_rule(row.form, reader) for row in form.rules],
        measure=form.measure.data,
        window_kind=form.window_kind.data,
        window_days=reader.whole_or_none(form.window_days) if is_rolling else None,
        retroactive=form.retroactive.data,
        grace_days=reader.whole(form.grace_days, 0),
        freeze_tier=form.freeze_tier.data,
        hold_days=reader.whole(form.hold_days, 0),
        click_window_days=reader.whole(form.click_window_days, 0),
        minimum_payout=reader.amount(form.minimum_payout, 0),
        evidence=form.evidence.data,
        on_agent_closed=form.on_agent_closed.data,
        vat_bps=reader.percent(form.vat, 0),
        fee_bps=reader.percent(form.fee, 0),
        fee_minimum=reader.amount(form.fee_minimum, 0),
    )


def _tier(row: TierForm, measure: str, reader: Reader) -> TierRow:
    threshold = (
        reader.amount(row.threshold, 0) if measure == Measure.REVENUE else reader.whole(row.threshold, 0)
    )
    return TierRow((row.name.data or "").strip(), threshold, reader.percent(row.rate, 0))


def _rule(row: RuleForm, reader: Reader) -> RuleRow:
    """Only what the rest of the rule leaves to say is read: the page asks for nothing else."""
    is_percent = row.kind.data == RuleKind.PERCENT
    is_payment = row.event_kind.data == EventKind.PAYMENT
    months = reader.whole_or_none(row.months) if is_payment else None
    condition = (row.condition.data or None) if not is_payment else None
    return RuleRow(
        key=(row.key.data or "").strip(),
        kind=row.kind.data,
        event_kind=row.event_kind.data,
        plan=(row.plan.data or "").strip() or None if is_payment else None,
        rate_bps=reader.percent_or_none(row.rate) if is_percent else None,
        amount=None if is_percent else reader.amount(row.amount, 1),
        payments=row.payments.data if is_payment else "every",
        months=months,
        months_from=row.months_from.data if months is not None else None,
        base=row.base.data if is_percent else "gross",
        line_cap=reader.amount_or_none(row.line_cap),
        customer_cap=reader.amount_or_none(row.customer_cap),
        monthly_cap=reader.amount_or_none(row.monthly_cap),
        condition=condition,
        condition_days=reader.whole_or_none(row.condition_days) if condition else None,
        on_cancel=row.on_cancel.data,
        cancel_days=reader.whole_or_none(row.cancel_days) if row.on_cancel.data == OnCancel.ALL else None,
        reward=row.reward.data,
    )


def as_typed(draft: TermsDraft, currency: str) -> dict[str, Any]:
    """A version as the form of a draft holds it."""
    words = ("measure", "window_kind", "evidence", "on_agent_closed", "retroactive", "freeze_tier")
    numbers = ("window_days", "grace_days", "hold_days", "click_window_days")
    return {
        "rules": [_rule_as_typed(rule, currency) for rule in draft.rules],
        "tiers": [_tier_as_typed(tier, draft.measure, currency) for tier in draft.tiers],
        **{name: getattr(draft, name) for name in words},
        **{name: _number(getattr(draft, name)) for name in numbers},
        "minimum_payout": _amount(draft.minimum_payout, currency),
        "vat": _percent(draft.vat_bps),
        "fee": _percent(draft.fee_bps),
        "fee_minimum": _amount(draft.fee_minimum, currency),
    }


def blank(currency: str) -> dict[str, Any]:
    """What the first draft of a programme begins with: a percentage by tier, and one tier to fill in."""
    begun = as_typed(TermsDraft([], [RuleRow(key=_("percentage"))]), currency)
    return begun | {"tiers": [{"name": _("Basic"), "threshold": "0", "rate": ""}]}


def _tier_as_typed(tier: TierRow, measure: str, currency: str) -> dict[str, str]:
    is_money = measure == Measure.REVENUE
    return {
        "name": tier.name,
        "threshold": _amount(tier.threshold, currency) if is_money else str(tier.threshold),
        "rate": _percent(tier.rate_bps),
    }


def _rule_as_typed(rule: RuleRow, currency: str) -> dict[str, str]:
    words = ("key", "kind", "event_kind", "plan", "payments", "base", "condition", "on_cancel", "reward")
    return {
        **{name: getattr(rule, name) or "" for name in words},
        "months_from": rule.months_from or "first_payment",
        **{name: _number(getattr(rule, name)) for name in ("months", "condition_days", "cancel_days")},
        "rate": _percent(rule.rate_bps),
        **{name: _amount(getattr(rule, name), currency) for name in ("amount", "line_cap", "customer_cap")},
        "monthly_cap": _amount(rule.monthly_cap, currency),
    }


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _amount(value: int | None, currency: str) -> str:
    return "" if value is None else typed.shown(value, currency, locale())


def _percent(bps: int | None) -> str:
    return "" if bps is None else typed.shown_percent(bps, locale())
