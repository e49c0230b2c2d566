"""Money that customers pay through the bank, and that goes back to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, url_for
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import DateField, StringField, TextAreaField

from erp.blueprints import stories
from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Moment, Money, Mono, Tag, To
from erp.blueprints.forms import Form, Outcome, Within, amount_in, attempt, choice, midnight, needed
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import with_agent_names
from erp.blueprints.responses import refused, seen_other
from erp.blueprints.seen import unchanged
from erp.blueprints.states import state_of
from erp.domain import commissions, payments
from erp.kernel import clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("payments", __name__, url_prefix="/payments")
SHOWN_STATUSES = (
    "NEW",
    "AUTHORIZED",
    "CONFIRMED",
    "PARTIAL_REFUNDED",
    "REFUNDED",
    "REJECTED",
    "CANCELED",
    "DEADLINE_EXPIRED",
    "unknown",
)


class PaymentFilters(Within):
    status = choice(_("Any state"))
    attention = choice(_("To look at or not"))
    by = choice(_("Dates are of the payment"))


class RefundForm(Form):
    amount = StringField(_("Amount"), [needed], render_kw={"inputmode": "decimal", "autocomplete": "off"})
    reason = StringField(_("Why"), [needed])


class TotalForm(Form):
    total = StringField(
        _("Refunded in all"),
        [needed],
        description=_("As the bank's cabinet shows it."),
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )
    note = StringField(_("Where the figure is from"), [needed])


class ChargebackForm(Form):
    amount = StringField(_("Amount"), [needed], render_kw={"inputmode": "decimal", "autocomplete": "off"})
    registry_number = StringField(
        _("Number in the acquirer's registry"), [needed], description=_("The evidence. It counts once.")
    )
    happened_on = DateField(_("When"), [needed])


class FoundForm(Form):
    note = TextAreaField(_("What you found"), [needed])


def _find(form: PaymentFilters) -> Listed:
    return payments.search_payments(
        text=form.value("q"),
        status=form.value("status"),
        attention=bool(form.value("attention")),
        span=form.span,
        dated_by=form.value("by"),
        sort=sort_key(),
    )


def _filters() -> PaymentFilters:
    statuses = [(status, state_of(status.lower()).label) for status in SHOWN_STATUSES]
    return PaymentFilters(
        status=statuses,
        attention=[("yes", _("To look at"))],
        by=[("ordered", _("Dates are of the order")), ("refunded", _("Dates are of the refund"))],
    )


PAYMENTS = Listing(
    "payments",
    _("Payments"),
    _("What customers were asked to pay, and what the bank says they paid."),
    columns=(
        Column("reference", _("Payment"), Mono(), to=To("payments.show")),
        Column("order_reference", _("Order"), Mono(), shown=False),
        Column("order_external_id", _("Order's id"), Mono(), shown=False),
        Column(
            "customer",
            _("Customer"),
            of=lambda row: row.establishment_name or row.customer_external_id,
            card="name",
            to=To("payments.show"),
        ),
        Column(
            "referral_reference",
            _("Referral"),
            Mono(),
            shown=False,
            to=To("referrals.show", "reference", "referral_reference"),
        ),
        Column("status", _("State"), Tag(), of=lambda row: row.status.lower(), card="state"),
        Column("amount", _("Amount"), Money(), sort=True, card="sum", total=True),
        Column("refunded", _("Refunded"), Money(is_idle=True), quiet=True, total=True),
        Column("attention", _("To look at"), Tag(), card="more"),
        Column("provider_payment_id", _("The bank's id"), Mono(), shown=False),
        Column("created_at", _("Asked"), Moment(), shown=False),
        Column(
            "confirmed_at", lazy_pgettext("payment", "Paid"), Moment(), sort=True, card="note", quiet=True
        ),
    ),
    find=_find,
    filters=_filters,
    empty=Empty(
        "credit-card",
        _("No payment yet"),
        _("Orders come from the owner's product; each becomes a payment at the bank."),
    ),
    views=(
        View(_("All")),
        View(lazy_pgettext("payment", "Paid"), {"status": "CONFIRMED"}),
        View(_("To look at"), {"attention": "yes"}),
        View(_("Partly refunded"), {"status": "PARTIAL_REFUNDED"}),
        View(_("Refunded"), {"status": "REFUNDED"}),
    ),
)
mount(bp, PAYMENTS, Permission.PAYMENTS_READ)


@bp.get("/<reference>")
@requires(Permission.PAYMENTS_READ)
def show(reference: str) -> Any:
    context = _shown(reference)
    payment = context["payment"]
    return stories.page("payments/show.html", "payment", payment.id, payment.reference, **context)


@bp.post("/<reference>/refunds")
@requires(Permission.PAYMENTS_REFUND)
def refund(reference: str) -> Any:
    payment, form = payments.find_payment(reference), RefundForm()
    with attempt(form) as tried, transaction():
        unchanged("payment", payment.id)
        form.check()
        payments.ask_refund(
            payment.reference,
            amount=amount_in(form.amount, payment.currency),
            reason=form.reason.data,
            by=current_user.actor,
            now=clock.now(),
        )
    return _answered(reference, tried, gettext("The bank is asked to give it back."), refund_form=form)


@bp.post("/<reference>/refunded-total")
@requires(Permission.PAYMENTS_REFUND)
def attest(reference: str) -> Any:
    """For refunds made in the bank's cabinet, whose sum the bank does not tell us."""
    payment, form = payments.find_payment(reference), TotalForm()
    with attempt(form) as tried, transaction():
        unchanged("payment", payment.id)
        form.check()
        payments.attest_refunded_total(
            payment.reference,
            total=amount_in(form.total, payment.currency),
            note=form.note.data,
            by=current_user.actor,
            now=clock.now(),
        )
    return _answered(reference, tried, gettext("The total is written down."), total_form=form)


