"""What happened to something, as a timeline: the audit log in words that people use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from erp.blueprints.people import actor_names, split_actor
from erp.kernel import audit


class Deed(NamedTuple):
    """How a deed is told: its words, its icon, and the tone of the dot."""

    title: LazyString
    icon: str
    tone: str = ""


DEEDS: dict[str, Deed] = {
    "agent.registered": Deed(_("Registered"), "user-plus", "ok"),
    "agent.signed_in": Deed(_("Signed in"), "log-in"),
    "agent.signed_out": Deed(_("Signed out"), "log-out"),
    "agent.profile_changed": Deed(_("Profile changed"), "pencil"),
    "agent.activated": Deed(_("Activated"), "check", "ok"),
    "agent.suspended": Deed(_("Suspended"), "pause", "bad"),
    "agent.closed": Deed(_("Closed"), "ban", "bad"),
    "booking.made": Deed(_("Booked"), "bookmark", "ok"),
    "booking.moved": Deed(_("Moved to another stage"), "arrow-right"),
    "booking.released": Deed(_("Released"), "bookmark-x"),
    "booking.expired": Deed(_("Expired"), "hourglass"),
    "booking.connected": Deed(_("Connected"), "link", "ok"),
    "booking.lost": Deed(_("Lost"), "x", "bad"),
    "referral.registered": Deed(_("Registered"), "git-fork", "ok"),
    "case.opened": Deed(_("A case opened"), "scale", "wait"),
    "case.decided": Deed(_("The case was decided"), "gavel", "ok"),
    "case.upheld": Deed(_("Decided for the one it was attributed to"), "gavel", "ok"),
    "case.moved": Deed(_("Decided for the other agent"), "gavel", "ok"),
    "programme.created": Deed(_("Created"), "plus", "ok"),
    "terms.drafted": Deed(_("Terms drafted"), "pencil"),
    "terms.activated": Deed(_("Terms activated"), "play", "ok"),
    "terms.discarded": Deed(_("Draft thrown away"), "trash-2"),
    "order.placed": Deed(_("Order placed"), "shopping-cart"),
    "payment.asked": Deed(_("The bank was asked to open a payment"), "landmark"),
    "payment.opened": Deed(_("Payment opened at the bank"), "landmark"),
    "payment.moved": Deed(_("The bank's status changed"), "refresh-cw"),
    "payment.confirmed": Deed(_("Money received"), "check", "ok"),
    "payment.refunded": Deed(_("Money went back"), "undo-2", "bad"),
    "payment.needs_attention": Deed(_("A person must look at it"), "triangle-alert", "bad"),
    "payment.attention_settled": Deed(_("Looked into"), "eye", "ok"),
    "refund.asked": Deed(_("Refund asked for"), "undo-2", "wait"),
    "refund.attested": Deed(_("Refunded total written down"), "stamp", "bad"),
    "refund.sent": Deed(_("Refund sent to the bank"), "send"),
    "refund.done": Deed(_("Refund done"), "undo-2", "bad"),
    "refund.not_done": Deed(_("Refund not done"), "circle-alert", "bad"),
    "payout_run.prepared": Deed(_("Prepared"), "layers", "wait"),
    "payout_run.approved": Deed(_("Approved"), "check", "ok"),
    "payout_run.cancelled": Deed(_("Cancelled"), "ban"),
    "payout_run.executed": Deed(_("Executed"), "play", "ok"),
    "payout_run.finished": Deed(_("Finished"), "check", "ok"),
    "staff.added": Deed(_("Added"), "user-plus", "ok"),
    "staff.signed_in": Deed(_("Signed in"), "log-in"),
    "staff.roles_changed": Deed(_("Roles changed"), "user-cog"),
    "staff.deactivated": Deed(_("Deactivated"), "ban", "bad"),
    "api_key.issued": Deed(_("Made"), "key-round", "ok"),
    "api_key.revoked": Deed(_("Revoked"), "ban", "bad"),
    "clock.moved": Deed(_("The clock was moved"), "clock"),
}
"""Deeds of the audit log by name. One that nobody has worded here is told by its bare name."""


class Item(NamedTuple):
    """One entry of a timeline."""

    at: dt.datetime
    title: str
    text: str
    icon: str
    tone: str


def history_of(subject_type: str, subject_id: UUID | str | int) -> list[Item]:
    """Everything done to one subject, newest first."""
    return told(audit.history(subject_type, subject_id))


def told(entries: Iterable[Any]) -> list[Item]:
    """Audit entries (oldest first) as a timeline (newest first)."""
    entries = list(entries)
    names = actor_names((entry.actor_kind, entry.actor_id) for entry in entries)
    items = [_item(entry, names[entry.actor_kind, entry.actor_id]) for entry in entries]
    return items[::-1]


def happened(entries: Iterable[Any]) -> list[Item]:
    """Deeds, news of the bank and facts of one payment or payout (at, source, what, who, details), newest first."""
    entries = list(entries)
    names = actor_names(split_actor(entry.who) for entry in entries)
    return [_happening(entry, names[split_actor(entry.who)]) for entry in entries][::-1]


def _happening(entry: Any, who: str) -> Item:
    if entry.source == "notification":
        title = gettext("The bank said %(status)s", status=entry.what)
        return Item(entry.at, title, entry.details["verdict"].replace("_", " "), "landmark", "")
    if entry.source == "event":
        title = gettext("Became a fact: %(kind)s", kind=entry.what)
        return Item(entry.at, title, entry.details["evidence"].replace("_", " "), "stamp", "ok")
    return _item(SimpleNamespace(at=entry.at, action=entry.what, details=entry.details), who)


def deed(action: str) -> Deed:
    return DEEDS.get(action) or Deed(action.partition(".")[2].replace("_", " ").capitalize(), "circle")


def _item(entry: Any, who: str) -> Item:
    known = deed(entry.action)
    by = gettext("by %(name)s", name=who)
    return Item(entry.at, str(known.title), ", ".join([*_details(entry.details), by]), known.icon, known.tone)


def _details(details: dict[str, Any]) -> list[str]:
    """The few details that help a reader, as they are stored; the audit log shows them all."""
    shown = []
    for name in ("stage", "reason", "note", "after", "state", "attention", "outcome"):
        if isinstance(details.get(name), str):
            shown.append(details[name].replace("_", " "))
    if "roles" in details:
        shown.append(", ".join(details["roles"]))
    return shown
