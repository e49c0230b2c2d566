"""Reads of freezes: what is frozen, why, for whom, who decides, by when."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from erp.kernel.db import Row, rows
from erp.kernel.paging import Listed

FREEZES = """
select f.id, f.commission_id, f.agent_id, f.rule, f.evidence, f.role, f.due_at, f.outcome, f.code, f.note, f.taken_from,
       f.frozen_at, f.frozen_by, a.reference as agent_reference, a.code as agent_code, c.currency, c.net,
       coalesce(r.amount, x.amount, c.net)::bigint as amount, v.on_agent_closed,
       u.reference as referral_reference, s.name as establishment_name,
       coalesce(r.released_at, x.forfeited_at) as ended_at, coalesce(r.released_by, x.forfeited_by) as ended_by,
       coalesce(r.code, x.code) as ended_code, r.note as ended_note,
       case when r.freeze_id is not null then 'released' when x.commission_id is not null then 'forfeited'
            when c.net = 0 and c.amount > 0 then 'reversed' else 'frozen' end as state
from commission_freeze f
join commission_state c on c.id = f.commission_id
join agent a on a.id = f.agent_id
join terms v on v.id = c.terms_id
join referral u on u.id = c.referral_id
left join establishment s on s.id = u.establishment_id
left join release r on r.freeze_id = f.id
left join forfeiture x on x.freeze_id = f.id
"""
SORTS = {
    "due": "state <> 'frozen', due_at, id",
    "due_at": "due_at, id",
    "-due_at": "due_at desc, id desc",
    "frozen_at": "frozen_at, id",
    "-frozen_at": "frozen_at desc, id desc",
    "amount": "amount, id",
    "-amount": "amount desc, id desc",
}


def search_freezes(
    *,
    q: str = "",
    state: str = "",
    rule: str = "",
    role: str = "",
    due_by: object = None,
    sort: str = "due",
) -> Listed:
    """Freezes, those that wait on top, by their deadline. `due_by` leaves those whose deadline is not later."""
    return Listed(
        f"""select * from ({FREEZES}) f
            where (:state = '' or state = :state) and (:rule = '' or rule = :rule) and (:role = '' or role = :role)
              and (cast(:due_by as timestamptz) is null or due_at <= :due_by)
              and (:q = '' or agent_code = upper(:q) or agent_reference = upper(:q) or referral_reference = upper(:q)
                   or commission_id::text = :q or establishment_name ilike '%' || :q || '%')""",
        SORTS,
        sort,
        {"q": q.strip(), "state": state, "rule": rule, "role": role, "due_by": due_by},
    )


def freezes_of(commission_id: int) -> Sequence[Row]:
    """Every freeze of an accrual, oldest first, with how it ended if it has."""
    return rows(f"{FREEZES} where f.commission_id = :id order by f.id", id=commission_id)


def may_be_frozen(
    *, commission_id: int | None = None, agent_id: UUID | None = None, referral_id: UUID | None = None
) -> Sequence[Row]:
    """What somebody could freeze by hand now, of one line, an agent or a referral: (currency, lines, net)."""
    return rows(
        """select c.currency, count(*) as lines, sum(c.net)::bigint as net from commission_state c
           where c.freeze_reason is null and c.net > 0
             and not exists (select 1 from open_payout_line l where l.commission_id = c.id)
             and (cast(:commission_id as bigint) is null or c.id = :commission_id)
             and (cast(:agent_id as uuid) is null or c.agent_id = :agent_id)
             and (cast(:referral_id as uuid) is null or c.referral_id = :referral_id)
           group by c.currency order by 1""",
        commission_id=commission_id,
        agent_id=agent_id,
        referral_id=referral_id,
    )


def frozen_by_hand(*, agent_id: UUID | None = None, referral_id: UUID | None = None) -> Sequence[Row]:
    """What of an agent or a referral somebody froze by hand and nobody has decided: (currency, lines, net)."""
    return rows(
        """select c.currency, count(*) as lines, sum(c.net)::bigint as net
           from hold h join commission_freeze f on f.id = h.freeze_id join commission_state c on c.id = h.commission_id
           where f.rule = 'by_hand' and (cast(:agent_id as uuid) is null or h.agent_id = :agent_id)
             and (cast(:referral_id as uuid) is null or c.referral_id = :referral_id)
           group by c.currency order by 1""",
        agent_id=agent_id,
        referral_id=referral_id,
    )