@bp.post("/<reference>/attention")
@requires(Permission.PAYMENTS_REFUND)
def settle_attention(reference: str) -> Any:
    payment, form = payments.find_payment(reference), FoundForm()
    with attempt(form) as tried, transaction():
        unchanged("payment", payment.id)
        form.check()
        payments.settle_attention(
            payment.reference, note=form.note.data, by=current_user.actor, now=clock.now()
        )
    return _answered(reference, tried, gettext("Noted. It no longer waits for anybody."), found_form=form)


@bp.post("/<reference>/chargebacks")
@requires(Permission.PAYMENTS_REFUND)
def charge_back(reference: str) -> Any:
    """The payer's bank took money back: a row of the acquirer's registry."""
    return _charged(reference, payments.record_chargeback, gettext("The chargeback is in the books."))


@bp.post("/<reference>/chargeback-reversals")
@requires(Permission.PAYMENTS_REFUND)
def win_back(reference: str) -> Any:
    """The dispute was won: another row of it."""
    return _charged(reference, payments.reverse_chargeback, gettext("What was won back is in the books."))


def _charged(reference: str, verb: Callable[..., str], success: str) -> Any:
    payment, form = payments.find_payment(reference), ChargebackForm()
    with attempt(form) as tried, transaction():
        unchanged("payment", payment.id)
        form.check()
        now = clock.now()
        verb(
            payment.reference,
            amount=amount_in(form.amount, payment.currency),
            registry_number=form.registry_number.data,
            happened_at=_moment_on(form.happened_on.data, now),
            by=current_user.actor,
            now=now,
        )
    return _answered(reference, tried, success, chargeback_form=form)


def _moment_on(day: dt.date, now: dt.datetime) -> dt.datetime:
    """The last moment of a day that people name without its hour; of today, now."""
    end = midnight(day + dt.timedelta(days=1))
    assert end is not None
    return now if end - dt.timedelta(days=1) <= now < end else end - dt.timedelta(seconds=1)


def _answered(reference: str, tried: Outcome, success: str, **form: Form) -> Any:
    if tried.refusal:
        context = _shown(reference) | form | {"refusal": tried.refusal}
        return refused("payments/show.html", "payments/_refund.html", **context)
    flash(success)
    return seen_other(url_for("payments.show", reference=reference))


def _shown(reference: str) -> dict[str, Any]:
    payment = payments.find_payment(reference)
    earned = commissions.search(q=payment.reference).first(50)
    return {
        "payment": payment,
        "refunds": payments.refunds_of(reference),
        "commissions": with_agent_names(earned, agent_name="agent_id"),
        "notifications": payments.notifications_of(reference),
        "newest": stories.newest("payment", payment.id, payment.reference),
        "refund_form": RefundForm(formdata=None),
        "total_form": TotalForm(formdata=None),
        "chargebacks": payments.chargebacks_of(reference),
        "chargeback_form": ChargebackForm(formdata=None),
        "found_form": FoundForm(formdata=None),
        "refusal": None,
    }
