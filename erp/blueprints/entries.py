"""An agent's books: every entry of its accounts, with the balance after it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext

from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Moment, Money, Mono, Tag
from erp.blueprints.forms import Within, choice
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import shown
from erp.blueprints.states import state_of, stated
from erp.domain import agents, ledger
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission

bp = Blueprint("entries", __name__, url_prefix="/agents/<reference>/ledger")


class EntryFilters(Within):
    account = choice(_("Any account"))


def _agent() -> Any:
    """Whose books the address names."""
    return agents.find((request.view_args or {})["reference"])


def _find(form: EntryFilters) -> Listed:
    return ledger.of_agent(_agent().id, account=form.value("account"), span=form.span, sort=sort_key())


def _accounts() -> list[tuple[str, Any]]:
    return [(kind, label) for kind, (_name, label) in zip(ledger.AGENT_KINDS, _named_accounts(), strict=True)]


def _named_accounts() -> list[tuple[str, Any]]:
    return stated(f"account.{kind}" for kind in ledger.AGENT_KINDS)


ENTRIES = Listing(
    "entries",
    _("Ledger"),
    _("Every entry of the agent's accounts, newest first. Nothing here can be changed."),
    columns=(
        Column("booked_at", lazy_pgettext("ledger", "Booked"), Moment(), sort=True, card="note", quiet=True),
        Column("kind", _("What"), of=lambda row: state_of(row.kind).label, card="name"),
        Column("reference", _("Fact"), Mono(), card="more", quiet=True),
        Column("account", _("Account"), Tag(), of=lambda row: f"account.{row.account}", card="state"),
        Column("change", _("Amount"), Money(), card="sum", total=True),
        Column("balance", _("Balance after"), Money()),
        Column("occurred_at", _("Happened"), Moment(), quiet=True),
        Column("transaction_id", _("Transaction"), Mono(), shown=False),
    ),
    find=_find,
    filters=lambda: EntryFilters(account=_accounts()),
    empty=Empty("book-open", _("No entry yet"), _("Entries appear when a referred customer pays.")),
    views=(View(_("All")), *(View(label, {"account": kind}) for kind, label in _accounts())),
    template="entries/index.html",
    more=lambda: {"agent": shown(agents.profile(_agent().id))},
)
mount(bp, ENTRIES, Permission.AGENTS_READ)
