"""The first page: what waits for somebody, as far as the reader may see it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_login import current_user

from erp.blueprints import commissions
from erp.blueprints.waiting import waiting
from erp.kernel.permissions import Permission, for_staff

bp = Blueprint("home", __name__)


@bp.get("/")
@for_staff("everybody starts here and sees only what their role opens")
def show() -> Any:
    return render_template("home/show.html", waiting=waiting(current_user.permissions), owed=_owed())


def _owed() -> dict[str, Any]:
    return commissions.owed() if Permission.COMMISSIONS_READ in current_user.permissions else {}
