"""Reads of referrals, cases and customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.referrals.pins import TERMS_NOW
from erp.kernel.db import row, rows
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed
from erp.kernel.personal import reveal, reveal_many
from erp.kernel.span import EVER, Span, within

REFERRAL = f"""select r.id, r.reference, r.basis, r.booking_id, r.click_id, r.code, r.proof, r.frozen,
                     r.registered_at, r.is_rerated, t.id as terms_id, t.version as terms_version, m.version as made_under,
                     r.programme_id,
                     p.key as programme_key, p.name as programme_name, p.reference as programme_reference,
                     r.customer_id, c.reference as customer_reference, c.external_id, c.kind as customer_kind,
                     r.establishment_id, e.reference as establishment_reference, e.name as establishment_name,
                     e.city, s.agent_id, s.bps, a.reference as agent_reference, a.code as agent_code,
                     b.reference as booking_reference
              from referral r join customer c on c.id = r.customer_id join terms t on t.id = {TERMS_NOW}
                   join terms m on m.id = r.terms_id join programme p on p.id = r.programme_id
                   join lateral (select agent_id, bps from referral_share where referral_id = r.id
                                 order by bps desc, agent_id limit 1) s on true
                   join agent a on a.id = s.agent_id
                   left join establishment e on e.id = r.establishment_id
                   left join booking b on b.id = r.booking_id"""
"""A referral with its largest share (`shares` gives all) and the terms that it follows today."""

CASE = """select k.id, k.reference, k.kind, k.state, k.opened_at, k.decided_at, k.decided_by, k.note,
                 k.referral_id, r.reference as referral_reference, k.holder_agent_id,
                 h.reference as holder_reference, h.code as holder_code, k.other_agent_id,
                 o.reference as other_reference, o.code as other_code, e.reference as establishment_reference,
                 e.name as establishment_name
          from attribution_case k join referral r on r.id = k.referral_id
               join agent h on h.id = k.holder_agent_id join agent o on o.id = k.other_agent_id
               left join establishment e on e.id = r.establishment_id"""

CUSTOMER = f"""select c.id, c.reference, c.external_id, c.kind, c.signed_up_at, c.unattributed_reason,
                     c.establishment_id, e.reference as establishment_reference, e.name as establishment_name,
                     r.id as referral_id, r.reference as referral_reference, t.version as terms_version,
                     p.reference as programme_reference
              from customer c left join establishment e on e.id = c.establishment_id
                   left join referral r on r.customer_id = c.id left join terms t on t.id = {TERMS_NOW}
                   left join programme p on p.id = r.programme_id"""

SORTS = {
    "newest": "registered_at desc, id desc",
    "oldest": "registered_at, id",
    "registered_at": "registered_at, id",
    "-registered_at": "registered_at desc, id desc",
    "basis": "basis, registered_at desc, id",
    "-basis": "basis desc, registered_at desc, id",
    "agent": "agent_code, registered_at desc, id",
    "-agent": "agent_code desc, registered_at desc, id",
}


def find(reference: str) -> sa.Row[Any]:
    return _one(row(f"{REFERRAL} where r.reference = :reference", reference=reference.strip().upper()))


def shares(referral_id: UUID) -> Sequence[sa.Row[Any]]:
    """Every agent's part of a referral, in basis points."""
    return rows(
        """select s.agent_id, s.bps, s.connected_at, a.reference as agent_reference, a.code as agent_code
           from referral_share s join agent a on a.id = s.agent_id
           where s.referral_id = :id order by s.bps desc, s.agent_id""",
        id=referral_id,
    )


def search(
    *,
    q: str = "",
    basis: str = "",
    connections: bool = False,
    frozen: bool | None = None,
    agent_id: UUID | None = None,
    span: Span = EVER,
    sort: str = "newest",
) -> Listed:
    """Referrals by reference, customer, place or agent's code; `span` is of registration."""
    return Listed(
        f"""{REFERRAL}
            where (:basis = '' or r.basis = :basis) and (not :connections or r.establishment_id is not null)
              and {within("r.registered_at")}
              and (cast(:frozen as boolean) is null or r.frozen = :frozen)
              and (cast(:agent_id as uuid) is null
                   or exists (select 1 from referral_share x where x.referral_id = r.id and x.agent_id = :agent_id))
              and (:q = '' or r.reference = upper(:q) or c.reference = upper(:q) or c.external_id = :q
                   or a.code = upper(:q) or a.reference = upper(:q) or e.reference = upper(:q)
                   or strpos(lower(e.name), lower(:q)) > 0)""",
        SORTS,
        sort,
        {
            "q": q.strip(),
            "basis": basis,
            "connections": connections,
            "frozen": frozen,
            "agent_id": agent_id,
            **span.params,
        },
    )


def terms_of_agent(agent_id: UUID) -> Sequence[sa.Row[Any]]:
    """The versions of terms that an agent's referrals follow today: (programme_name, programme_reference, version,
    on_agent_closed, customers)."""
    return rows(
        f"""select p.name as programme_name, p.reference as programme_reference, t.version, t.on_agent_closed, count(*) as customers
           from referral_share s join referral r on r.id = s.referral_id join terms t on t.id = {TERMS_NOW}
           join programme p on p.id = t.programme_id
           where s.agent_id = :agent_id group by p.id, t.id order by 1, 3""",
        agent_id=agent_id,
    )


def of_agent(agent_id: UUID) -> Listed:
    """The referrals an agent has a share of."""
    return search(agent_id=agent_id)


def find_case(reference: str) -> sa.Row[Any]:
    return _one(row(f"{CASE} where k.reference = :reference", reference=reference.strip().upper()))


def cases_of(referral_id: UUID) -> Sequence[sa.Row[Any]]:
    return rows(f"{CASE} where k.referral_id = :id order by k.opened_at", id=referral_id)


CASE_SORTS = {
    "urgent": "state <> 'open', opened_at, id",
    "opened_at": "opened_at, id",
    "-opened_at": "opened_at desc, id desc",
}


def search_cases(*, q: str = "", state: str = "", sort: str = "") -> Listed:
    """Contested attributions, those that wait for a decision first, the longest waiting on top.

    `q`: the reference of the case or referral, an agent's code, or part of the place's name.
    """
    return Listed(
        f"""{CASE}
            where (:state = '' or k.state = :state)
              and (:q = '' or k.reference = upper(:q) or r.reference = upper(:q) or h.code = upper(:q)
                   or o.code = upper(:q) or strpos(lower(e.name), lower(:q)) > 0)""",
        CASE_SORTS,
        sort,
        {"q": q.strip(), "state": state},
    )


def find_customer(reference: str) -> sa.Row[Any]:
    """A customer by reference. Raises `NotFound`."""
    return _one(row(f"{CUSTOMER} where c.reference = :reference", reference=reference.strip().upper()))


def customer_by_external_id(external_id: str) -> sa.Row[Any]:
    """A customer as the owner's product calls them. Raises `NotFound`."""
    return _one(row(f"{CUSTOMER} where c.external_id = :external_id", external_id=external_id))


def customer_name(id: UUID) -> str | None:
    """The name given at sign-up, for readers who may see it."""
    found = row("select name_cipher from customer where id = :id", id=id)
    return reveal(id, found.name_cipher) if found else None


def customer_names(ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """The same for a whole list."""
    found = rows("select id, name_cipher from customer where id = any(:ids)", ids=list(ids))
    names = reveal_many([(id, cipher) for id, cipher in found])
    return dict(zip([id for id, _ in found], names, strict=True))


def _one(found: sa.Row[Any] | None) -> sa.Row[Any]:
    if found is None:
        raise NotFound
    return found
