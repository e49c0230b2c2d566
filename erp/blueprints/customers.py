"""Customers: who pays the owner, who brought them, and whether they stay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from wtforms import MonthField
from wtforms.validators import Optional

from erp.blueprints import stories
from erp.blueprints.address import sort_key
from erp.blueprints.boards import period
from erp.blueprints.columns import Column, Count, Moment, Money, Mono, Tag, To, Who
from erp.blueprints.forms import Within, choice
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import agent_names, dressed, may_see_personal_data
from erp.blueprints.present import now
from erp.blueprints.referrals import VOID
from erp.domain import analytics, payments, referrals
from erp.kernel.paging import Listed
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
    DATES = (*Within.DATES, "paid_in")
    activity = choice(_("Paying or not"))
    attribution = choice(_("Brought by anybody"))
    paid_in = MonthField(_("Paid in"), [Optional()])

    @property
    def paid_span(self) -> Span:
        """The month in which they must have paid."""
        first = self.day("paid_in")
        return period.month(first).span if first else EVER


def named(found: Iterable[Any]) -> list[Any]:
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


def _find(form: CustomerFilters) -> Listed:
    found = analytics.search_customers(
        now=now(),
        q=form.value("q"),
        activity=form.value("activity"),
        attribution=form.value("attribution"),
        span=form.span,
        paid_in=form.paid_span,
        sort=sort_key(),
    )
    return found.dressed(named)


CUSTOMERS = Listing(
    "customers",
    _("Customers"),
    _("Who pays the owner: establishments, companies and consumers, brought by an agent or by nobody."),
    columns=(
        Column("reference", _("Customer"), Mono(), to=To("customers.show")),
        Column("name", _("Name"), card="name", to=To("customers.show")),
        Column("external_id", _("Customer's id"), Mono(), shown=False),
        Column("kind", _("Kind"), Tag(), card="state"),
        Column(
            "agent_name", _("Agent"), Who(), card="note", to=To("agents.show", "reference", "agent_reference")
        ),
        Column("unattributed", _("Why nobody"), shown=False),
        Column(
            "referral_reference",
            _("Referral"),
            Mono(),
            shown=False,
            to=To("referrals.show", "reference", "referral_reference"),
        ),
        Column("payments", _("Payments"), Count()),
        Column("paid", lazy_pgettext("payment", "Paid"), Money("RUB", is_idle=True), sort=True, card="sum"),
        Column("last_paid_at", _("Last paid"), Moment(is_near=True), sort=True, quiet=True),
        Column(
            "signed_up_at",
            lazy_pgettext("customer", "Signed up"),
            Moment(),
            sort=True,
            card="more",
            quiet=True,
        ),
    ),
    find=_find,
    names_people=True,
    filters=lambda: CustomerFilters(activity=list(ACTIVITY.items()), attribution=list(ATTRIBUTION.items())),
    empty=Empty("store", _("No customer yet"), _("The owner's product reports each sign-up over the API.")),
    views=(
        View(_("All")),
        View(ACTIVITY["paying"], {"activity": "paying"}),
        View(ACTIVITY["stopped"], {"activity": "stopped"}),
        View(ACTIVITY["never_paid"], {"activity": "never_paid"}),
        View(ATTRIBUTION["nobody"], {"attribution": "nobody"}),
    ),
)
mount(bp, CUSTOMERS, Permission.REFERRALS_READ)


@bp.get("/<reference>")
@requires(Permission.REFERRALS_READ)
def show(reference: str) -> Any:
    (customer,) = named([analytics.find_customer(reference)])
    return stories.page(
        "customers/show.html",
        "customer",
        customer.id,
        customer.reference,
        customer=customer,
        payments=payments.search_payments(customer=customer.reference).first(50),
        newest=stories.newest("customer", customer.id, customer.reference),
    )
