"""Who did what, when; nothing here can be changed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _

from erp.blueprints.forms import Within, choice
from erp.blueprints.listing import dressed, page_number, with_rows
from erp.blueprints.people import actor_names
from erp.blueprints.responses import page_or_part
from erp.kernel import audit
from erp.kernel.permissions import Permission, requires

bp = Blueprint("audit", __name__, url_prefix="/audit")
ACTORS = [
    ("staff", _("Staff")),
    ("agent", _("Agents")),
    ("product", _("The owner's product")),
    ("system", _("The system")),
]


class AuditFilters(Within):
    actor_kind = choice(_("Anybody"))


@bp.get("")
@requires(Permission.AUDIT_READ)
def index() -> Any:
    form = AuditFilters(actor_kind=ACTORS)
    page = audit.search(
        q=form.value("q"),
        actor_kind=form.value("actor_kind"),
        span=form.span,
        page=page_number(),
    )
    return page_or_part(
        "audit/index.html", "audit/_rows.html", form=form, page=with_rows(page, named(page.rows))
    )


@bp.get("/<int:id>")
@requires(Permission.AUDIT_READ)
def show(id: int) -> Any:
    (entry,) = named([audit.find(id)])
    return render_template("audit/show.html", entry=entry)


def named(entries: Any) -> list[Any]:
    names = actor_names((entry.actor_kind, entry.actor_id) for entry in entries)
    return dressed(entries, lambda entry: {"actor_name": names[entry.actor_kind, entry.actor_id]})
