"""What happened to something, as a timeline: the audit log in words that people use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from flask_babel import gettext

from erp.blueprints.deeds import deed
from erp.blueprints.people import actor_names
from erp.blueprints.roles import role_names
from erp.blueprints.states import STATES
from erp.domain import commissions, disputes, referrals
from erp.kernel import audit
from erp.language import say

CODES = commissions.CODES | disputes.CODES | referrals.MOVE_CODES
"""Coded reasons in words."""


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


def _item(entry: Any, who: str) -> Item:
    known = deed(entry.action)
    by = gettext("by %(name)s", name=who)
    return Item(
        entry.at, str(known.title), ", ".join([*details_of(entry.details), by]), known.icon, known.tone
    )


def details_of(details: dict[str, Any]) -> list[str]:
    """The few details that help a reader: states in words, notes as they were typed. The audit log shows them all."""
    shown = []
    if "version" in details:
        shown.append(gettext("version %(version)s", version=details["version"]))
    for name in ("stage", "reason", "note", "after", "state", "attention", "outcome"):
        if isinstance(given := details.get(name), str) and given:
            known = STATES.get(given.lower())
            shown.append(str(known.label) if known else given)
    if (code := details.get("code")) in CODES:
        shown.append(say(CODES[code]))
    if "roles" in details:
        shown.append(role_names(details["roles"]))
    return shown
