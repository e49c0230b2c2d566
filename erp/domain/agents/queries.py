"""Reads of agents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain import ledger
from erp.domain.agents import rules
from erp.kernel.db import row, rows
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.paging import Listed
from erp.kernel.personal import lookup_hash, reveal_many

PLAIN = """id, reference, code, kind, state, bank_member_id, bank_name, registered_at, activated_at, suspended_at,
           suspension_reason, closed_at, language"""
SORTS = {
    "newest": "registered_at desc, id desc",
    "oldest": "registered_at, id",
    "registered_at": "registered_at, id",
    "-registered_at": "registered_at desc, id desc",
    "code": "code",
    "-code": "code desc",
    "state": "state, registered_at desc, id",
    "-state": "state desc, registered_at desc, id",
    "pending": "pending, id",
    "-pending": "pending desc, id desc",
    "available": "available, id",
    "-available": "available desc, id desc",
}


@dataclass(frozen=True)
class Profile:
    """An agent with personal data in the clear; `masked_…` for readers who may not see it."""

    id: UUID
    reference: str
    code: str
    kind: str
    state: str
    name: str | None
    phone: str | None
    email: str | None
    inn: str | None
    bank_member_id: str | None
    bank_name: str | None
    registered_at: dt.datetime
    activated_at: dt.datetime | None
    suspended_at: dt.datetime | None
    suspension_reason: str | None
    closed_at: dt.datetime | None
    language: str | None

    @property
    def masked_name(self) -> str | None:
        return rules.mask_name(self.name)

    @property
    def masked_phone(self) -> str | None:
        return rules.mask_phone(self.phone)

    @property
    def masked_email(self) -> str | None:
        return rules.mask_email(self.email)

    @property
    def masked_inn(self) -> str | None:
        return rules.mask_inn(self.inn)


@dataclass(frozen=True)
class WithMoney(Profile):
    """An agent in a list, with what the books hold for it in one currency, in minor units."""

    currency: str
    pending: int
    available: int
    frozen: int
    in_payout: int


CIPHERS = "name_cipher, phone_cipher, email_cipher, inn_cipher"


def find(reference: str) -> sa.Row[Any]:
    """An agent by reference, without personal data."""
    found = row(
        f"select {PLAIN} from agent where reference = :reference", reference=reference.strip().upper()
    )
    if found is None:
        raise NotFound
    return found


def by_code(code: str) -> sa.Row[Any] | None:
    """Whose code this is, in any case, spacing and spelling of look-alikes; None when it is nobody's."""
    code = rules.normalise_code(code)
    return row(f"select {PLAIN} from agent where code = :code", code=code) if rules.is_code(code) else None


def profile(id: UUID) -> Profile:
    """An agent with what they have told of themselves."""
    found = row(f"select {PLAIN}, {CIPHERS} from agent where id = :id", id=id)
    if found is None:
        raise NotFound
    return _profiles([found])[0]


def profiles(ids: Iterable[UUID]) -> list[Profile]:
    """Several agents at once, in no order."""
    wanted = list(ids)
    if not wanted:
        return []
    return _profiles(rows(f"select {PLAIN}, {CIPHERS} from agent where id = any(:ids)", ids=wanted))


def references(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The references of these agents; one who does not exist has none."""
    found = rows("select id, reference from agent where id = any(:ids)", ids=list(set(ids)))
    return {agent.id: agent.reference for agent in found}


def in_state(state: str) -> list[UUID]:
    """The ids of all agents in a state."""
    return [id for (id,) in rows("select id from agent where state = :state", state=state)]


def search(
    *,
    q: str = "",
    state: str = "",
    kind: str = "",
    among: Iterable[UUID] | None = None,
    currency: str = "RUB",
    sort: str = "newest",
) -> Listed:
    """Agents, as `WithMoney` rows, by code, reference or exact phone number; `among` leaves only some of them."""
    money = ledger.MONEY_OF.format(agent="agent", money="m")
    return Listed(
        f"""select {PLAIN}, {CIPHERS}, m.* from agent {money}
            where (:state = '' or state = :state) and (:kind = '' or kind = :kind)
              and (cast(:among as uuid[]) is null or id = any(:among))
              and (:q = '' or code = :code or reference = :q or phone_hash = :phone_hash)""",
        SORTS,
        sort,
        {
            "state": state,
            "kind": kind,
            "among": None if among is None else list(among),
            "currency": currency,
            "q": q.strip().upper(),
            "code": rules.normalise_code(q),
            "phone_hash": _phone_hash(q),
        },
        _with_money,
    )


def _phone_hash(q: str) -> bytes | None:
    try:
        return lookup_hash("phone", rules.normalise_phone(q))
    except Invalid:
        return None


def _with_money(found: Sequence[sa.Row[Any]]) -> list[WithMoney]:
    return [WithMoney(**known) for known in _revealed(found)]


def _profiles(found: Sequence[sa.Row[Any]]) -> list[Profile]:
    return [Profile(**known) for known in _revealed(found)]


def _revealed(found: Sequence[sa.Row[Any]]) -> list[dict[str, Any]]:
    """Reveals a whole list with one look at the keys."""
    names = CIPHERS.split(", ")
    texts = iter(reveal_many([(agent.id, getattr(agent, name)) for agent in found for name in names]))
    revealed = []
    for agent in found:
        known: dict[str, Any] = agent._asdict()
        for name in names:
            known[name.removesuffix("_cipher")] = next(texts)
            del known[name]
        revealed.append(known)
    return revealed
