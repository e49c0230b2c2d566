"""What is earned and cannot be paid yet, by the day on which that changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from erp.kernel.db import Row, rows

HELD = """
select c.currency, c.in_credit, h.waits_for,
       case when h.waits_for = 'decision' then h.day else greatest(h.day, cast(:today as date)) end as day,
       h.rule, array_agg(distinct h.role) filter (where h.role is not null) as roles,
       array_agg(distinct h.outcome) filter (where h.outcome is not null) as outcomes,
       min(h.frozen_at) as since, count(*) as commissions, sum(c.net)::bigint as net
from (select h.commission_id, h.agent_id, f.rule, f.role, f.outcome, f.frozen_at,
             case when h.reason is not null then 'decision' when h.deadline is not null then 'condition'
                  else 'time' end as waits_for,
             (case when h.reason is not null then f.due_at else coalesce(h.deadline, h.until) end
              at time zone :zone)::date as day
      from hold h left join commission_freeze f on f.id = h.freeze_id) h
join commission_state c on c.id = h.commission_id
where not (c.net = 0 and c.amount > 0){of_agent}
group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""
OF_AGENT = " and c.agent_id = :agent_id and h.agent_id = :agent_id"


def forecast(zone: str, now: dt.datetime, *, agent_id: UUID | None = None) -> Sequence[Row]:
    """What is held (of one agent, or of all), per currency and apart what is given as credit: (currency, in_credit,
    waits_for, day, rule, roles, outcomes, since, commissions, net), by days of the zone.

    `waits_for` says what the day is: `time`, the end of a hold; `condition`, the deadline of a first
    payment; `decision`, by when one of `roles` decides what the `rule` froze, the first `since` then.
    What is due and has not been carried out yet stands on the day it is now.
    """
    return rows(
        HELD.format(of_agent=OF_AGENT if agent_id else ""),
        zone=zone,
        today=now.astimezone(ZoneInfo(zone)).date(),
        agent_id=agent_id,
    )
