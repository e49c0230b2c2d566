"""Customers: who pays the owner, who brought them, and whether they stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _
from wtforms import MonthField
from wtforms.validators import Optional

from erp.blueprints.boards import period
from erp.blueprints.forms import Within, choice
from erp.blueprints.listing import dressed, page_number, sort_key, with_rows
from erp.blueprints.people import agent_names, may_see_personal_data
from erp.blueprints.referrals import VOID
from erp.blueprints.responses import page_or_part
from erp.domain import analytics, payments, referrals
from erp.kernel import clock
from erp.kernel.permissions import Permission, requires
from erp.kernel.span import EVER, Span

bp = Blueprint("customers", __name__, url_prefix="/customers")
ACTIVITY = {
    "paying": _("Paying"),
    "stopped": _("Stopped paying"),
    "never_paid": _("Never paid"),
}
ATTRIBUTION = {
    "attributed": _("Brought by an agent"),
    "nobody": _("Brought by nobody"),
    "code_refused": _("With a code that did not count"),
}


class CustomerFilters(Within):
    activity = choice(_("Paying or not"))
    attribution = choice(_("Brought by anybody"))
    paid_in = MonthField(_("Paid in"), [Optional()])

    @property
    def paid_span(self) -> Span:
        """The month in which they must have paid."""
        first: dt.date | None = self.paid_in.data
        return period.month(first).span if first else EVER


@bp.get("")
@requires(Permission.REFERRALS_READ)
def index() -> Any:
    form = CustomerFilters(activity=list(ACTIVITY.items()), attribution=list(ATTRIBUTION.items()))
    found = analytics.search_customers(
        now=clock.now(),
        q=form.value("q"),
        activity=form.value("activity"),
        attribution=form.value("attribution"),
        span=form.span,
        paid_in=form.paid_span,
        sort=sort_key(),
        page=page_number(),
    )
    page = with_rows(found, named(found.rows))
    return page_or_part("customers/index.html", "customers/_rows.html", form=form, page=page)


@bp.get("/<reference>")
@requires(Permission.REFERRALS_READ)
def show(reference: str) -> Any:
    (customer,) = named([analytics.find_customer(reference)])
    return render_template(
        "customers/show.html",
        customer=customer,
        payments=payments.search_payments(customer=customer.reference).rows,
    )


def named(found: Iterable[Any]) -> list[SimpleNamespace]:
    """Customers with their names, a place's or, as far as it may be seen, a person's, and with their agents'."""
    found = list(found)
    agents = agent_names(customer.agent_id for customer in found)
    nameless = [customer.id for customer in found if not customer.establishment_name]
    names = referrals.customer_names(nameless) if may_see_personal_data() else {}
    return dressed(
        found,
        lambda customer: {
            "agent_name": agents[customer.agent_id],
            "name": customer.establishment_name or names.get(customer.id) or customer.external_id,
            "unattributed": VOID.get(customer.unattributed_reason or "", ""),
            "refusal": VOID.get(customer.code_void or customer.unattributed_reason or "", ""),
        },
    )
