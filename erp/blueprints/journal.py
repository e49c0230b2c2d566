"""The journal of the owner's books: one row an entry, with the names of both accounts, as accountants take it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext

from erp.blueprints.address import sort_key
from erp.blueprints.books import BookFilters
from erp.blueprints.columns import Column, Moment, Money, Mono, Tag, To
from erp.blueprints.forms import choice
from erp.blueprints.listing import Empty, Listing
from erp.blueprints.lists import mount
from erp.blueprints.people import dressed, with_actor_names
from erp.blueprints.states import state_of, stated
from erp.domain import agents, ledger
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission

bp = Blueprint("journal", __name__, url_prefix="/ledger/journal")


class JournalFilters(BookFilters):
    account = choice(_("Any account"))
    side = choice(_("Debit and credit"))
    kind = choice(_("Whatever happened"))


def _find(form: JournalFilters) -> Listed:
    return ledger.journal(
        form.cut,
        account=form.value("account"),
        side=form.value("side"),
        kind=form.value("kind"),
        text=form.value("q"),
        sort=sort_key(),
    ).dressed(_dressed)


def _dressed(rows: Any) -> Any:
    """Rows with the reference of the agent they are about and the name of whoever caused them."""
    references = agents.references(row.agent_id for row in rows)
    named = with_actor_names(rows, "actor")
    return dressed(named, lambda row: {"agent_reference": references.get(row.agent_id)})


def _accounts() -> list[tuple[str, Any]]:
    return [(kind, state_of(f"account.{kind}").label) for kind in ledger.KINDS]


def _filters() -> JournalFilters:
    return JournalFilters(
        account=_accounts(),
        side=[("debit", _("Debit alone")), ("credit", _("Credit alone"))],
        kind=stated(ledger.kinds_booked()),
    )


def _more() -> Mapping[str, Any]:
    """An account that is asked for shows above its entries what stood before them, what moved and what stands."""
    form = _filters()
    kind = form.value("account")
    found = [line for line in ledger.trial_balance(form.whole) if line.kind == kind] if kind else []
    return {"account": kind, "figures": found}


JOURNAL = Listing(
    "journal",
    _("Journal"),
    _(
        "Every entry of the owner's books. Each moves an amount from the account it debits to the one it credits."
    ),
    columns=(
        Column("transaction_id", _("Transaction"), Mono(), card="more", quiet=True),
        Column("line", _("Line"), Mono(), shown=False),
        Column("booked_at", lazy_pgettext("ledger", "Booked"), Moment(), sort=True, card="note", quiet=True),
        Column("occurred_at", _("Happened"), Moment(), sort=True, quiet=True),
        Column("period", _("Month"), Mono(), quiet=True),
        Column("kind", _("What"), of=lambda row: state_of(row.kind).label, card="name"),
        Column("debit", _("Debit"), Tag(), of=lambda row: f"account.{row.debit}", card="also"),
        Column("credit", _("Credit"), Tag(), of=lambda row: f"account.{row.credit}", card="also"),
        Column("amount", _("Amount"), Money(), sort=True, card="sum", total=True),
        Column("reference", _("Document"), Mono(), card="more", quiet=True),
        Column(
            "agent_reference",
            _("Agent"),
            Mono(),
            shown=False,
            to=To("agents.show", "reference", "agent_reference"),
        ),
        Column("actor", _("By"), shown=False),
    ),
    find=_find,
    filters=_filters,
    empty=Empty("book-open", _("No entry yet"), _("Entries appear when a customer pays.")),
    label=lambda row: f"{row.transaction_id}-{row.line}",
    template="journal/index.html",
    more=_more,
)
mount(bp, JOURNAL, Permission.PAYOUTS_READ)
