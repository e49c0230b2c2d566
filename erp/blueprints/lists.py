"""The addresses that every declared list has: its page, its files, its search, its bulk deeds."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Flask, Response, flash, request, url_for
from flask_babel import gettext
from flask_login import current_user

from erp.blueprints import address
from erp.blueprints.bulk_actions import BulkAction
from erp.blueprints.exports import export
from erp.blueprints.forms import attempt
from erp.blueprints.listing import Listing, Shown, shown
from erp.blueprints.responses import page_or_part, seen_other, wants_part
from erp.domain import staff
from erp.kernel import bulk, clock
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

LISTS = "ref_lists"


def mount(bp: Blueprint, listing: Listing, permission: Permission, *, at: str = "") -> None:
    """Give the list its page, its files and its bulk deeds, `at` an address of its own when its blueprint has none."""

    @bp.get(at)
    @requires(permission)
    def index(**_within: str) -> Response:
        return answer(listing)

    if listing.names_people:

        @bp.post(f"{at}/search", endpoint="search")
        @requires(permission)
        def search(**_within: str) -> Response:
            """The filter bar, posted: htmx gets the rows and the address to show, a browser is sent there."""
            asked = address.veiled(request.form)
            url = address.to(listing.url, list(asked.items(multi=True)))
            if not wants_part():
                return seen_other(url)
            address.as_if(listing.url, asked)
            found = answer(listing)
            found.headers["HX-Replace-Url"] = url
            return found

    @bp.post(f"{at}/export", endpoint="export")
    @requires(permission)
    def keep(**within: str) -> Response:
        """A deed, because it is written down who took what."""
        asked = shown(listing)
        with attempt() as tried:
            format = request.form.get("format", "csv")
            return export(
                "-".join([listing.key, *within.values()]),
                str(listing.title),
                asked.columns,
                asked.found,
                format,
                filters={name: value for name, value in asked.filtered if name not in address.SEARCHES},
            )
        flash(str(tried.refusal), "error")
        return seen_other(address.to(listing.url, asked.state))

    @bp.post(f"{at}/views", endpoint="save_view")
    @requires(permission)
    def save_view(**_within: str) -> Response:
        """Keep the state of the address, but for what was searched of people, under a name."""
        asked = shown(listing)
        state, name = urlencode(asked.lasting), request.form.get("name", "")
        with attempt() as tried, transaction():
            staff.save_view(current_user.id, listing.key, name, state, by=current_user.actor, now=clock.now())
        flash(tried.refusal or gettext("The view is saved."), "error" if tried.refusal else "message")
        return seen_other(address.to(listing.url, asked.state))

    @bp.post(f"{at}/views/<uuid:view>/removal", endpoint="forget_view")
    @requires(permission)
    def forget_view(view: UUID, **_within: str) -> Response:
        with transaction():
            staff.remove_view(view, current_user.id, by=current_user.actor, now=clock.now())
        flash(gettext("The view is forgotten."))
        return seen_other(listing.url)

    for action in listing.actions:
        _mount_action(bp, listing, action, at)
    bp.record_once(lambda state: state.app.extensions.setdefault(LISTS, {}).update({listing.key: listing}))


def declared(app: Flask) -> dict[str, Listing]:
    """Every list the application has, by its key."""
    lists: dict[str, Listing] = app.extensions[LISTS]
    return lists


def answer(listing: Listing) -> Response:
    """The page of a list, or the parts of it that htmx redraws."""
    context = {"list": shown(listing), **listing.more()}
    return page_or_part(listing.template, "lists/_part.html", **context)


def _mount_action(bp: Blueprint, listing: Listing, action: BulkAction, at: str) -> None:
    @bp.post(f"{at}/bulk/{action.name}", endpoint=f"bulk_{action.name}")
    @requires(action.permission)
    def lay_down(**_within: str) -> Response:
        """Keep what was chosen, and show what would change. Nothing is done yet."""
        asked = shown(listing)
        origin = address.to(listing.url, asked.state)
        with attempt() as tried, transaction():
            chosen = list(_chosen(asked, action))
            of = (listing.key, action.name, action.verb, chosen)
            id = bulk.lay_down(*of, origin=origin, by=current_user.actor, now=clock.now())
        if tried.refusal:
            flash(tried.refusal, "error")
            return seen_other(origin)
        if action.leads_to:
            return seen_other(url_for(action.leads_to, chosen=id))
        return seen_other(url_for("bulk.show", id=id))


def _chosen(asked: Shown, action: BulkAction) -> Iterator[tuple[str, str]]:
    """The rows that were ticked, or all that the filters let through: what the verb takes, what people call it."""
    found = asked.found
    if "all" not in request.form:
        found = found.only([bulk.id_of(id) for id in request.form.getlist("row")])
    for batch in found.batches():
        for row in batch:
            yield str(getattr(row, action.subject)), asked.label(row)
