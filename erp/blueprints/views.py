"""Views of lists that people saved for themselves: forgotten here, saved and shown by each list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, url_for
from flask_babel import gettext
from flask_login import current_user

from erp.blueprints.responses import seen_other
from erp.domain import staff
from erp.kernel import clock
from erp.kernel.permissions import for_staff
from erp.kernel.transaction import transaction

bp = Blueprint("views", __name__, url_prefix="/views")


@bp.post("/<uuid:id>/removal")
@for_staff("saved views are one's own")
def remove(id: UUID) -> Any:
    with transaction():
        list = staff.remove_view(id, current_user.id, by=current_user.actor, now=clock.now())
    flash(gettext("The view is forgotten."))
    return seen_other(url_for(f"{list}.index"))
