"""The auditor's dashboard: the latest deeds, who did how much, and the trial balance."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from erp.blueprints.audit import ACTORS, named
from erp.blueprints.boards import period
from erp.blueprints.boards.figures import Figure, liabilities
from erp.blueprints.deeds import deed
from erp.blueprints.presentation import format_count
from erp.domain import ledger
from erp.kernel import audit

LATEST = 12


def board() -> dict[str, Any]:
    chosen = period.chosen()
    latest = audit.search(span=chosen.days.span).page(per_page=LATEST)
    counted = audit.counts(chosen.days.span)
    return {
        "period": chosen,
        "lengths": period.LENGTHS,
        "deeds": [
            Figure(gettext("All deeds"), format_count(latest.total), chosen.days.url("audit.index"), ""),
            *(
                Figure(
                    str(label),
                    format_count(counted.get(kind, 0)),
                    chosen.days.url("audit.index", actor_kind=kind),
                    "",
                )
                for kind, label in ACTORS
            ),
        ],
        "latest": [(deed(entry.action), entry) for entry in named(latest.rows)],
        "liabilities": liabilities(),
        "accounts": ledger.trial_balance(),
    }
