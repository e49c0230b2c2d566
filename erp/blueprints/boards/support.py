"""The dashboard of support: agents in trouble, and codes that did not count."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple
from uuid import UUID

from flask import url_for
from flask_babel import gettext, lazy_pgettext, ngettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from erp.blueprints import customers, disputes
from erp.blueprints.boards import period
from erp.blueprints.boards.figures import Figure
from erp.blueprints.people import agent_names
from erp.blueprints.present import now
from erp.blueprints.presentation import format_count
from erp.domain import agents, analytics, ledger
from erp.domain import disputes as domain
from erp.domain.analytics import CURRENCY

MOST = 12
"""Agents and sign-ups listed on the page itself."""
TROUBLES: dict[str, tuple[LazyString, LazyString, dict[str, Any]]] = {
    "suspended": (
        lazy_pgettext("trouble", "Suspended"),
        _("neither book nor are paid"),
        {"state": "suspended"},
    ),
    "pending": (_("To verify"), _("nobody pays them before they are active"), {"state": "pending"}),
    "frozen_lines": (_("Frozen commissions"), _("agents with some"), {"group": "frozen_lines"}),
    "failed_payout": (_("Failed payouts"), _("agents with one"), {"group": "failed_payout"}),
    "not_payable": (_("Cannot be paid"), _("no name or bank, and money waits"), {"group": "not_payable"}),
    "in_debt": (_("In debt"), _("later commissions repay it"), {"group": "in_debt"}),
}
"""What may be wrong with an agent: its words, and how the list of agents is asked for them."""


class InTrouble(NamedTuple):
    """One agent with all that is wrong."""

    name: str
    code: str
    url: str
    troubles: list[str]
    frozen: int
    available: int


def board() -> dict[str, Any]:
    members = {name: set(_members(name)) for name in TROUBLES}
    chosen = period.chosen()
    refused = analytics.search_customers(now=now(), attribution="code_refused", span=chosen.days.span).page(
        per_page=MOST
    )
    return {
        "period": chosen,
        "lengths": period.LENGTHS,
        "figures": [
            *(_figure(name, len(ids)) for name, ids in members.items()),
            _disputes(),
            Figure(
                gettext("Codes refused"),
                format_count(refused.total),
                chosen.days.url("customers.index", attribution="code_refused"),
                gettext("sign-ups in these %(days)s days", days=chosen.length),
            ),
        ],
        "disputes": disputes.worded(domain.search(state="open").first(MOST)),
        "in_trouble": _in_trouble(members),
        "refused": customers.named(refused.rows),
        "currency": CURRENCY,
    }


def _disputes() -> Figure:
    """Those that are open, with how many are overdue."""
    number, late = domain.search(state="open").count(), domain.search(state="open", due_by=now()).count()
    return Figure(
        gettext("Disputes"),
        format_count(number),
        url_for("disputes.index", state="open"),
        ngettext("%(num)s of them is overdue", "%(num)s of them are overdue", late),
    )


def _members(trouble: str) -> list[UUID]:
    if trouble in analytics.AGENT_GROUPS:
        return list(analytics.agents_in(trouble, now()))
    return agents.in_state(trouble)


def _figure(name: str, number: int) -> Figure:
    title, text, args = TROUBLES[name]
    return Figure(str(title), format_count(number), url_for("agents.index", **args), str(text))


def _in_trouble(members: dict[str, set[UUID]]) -> list[InTrouble]:
    """Those with most troubles first; who only waits for verification is not in trouble yet."""
    troubles: dict[UUID, list[str]] = defaultdict(list)
    for name, ids in members.items():
        for id in ids:
            troubles[id].append(name)
    serious = [id for id, names in troubles.items() if names != ["pending"]]
    balances = ledger.balances(serious, CURRENCY)
    serious.sort(
        key=lambda id: (-len(troubles[id]), -balances[id]["frozen"], balances[id]["available"], str(id))
    )
    shown = serious[:MOST]
    names = agent_names(shown)
    profiles = {profile.id: profile for profile in agents.profiles(shown)}
    return [
        InTrouble(
            names[id],
            profiles[id].code,
            url_for("agents.show", reference=profiles[id].reference),
            [str(TROUBLES[name][0]) for name in troubles[id]],
            balances[id]["frozen"],
            balances[id]["available"],
        )
        for id in shown
    ]
