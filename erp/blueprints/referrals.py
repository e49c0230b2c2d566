"""Who brought a customer, and what proves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from flask import Blueprint
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _

from erp.blueprints import stories
from erp.blueprints.address import sort_key
from erp.blueprints.bulk_actions import BulkAction
from erp.blueprints.columns import Beside, Column, Moment, Mono, Tag, To, Who
from erp.blueprints.forms import Within, choice
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import agent_names, dressed, may_see_personal_data, with_agent_names
from erp.blueprints.states import state_of, stated
from erp.domain import payments, referrals, rerates
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.language import say

bp = Blueprint("referrals", __name__, url_prefix="/referrals")
BASES = ("booking", "code", "click")


class ReferralFilters(Within):
    basis = choice(_("By anything"))
    of = choice(_("All referrals"))
    frozen = choice(_("Contested or not"))


def _version(referral: Any) -> str:
    return gettext("terms %(version)s", version=referral.terms_version)


def _find(form: ReferralFilters) -> Listed:
    found = referrals.search(
        q=form.value("q"),
        basis=form.value("basis"),
        connections=form.value("of") == "connections",
        frozen={"yes": True, "no": False}.get(form.value("frozen")),
        span=form.span,
        sort=sort_key(),
    )
    return found.dressed(_named)


def _named(found: Iterable[Any]) -> list[Any]:
    """Referrals with the names of agent and customer: a place by its name, anybody else as far as it may be seen."""
    found = list(found)
    agents = agent_names(referral.agent_id for referral in found)
    nameless = [referral.customer_id for referral in found if not referral.establishment_name]
    customers = referrals.customer_names(nameless) if may_see_personal_data() else {}
    return dressed(
        found,
        lambda referral: {
            "agent_name": agents[referral.agent_id],
            "customer_name": referral.establishment_name
            or customers.get(referral.customer_id)
            or referral.external_id,
        },
    )


REFERRALS = Listing(
    "referrals",
    _("Referrals"),
    _("The one, permanent attribution of a customer to an agent, made at registration."),
    columns=(
        Column("reference", _("Referral"), Mono(), to=To("referrals.show")),
        Column("customer_name", _("Customer"), card="name", to=To("referrals.show")),
        Column("customer_kind", _("Kind"), Tag(), shown=False),
        Column("external_id", _("Customer's id"), Mono(), shown=False),
        Column(
            "agent",
            _("Agent"),
            Who(),
            of="agent_name",
            sort=True,
            card="note",
            to=To("agents.show", "reference", "agent_reference"),
        ),
        Column("programme_name", _("Programme"), Beside(_version, _("Terms"))),
        Column(
            "basis",
            lazy_pgettext("basis", "By"),
            of=lambda row: state_of(row.basis).label,
            sort=True,
            card="state",
        ),
        Column("frozen", _("Contested"), of=lambda row: _("yes") if row.frozen else "", shown=False),
        Column("registered_at", _("Registered"), Moment(), sort=True, card="sum", quiet=True),
    ),
    find=_find,
    names_people=True,
    filters=lambda: ReferralFilters(
        basis=stated(BASES),
        of=[("connections", _("Connections"))],
        frozen=[("yes", _("Contested")), ("no", _("Not contested"))],
    ),
    empty=Empty(
        "git-fork",
        _("No referral yet"),
        _("A referral appears when a customer registers with an agent's code, or under an open booking."),
    ),
    actions=(
        BulkAction(
            "move",
            _("Move to other terms…"),
            "erp.domain.rerates.propose",
            Permission.RERATES_WRITE,
            _(
                "They are moved to the active terms of their programme from a day on, when a second person agrees."
            ),
            "calendar-sync",
            leads_to="rerates.new",
        ),
    ),
    views=(
        View(_("All")),
        View(_("By booking"), {"basis": "booking"}),
        View(_("By code"), {"basis": "code"}),
        View(lazy_pgettext("view", "Contested"), {"frozen": "yes"}),
    ),
)
mount(bp, REFERRALS, Permission.REFERRALS_READ)


@bp.get("/<reference>")
@requires(Permission.REFERRALS_READ)
def show(reference: str) -> Any:
    (referral,) = _named([referrals.find(reference)])
    return stories.page(
        "referrals/show.html",
        "referral",
        referral.id,
        referral.reference,
        referral=referral,
        why=list(_why(referral)),
        shares=with_agent_names(referrals.shares(referral.id), agent_name="agent_id"),
        cases=referrals.cases_of(referral.id),
        rerates=[
            {"terms": rerate, "why": say(referrals.MOVE_CODES[rerate.code])}
            for rerate in rerates.of_referral(referral.id)
        ],
        payments=payments.search_payments(customer=referral.customer_reference).first(50),
        newest=stories.newest("referral", referral.id, referral.reference),
    )


def _why(referral: Any) -> Iterator[str]:
    """Every claim that was made, in the order in which they count, and what became of it."""
    claims = referral.proof["claims"]
    names = agent_names(UUID(claim["agent"]) for claim in claims if claim.get("agent"))
    yield gettext("An open booking counts first, then a code, then a click on an agent's link.")
    for claim in claims:
        name = names.get(UUID(claim["agent"]), "") if claim.get("agent") else gettext("nobody")
        yield gettext(
            "%(claim)s (%(agent)s). %(verdict)s",
            claim=_claimed(claim),
            agent=name,
            verdict=_verdict(claim, referral.basis),
        )
    yield gettext(
        "The terms are those in force at registration: version %(version)s of %(programme)s.",
        version=referral.made_under,
        programme=referral.programme_name,
    )


def _claimed(claim: dict[str, Any]) -> str:
    if claim["basis"] == "code":
        return gettext("The code %(code)s was given", code=claim["code"])
    if claim["basis"] == "click":
        return gettext("A link was followed")
    return gettext("The place was booked")


def _verdict(claim: dict[str, Any], chosen: str) -> str:
    if claim.get("void"):
        return gettext("It does not count: %(reason)s.", reason=VOID.get(claim["void"], claim["void"]))
    return gettext("This decided.") if claim["basis"] == chosen else gettext("It comes after what decided.")


VOID = {
    "agent_closed": _("the agent is closed"),
    "self_referral": _("the agent and the customer are the same person"),
    "already_connected": _("the place is a customer already"),
    "unknown_code": _("there is no such code"),
    "unknown_click": _("there was no such click"),
    "outside_click_window": _("the click was too long ago"),
}
