"""Who did what, when; nothing here can be changed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from flask_login import current_user

from erp.blueprints.address import sort_key
from erp.blueprints.columns import Beside, Column, Moment, Mono, To
from erp.blueprints.deeds import deed, subject_name
from erp.blueprints.forms import Within, choice
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.navigation import AREAS, is_open
from erp.blueprints.people import actor_names, dressed
from erp.domain import analytics
from erp.kernel import audit
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires

bp = Blueprint("audit", __name__, url_prefix="/audit")
ACTORS = [
    ("staff", _("Staff")),
    ("agent", _("Agents")),
    ("product", _("The owner's product")),
    ("system", _("The system")),
]

ACTOR_KINDS = {
    "staff": _("colleague"),
    "agent": _("agent"),
    "product": _("product"),
}


NOUNS = {
    "agent": "agents",
    "attribution_case": "cases",
    "booking": "bookings",
    "customer": "customers",
    "dispute": "disputes",
    "manual_reversal": "reversals",
    "payment": "payments",
    "payout": "payouts",
    "payout_run": "payout_runs",
    "programme": "programmes",
    "referral": "referrals",
    "rerate": "rerates",
    "staff": "staff",
}
"""Whose pages show what deeds are done to."""


class AuditFilters(Within):
    actor_kind = choice(_("Anybody"))


def _find(form: AuditFilters) -> Listed:
    found = audit.search(
        q=form.value("q"),
        actor_kind=form.value("actor_kind"),
        span=form.span,
        sort=sort_key(),
    )
    return found.dressed(named)


AUDIT = Listing(
    "audit",
    _("Audit log"),
    _("Every change, who made it and when. Nothing here can be changed or removed."),
    columns=(
        Column("at", _("When"), Moment(), sort=True, card="sum"),
        Column("actor_name", _("Who"), Beside("actor_is", _("Kind")), card="note"),
        Column("did", _("Did"), card="name", to=To("audit.show", "id", "id")),
        Column("subject", lazy_pgettext("deed", "To"), Beside("subject_called", _("Reference")), card="more"),
        Column("subject_id", _("Id"), Mono(), shown=False),
        Column("request_id", _("Request"), Mono(), quiet=True),
    ),
    find=_find,
    filters=lambda: AuditFilters(actor_kind=ACTORS),
    empty=Empty("scroll-text", _("No entry yet"), _("Whatever is changed is written down here.")),
    views=(
        View(_("All")),
        View(_("By staff"), {"actor_kind": "staff"}),
        View(_("By agents"), {"actor_kind": "agent"}),
        View(_("Around payouts"), {"q": "payout"}),
        View(_("Sign-ins"), {"q": "staff.signed_in"}),
    ),
)
mount(bp, AUDIT, Permission.AUDIT_READ)


@bp.get("/<int:id>")
@requires(Permission.AUDIT_READ)
def show(id: int) -> Any:
    (entry,) = named([audit.find(id)])
    return render_template("audit/show.html", entry=entry)


def named(entries: Any) -> list[Any]:
    """Entries with who did what to what, in words; `subject_url` leads to it, if it has a page the reader may open."""
    names = actor_names((entry.actor_kind, entry.actor_id) for entry in entries)
    called = analytics.references((entry.subject_type, entry.subject_id) for entry in entries)
    return dressed(
        entries,
        lambda entry: {
            "actor_name": names[entry.actor_kind, entry.actor_id],
            "actor_is": str(ACTOR_KINDS.get(entry.actor_kind, "")),
            "did": str(deed(entry.action).title),
            "subject": subject_name(entry.subject_type),
            "subject_called": (reference := called.get((entry.subject_type, entry.subject_id), "")),
            "subject_url": _page_of(entry.subject_type, reference),
        },
    )


def _page_of(subject_type: str, reference: str) -> str:
    noun = NOUNS.get(subject_type, "")
    if not reference or not is_open(AREAS[f"{noun}.index"], current_user.permissions):
        return ""
    return url_for(f"{noun}.show", reference=reference)
