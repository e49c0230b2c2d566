"""Deeds for many rows: first what would change, then, once confirmed, what became of each row.

The preview is no guess: each row on the page is done and taken back (`rehearsal`), so it says exactly what the domain
would do, or refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from flask import Blueprint, current_app, url_for
from flask_login import current_user
from markupsafe import Markup
from wtforms import StringField

from erp.blueprints import address, lists
from erp.blueprints.bulk_actions import BulkAction
from erp.blueprints.columns import Column, Drawn, Moment, lines
from erp.blueprints.forms import Form, Outcome, attempt, needed
from erp.blueprints.listing import Listing
from erp.blueprints.people import actor_name
from erp.blueprints.present import now
from erp.blueprints.responses import page_or_part, refused, seen_other
from erp.kernel import bulk, clock
from erp.kernel.errors import DomainError, Forbidden, NotFound
from erp.kernel.paging import Listed, Page
from erp.kernel.permissions import for_staff
from erp.kernel.sentences import from_json
from erp.kernel.transaction import rehearsal, transaction
from erp.language import say

bp = Blueprint("bulk", __name__, url_prefix="/bulk")
THEIR_PERMISSION = "whoever may do the deed may see it, too; its permission is checked here"
UNSAID = "…"
"""Stands for a value that nobody has given yet, while a deed is rehearsed."""


class Change(NamedTuple):
    """What a deed changes in one row: a column, and its cell before and after."""

    label: str
    before: str | Markup
    after: str | Markup


@bp.get("/<uuid:id>")
@for_staff(THEIR_PERMISSION)
def show(id: UUID) -> Any:
    """What would change, how far it is, or what became of it: the same address all the way."""
    return page_or_part("bulk/show.html", "bulk/_deed.html", **_shown(id))


@bp.post("/<uuid:id>/confirmation")
@for_staff(THEIR_PERMISSION)
def confirm(id: UUID) -> Any:
    deed, _listing, action = _open(id)
    form = _form(action)
    with attempt(form) as tried, transaction():
        form.check()
        bulk.confirm(id, _values(action, form), by=current_user.actor, now=clock.now())
    if tried.refusal:
        return refused("bulk/show.html", "bulk/_deed.html", **_shown(id, form, tried))
    if deed.total <= bulk.AT_ONCE:
        bulk.carry_on(id)
    return seen_other(url_for("bulk.show", id=id))


@bp.post("/<uuid:id>/undo")
@for_staff(THEIR_PERMISSION)
def undo(id: UUID) -> Any:
    """Choose the rows that were done for the deed that takes it back. Its own preview follows."""
    deed, listing, action = _open(id)
    back = _undoing(listing, action)
    if back is None:
        raise NotFound
    with transaction():
        of = (listing.key, back.name, back.verb, bulk.done_in(id))
        laid = bulk.lay_down(*of, origin=deed.origin, by=current_user.actor, now=clock.now())
    return seen_other(url_for("bulk.show", id=laid))


def _undoing(listing: Listing, action: BulkAction) -> BulkAction | None:
    """The deed that takes this one back, if there is one and the reader may do it."""
    backs = (other for other in listing.actions if other.name == action.undo)
    return next((back for back in backs if back.permission in current_user.permissions), None)


def _shown(id: UUID, form: Form | None = None, tried: Outcome | None = None) -> dict[str, Any]:
    deed, listing, action = _open(id)
    page = bulk.subjects(id, ended=deed.ended_at is not None).page(address.page_number())
    return {
        "deed": deed,
        "listing": listing,
        "action": action,
        "page": page,
        "heads": [column.label for column in _known_by(listing)],
        "rows": _told(listing, action, page) if deed.confirmed_at else _rehearsed(listing, action, page),
        "form": form or _form(action),
        "undo": _undoing(listing, action),
        "is_own": deed.asked_by == str(current_user.actor),
        "asked_by": actor_name(deed.asked_by),
        "at_once": deed.total <= bulk.AT_ONCE,
        "refusal": tried and tried.refusal,
    }


def _open(id: UUID) -> tuple[Any, Listing, BulkAction]:
    """A bulk deed, its list and its declaration. Raises `NotFound`, and `Forbidden` for who may not do the deed."""
    deed = bulk.find(id)
    listing = lists.declared(current_app)[deed.list]
    action = next(action for action in listing.actions if action.name == deed.action)
    if action.leads_to:
        raise NotFound
    if action.permission not in current_user.permissions:
        raise Forbidden
    return deed, listing, action


def _form(action: BulkAction) -> Form:
    """The value that the verb needs, if it needs one."""
    if action.asks is None:
        return Form()
    name, question = action.asks
    form: Form = type("ValueForm", (Form,), {name: StringField(question, [needed])})()
    return form


def _values(action: BulkAction, form: Form) -> dict[str, str]:
    return {action.asks[0]: form[action.asks[0]].data} if action.asks else {}


def _rehearsed(listing: Listing, action: BulkAction, page: Page) -> list[SimpleNamespace]:
    """Each row of the page with what would change in it, or why it would be refused."""
    everything = listing.everything()
    known = _known(everything, action, page)
    values = {action.asks[0]: UNSAID} if action.asks else {}
    shown, rows = _cells(listing, known), []
    for chosen in page.rows:
        before = known.get(chosen.subject)
        refusal, after = _tried(everything, action, chosen.subject, values)
        changes = _changes(listing, before, after) if before and after else []
        rows.append(
            SimpleNamespace(
                cells=shown(chosen),
                outcome="refused" if refusal else "ready",
                why=refusal,
                changes=changes,
                leaves=after is None,
            )
        )
    return rows


def _tried(
    everything: Listed, action: BulkAction, subject: str, values: dict[str, str]
) -> tuple[str | None, Any]:
    """Why the row is refused, and how it would look; it is left as it was."""
    with rehearsal():
        try:
            bulk.rehearse(action.verb, subject, values, by=current_user.actor, now=now())
        except DomainError as refusal:
            return say(refusal.said), None
        return None, next(iter(everything.only([bulk.id_of(subject)], action.subject).first(1)), None)


def _changes(listing: Listing, before: Any, after: Any) -> list[Change]:
    """The cells that differ, whether the list shows their columns or not."""
    changes = []
    for column in listing.columns:
        kind = (
            Moment() if isinstance(column.kind, Moment) else column.kind
        )  # here "in 2 weeks" tells too little
        if isinstance(kind, Drawn):
            continue
        was, becomes = kind.cells(column.get, [before, after])
        if was != becomes != UNSAID:
            changes.append(Change(str(column.label), Markup(was), Markup(becomes)))
    return changes


def _told(listing: Listing, action: BulkAction, page: Page) -> list[SimpleNamespace]:
    """Each row of the page with what became of it."""
    known = _known(listing.everything(), action, page)
    shown = _cells(listing, known)
    return [
        SimpleNamespace(
            cells=shown(chosen),
            outcome=chosen.outcome or "waiting",
            why=say(from_json(chosen.refusal)) if chosen.refusal else None,
            changes=[],
            leaves=False,
        )
        for chosen in page.rows
    ]


def _known(everything: Listed, action: BulkAction, page: Page) -> dict[str, Any]:
    """The rows of the list that the page's subjects are, as far as they are still in it."""
    ids = [bulk.id_of(chosen.subject) for chosen in page.rows]
    found = everything.only(ids, action.subject).first(page.per_page)
    return {str(getattr(row, action.subject)): row for row in found}


def _known_by(listing: Listing) -> list[Column]:
    """The columns by which people know a row: its reference and its name."""
    first = listing.columns[0]
    return [first, *(column for column in listing.columns if column.card == "name" and column is not first)]


def _cells(listing: Listing, known: dict[str, Any]) -> Callable[[Any], Markup]:
    """The cells of those columns, or the label of a row that has left the list."""
    columns = _known_by(listing)
    drawn = dict(zip(known, lines(columns, list(known.values())), strict=True))
    gone = Markup("<td>{}</td>") + Markup("<td></td>") * (len(columns) - 1)
    return lambda chosen: drawn.get(chosen.subject) or gone.format(chosen.label)
