"""What agents earned, line by line, and why each amount is what it is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext

from erp.blueprints import stories
from erp.blueprints.address import sort_key
from erp.blueprints.columns import AGENT, Column, Day, Moment, Money, Mono, Percent, Tag, To
from erp.blueprints.forms import Within, choice
from erp.blueprints.freezes import told_freezes
from erp.blueprints.listing import Empty, Listing, View, in_days
from erp.blueprints.lists import mount
from erp.blueprints.people import with_agent_names
from erp.blueprints.reversals import told_reversals
from erp.blueprints.states import stated
from erp.blueprints.way import way_of
from erp.domain import commissions, ledger
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.language import say

bp = Blueprint("commissions", __name__, url_prefix="/commissions")
STATES = ("on_hold", "available", "credited", "frozen", "paid_out", "reversed", "forfeited", "nothing")


OF_REFERRAL = To("referrals.show", "reference", "referral_reference")
OF_PAYMENT = To("payments.show", "reference", "payment_reference")


class CommissionFilters(Within):
    state = choice(_("Any state"))
    rule = choice(_("Whatever froze it"))
    paid_as = choice(_("Money and credit"))
    by = choice(_("Dates are of the payment"))


def _find(form: CommissionFilters) -> Listed:
    found = commissions.search(
        q=form.value("q"),
        state=form.value("state"),
        rule=form.value("rule"),
        paid_as=form.value("paid_as"),
        span=form.span,
        dated_by=form.value("by"),
        sort=sort_key(),
    )
    return found.dressed(lambda rows: with_agent_names(rows, agent_name="agent_id"))


COMMISSIONS = Listing(
    "commissions",
    _("Commissions"),
    _("One line: this event earned this agent this amount under these terms."),
    columns=(
        Column(
            "occurred_at", _("When"), Moment(), sort=True, card="more", to=To("commissions.show", "id", "id")
        ),
        AGENT,
        Column(
            "customer",
            _("Customer"),
            of=lambda row: row.establishment_name or row.referral_reference,
            card="note",
        ),
        Column("referral_reference", _("Referral"), Mono(), shown=False, to=OF_REFERRAL),
        Column("payment_reference", _("Payment"), Mono(), shown=False, to=OF_PAYMENT),
        Column("programme_name", _("Programme"), shown=False),
        Column("tier_name", _("Tier"), shown=False),
        Column("state", _("State"), Tag(), card="state"),
        Column("base", _("Base"), Money(), quiet=True, total=True),
        Column("rate_bps", _("Rate"), Percent(), quiet=True),
        Column("earned", _("Earned"), Money(), of="amount", quiet=True, total=True),
        Column("amount", _("Left"), Money(), of="net", sort=True, card="sum", total=True),
        Column("paid_out", _("Paid out"), Money(is_idle=True), shown=False),
        Column("available_at", _("Available"), Day(), quiet=True),
        Column("freeze_reason", _("Why frozen"), Tag(), shown=False),
        Column("due_at", _("To decide by"), Moment(is_near=True), shown=False),
    ),
    find=_find,
    filters=lambda: CommissionFilters(
        state=stated(STATES),
        rule=stated(commissions.FREEZE_OUTCOMES),
        paid_as=[("money", _("Money")), ("credit", lazy_pgettext("reward", "Credit"))],
        by=[
            ("release", _("Dates are of the end of the hold")),
            ("deadline", _("Dates are of the deadline of a condition")),
            ("decision", _("Dates are of the decision about what is frozen")),
        ],
    ),
    empty=Empty("percent", _("No commission yet"), _("Lines appear when a referred customer pays.")),
    views=(
        View(_("All")),
        View(_("On hold"), {"state": "on_hold"}),
        View(_("Available this week"), lambda: {"state": "on_hold", "by": "release", "until": in_days(7)}),
        View(_("Frozen"), {"state": "frozen"}),
        View(_("Reversed"), {"state": "reversed"}),
    ),
    template="commissions/index.html",
    more=lambda: {"owed": owed()},
)
mount(bp, COMMISSIONS, Permission.COMMISSIONS_READ)


def owed() -> dict[str, dict[str, Any]]:
    """Per currency and kind of account what is owed to agents, from the balances that the ledger keeps."""
    owed: dict[str, dict[str, Any]] = {}
    for row in ledger.liabilities():
        owed.setdefault(row.currency, {})[row.kind] = row
    return owed


@bp.get("/<int:id>")
@requires(Permission.COMMISSIONS_READ)
def show(id: int) -> Any:
    (commission,) = with_agent_names([commissions.find(id)], agent_name="agent_id")
    corrections, transfers = commissions.corrections(id), commissions.transfers(id)
    return stories.page(
        "commissions/show.html",
        "commission",
        commission.id,
        str(commission.id),
        commission=commission,
        figures=commissions.formula(id),
        why=[say(sentence) for sentence in commissions.explain(id)],
        corrections=corrections,
        transfers=transfers,
        frozen=told_freezes(id),
        reversals=told_reversals(id),
        way=way_of(commission, corrections, transfers),
        newest=stories.newest("commission", commission.id, str(commission.id)),
    )
