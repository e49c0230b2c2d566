"""The owner's books: the trial balance, the result, and what is owed to agents."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for

from erp.blueprints.books import BookFilters
from erp.domain import ledger
from erp.kernel.permissions import Permission, requires

bp = Blueprint("ledger", __name__, url_prefix="/ledger")


@bp.get("")
@requires(Permission.PAYOUTS_READ)
def index() -> Any:
    form = BookFilters().bound()
    accounts = ledger.trial_balance(form.whole)

    def entries(account: str, **of: str) -> str:
        """The entries behind a figure of an account."""
        args: dict[str, Any] = form.kept | of
        return url_for("journal.index", account=account, **args)

    return render_template(
        "ledger/index.html",
        form=form,
        accounts=accounts,
        results=ledger.results(accounts),
        has_opening=form.span.since is not None,
        entries=entries,
        owed=ledger.liabilities(),
    )
