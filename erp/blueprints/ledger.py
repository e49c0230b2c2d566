"""The owner's books: the trial balance and what is owed to agents."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from erp.domain import ledger
from erp.kernel.permissions import Permission, requires

bp = Blueprint("ledger", __name__, url_prefix="/ledger")


@bp.get("")
@requires(Permission.PAYOUTS_READ)
def index() -> Any:
    return render_template("ledger/index.html", accounts=ledger.trial_balance(), owed=ledger.liabilities())
