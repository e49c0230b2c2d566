"""Reads of reversals by hand."""

from __future__ import annotations

from collections.abc import Sequence

from erp.kernel.db import Row, row, rows
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed

REVERSALS = """
select r.id, r.reference, r.commission_id, r.amount, r.currency, r.code, r.note, r.state, r.proposed_by, r.proposed_at,
       r.ended_by, r.ended_at, case when r.undoes is null then 'take_back' else 'undo' end as kind,
       u.reference as undoes_reference, c.net, c.agent_id, a.reference as agent_reference, a.code as agent_code,
       f.reference as referral_reference, s.name as establishment_name,
       exists (select 1 from manual_reversal x where x.undoes = r.id and x.state <> 'withdrawn') as is_undone
from manual_reversal r
join commission_state c on c.id = r.commission_id
join agent a on a.id = c.agent_id
join referral f on f.id = c.referral_id
left join establishment s on s.id = f.establishment_id
left join manual_reversal u on u.id = r.undoes
"""
SORTS = {
    "waiting": "state <> 'proposed', proposed_at desc, id desc",
    "proposed_at": "proposed_at, id",
    "-proposed_at": "proposed_at desc, id desc",
    "amount": "amount, id",
    "-amount": "amount desc, id desc",
}


def search_reversals(*, q: str = "", state: str = "", kind: str = "", sort: str = "waiting") -> Listed:
    """Reversals by hand, those that wait for a second person on top."""
    return Listed(
        f"""select * from ({REVERSALS}) r
            where (:state = '' or state = :state) and (:kind = '' or kind = :kind)
              and (:q = '' or reference = upper(:q) or agent_code = upper(:q) or agent_reference = upper(:q)
                   or referral_reference = upper(:q) or commission_id::text = :q)""",
        SORTS,
        sort,
        {"q": q.strip(), "state": state, "kind": kind},
    )


def find_reversal(reference: str) -> Row:
    """One reversal by hand. Raises `NotFound`."""
    found = row(f"{REVERSALS} where r.reference = :reference", reference=reference.strip().upper())
    if found is None:
        raise NotFound
    return found


def reversals_of(commission_id: int) -> Sequence[Row]:
    """Every reversal by hand of a commission, oldest first."""
    return rows(f"{REVERSALS} where r.commission_id = :id order by r.proposed_at, r.id", id=commission_id)


def reversal_limits() -> Sequence[Row]:
    """(currency, amount) of each currency that has programmes; nothing set is a limit of nothing."""
    return rows(
        """select p.currency, coalesce(l.amount, 0) as amount from (select distinct currency from programme) p
           left join reversal_limit l on l.currency = p.currency order by 1"""
    )
