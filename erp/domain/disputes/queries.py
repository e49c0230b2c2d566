"""Reads of disputes: lists, one with its words, what mended it; an agent sees its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from types import SimpleNamespace
from uuid import UUID

from erp.kernel.db import Row, row, rows
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed
from erp.kernel.personal import reveal_many

DISPUTES = """
select d.id, d.reference, d.agent_id, d.kind, d.state, d.commission_id, d.expected, d.currency, d.role, d.due_at,
       d.outcome, d.assigned_to, d.opened_at, d.opened_by, d.decided_at, d.decided_by, d.code, d.payment_id, d.referral_id,
       d.customer_id, d.payout_id, d.establishment_id, a.reference as agent_reference, a.code as agent_code,
       y.reference as payment_reference, r.reference as referral_reference, u.reference as customer_reference,
       p.reference as payout_reference, e.reference as establishment_reference, e.name as establishment_name,
       s.name as assigned_name, m.messages, m.last_at, m.last_by,
       exists (select 1 from dispute_remedy x where x.dispute_id = d.id) as is_mended
from dispute d
join agent a on a.id = d.agent_id
left join payment y on y.id = d.payment_id
left join referral r on r.id = d.referral_id
left join customer u on u.id = d.customer_id
left join payout p on p.id = d.payout_id
left join establishment e on e.id = d.establishment_id
left join staff s on s.id = d.assigned_to
left join lateral (select count(*) as messages, max(written_at) as last_at,
                          (array_agg(split_part(written_by, ':', 1) order by written_at desc, id desc))[1] as last_by
                   from dispute_message where dispute_id = d.id) m on true
"""
SORTS = {
    "urgent": "state <> 'open', due_at, id",
    "newest": "opened_at desc, id desc",
    "due_at": "due_at, id",
    "-due_at": "due_at desc, id desc",
    "opened_at": "opened_at, id",
    "-opened_at": "opened_at desc, id desc",
}


def search(
    *,
    q: str = "",
    state: str = "",
    kind: str = "",
    role: str = "",
    agent_id: UUID | None = None,
    assigned_to: UUID | None = None,
    due_by: dt.datetime | None = None,
    sort: str = "urgent",
) -> Listed:
    """Disputes, the most urgent first. `state` may also be `decided`; `due_by` leaves those due by then."""
    return Listed(
        f"""select * from ({DISPUTES}) d
            where (:state = '' or state = :state or :state = 'decided' and state <> 'open')
              and (:kind = '' or kind = :kind) and (:role = '' or role = :role)
              and (cast(:agent_id as uuid) is null or agent_id = :agent_id)
              and (cast(:assigned_to as uuid) is null or assigned_to = :assigned_to)
              and (cast(:due_by as timestamptz) is null or due_at <= :due_by)
              and (:q = '' or reference = upper(:q) or agent_code = upper(:q) or agent_reference = upper(:q)
                   or commission_id::text = :q or customer_reference = upper(:q) or referral_reference = upper(:q)
                   or payout_reference = upper(:q) or payment_reference = upper(:q))""",
        SORTS,
        sort,
        {
            "q": q.strip(),
            "state": state,
            "kind": kind,
            "role": role,
            "agent_id": agent_id,
            "assigned_to": assigned_to,
            "due_by": due_by,
        },
    )


def find(reference: str, *, agent_id: UUID | None = None) -> Row:
    """One dispute; with `agent_id`, a stranger's is `NotFound`."""
    found = row(
        f"""{DISPUTES} where d.reference = :reference
            and (cast(:agent_id as uuid) is null or d.agent_id = :agent_id)""",
        reference=reference.strip().upper(),
        agent_id=agent_id,
    )
    if found is None:
        raise NotFound
    return found


def messages(dispute_id: UUID) -> list[SimpleNamespace]:
    """What both sides wrote, oldest first: kind, text (None: the agent was erased), written_at, written_by, told_at."""
    found = rows(
        """select m.kind, m.text_cipher, m.written_at, m.written_by, m.told_at, d.agent_id
           from dispute_message m join dispute d on d.id = m.dispute_id
           where m.dispute_id = :id order by m.written_at, m.id""",
        id=dispute_id,
    )
    texts = reveal_many([(one.agent_id, one.text_cipher) for one in found])
    return [
        SimpleNamespace(
            kind=one.kind,
            text=text,
            written_at=one.written_at,
            written_by=one.written_by,
            told_at=one.told_at,
        )
        for one, text in zip(found, texts, strict=True)
    ]


def remedies_of(dispute_id: UUID) -> Sequence[Row]:
    """The deeds that mended what it found, oldest first, each with the reference of what it made."""
    return rows(
        """select x.kind, x.subject, x.done_at, x.done_by from dispute_remedy x
           where x.dispute_id = :id order by x.done_at, x.id""",
        id=dispute_id,
    )
