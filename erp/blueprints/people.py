"""Names on pages: of agents as far as the reader may see them, and of whoever did something."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user

from erp.domain import agents, staff
from erp.kernel.permissions import Permission
from erp.kernel.reading import shaped

SYSTEM = {
    "payouts": lazy_gettext("The system, paying out"),
    "payments": lazy_gettext("The system, following payments"),
    "bookings": lazy_gettext("The system, ending bookings"),
    "programmes": lazy_gettext("The system, bringing terms into force"),
    "disputes": lazy_gettext("The system, at a deadline"),
    "commissions": lazy_gettext("The system, booking commissions"),
    "statements": lazy_gettext("The system, sealing statements"),
    "backtests": lazy_gettext("The system, replaying history"),
    "bank notification": lazy_gettext("A notification of the bank"),
    "expiry of bookings": lazy_gettext("The system, ending bookings"),
}
"""Parts of the system that act, by the name they act under; commands act under their own."""


def may_see_personal_data() -> bool:
    return Permission.PERSONAL_READ in current_user.permissions


def shown(profile: Any) -> SimpleNamespace:
    """An agent (`agents.Profile`) as the reader may see them: contacts and family name masked without the permission."""
    clear = may_see_personal_data()
    return SimpleNamespace(
        **vars(profile)
        | {
            "name": (profile.name if clear else profile.masked_name) or profile.reference,
            "phone": profile.phone if clear else profile.masked_phone,
            "email": profile.email if clear else profile.masked_email,
            "inn": profile.inn if clear else profile.masked_inn,
        }
    )


def dressed(rows: Iterable[Any], add: Callable[[Any], dict[str, Any]]) -> list[Any]:
    """Rows with what the query does not have: `add` answers the same names for every row, in the same order."""
    rows = list(rows)
    added = [add(row) for row in rows]
    if not rows:
        return []
    kept = [name for name in rows[0]._fields if name not in added[0]]
    if len(kept) < len(rows[0]._fields):
        rows = [[getattr(row, name) for name in kept] for row in rows]
    return shaped((*kept, *added[0]), ((*row, *more.values()) for row, more in zip(rows, added, strict=True)))


def agent_names(ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    """What to call these agents."""
    known = agents.profiles({id for id in ids if id is not None})
    return {None: "", **{profile.id: shown(profile).name for profile in known}}


def with_agent_names(rows: Iterable[Any], **columns: str) -> list[Any]:
    """Rows with agents' names: `with_agent_names(rows, agent_name="agent_id")`."""
    rows = list(rows)
    if not rows:
        return []
    ids = {name: list(map(attrgetter(id), rows)) for name, id in columns.items()}
    names = agent_names(id for every in ids.values() for id in every)
    told = zip(*([names[id] for id in every] for every in ids.values()), strict=True)
    return shaped((*rows[0]._fields, *ids), [(*row, *more) for row, more in zip(rows, told, strict=True)])


def actor_names(actors: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Who they are, by (kind, id): a colleague or an agent by name, a part of the system by its own."""
    actors = set(actors)
    colleagues = staff.names(UUID(id) for kind, id in actors if kind == "staff")
    partners = agent_names(UUID(id) for kind, id in actors if kind == "agent")
    known = {("staff", str(id)): name for id, name in colleagues.items()}
    known |= {("agent", str(id)): name for id, name in partners.items()}
    known |= {(kind, id): _("The owner's product") for kind, id in actors if kind == "product"}
    known |= {("system", id): str(name) for id, name in SYSTEM.items()}
    return {actor: known.get(actor, actor[1]) for actor in actors}


def with_actor_names(rows: Iterable[Any], *columns: str) -> list[Any]:
    """Rows whose `columns` hold actors ("staff:<id>"), which become names."""
    rows = list(rows)
    actors = {text: split_actor(text) for row in rows for column in columns if (text := getattr(row, column))}
    names = actor_names(actors.values())
    known = {None: None, **{text: names[actor] for text, actor in actors.items()}}
    return dressed(rows, lambda row: {column: known[getattr(row, column)] for column in columns})


def split_actor(actor: str) -> tuple[str, str]:
    """("staff", "<id>") of "staff:<id>"."""
    kind, _colon, id = actor.partition(":")
    return kind, id


def actor_name(actor: str | None) -> str | None:
    """The name of one who is stored as "staff:<id>"."""
    if actor is None:
        return None
    known = split_actor(actor)
    return actor_names([known])[known]
