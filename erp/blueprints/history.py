"""What happened to something, as a timeline: the audit log in words that people use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from flask_babel import gettext

from erp.blueprints.deeds import deed
from erp.blueprints.people import actor_names, split_actor
from erp.blueprints.roles import role_names
from erp.blueprints.states import STATES, state_of
from erp.kernel import audit


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
        title = gettext("The bank said: %(status)s", status=state_of(entry.what.lower()).label)
        return Item(entry.at, title, str(state_of(entry.details["verdict"]).label), "landmark", "")
    if entry.source == "event":
        title = gettext("Became a fact: %(kind)s", kind=state_of(f"event.{entry.what}").label)
        return Item(entry.at, title, str(state_of(entry.details["evidence"]).label), "stamp", "ok")
    return _item(SimpleNamespace(at=entry.at, action=entry.what, details=entry.details), who)


def _item(entry: Any, who: str) -> Item:
    known = deed(entry.action)
    by = gettext("by %(name)s", name=who)
    return Item(entry.at, str(known.title), ", ".join([*_details(entry.details), by]), known.icon, known.tone)


def _details(details: dict[str, Any]) -> list[str]:
    """The few details that help a reader: states in words, notes as they were typed. The audit log shows them all."""
    shown = []
    for name in ("stage", "reason", "note", "after", "state", "attention", "outcome"):
        if isinstance(given := details.get(name), str):
            known = STATES.get(given.lower())
            shown.append(str(known.label) if known else given)
    if "roles" in details:
        shown.append(role_names(details["roles"]))
    return shown
