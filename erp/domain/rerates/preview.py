"""What agents would win or lose: the year before a re-rate, computed by the one engine as if it had begun long ago.

Like a back-test, it puts common tables in the place of tables; other than there, only the referrals of the re-rate
follow the new terms, and all others what they followed. What was earned is read from the books.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from erp.domain.commissions.engine import LINES, NOTHING_BOOKED
from erp.domain.commissions.facts import EARNING, lines_where
from erp.domain.referrals import terms_at
from erp.domain.rerates.rules import COMPARED
from erp.kernel import outbox
from erp.kernel.db import execute, row, rows

COUNT = "erp.jobs.rerates.count"
AGENTS_AT_ONCE = 50
SETTINGS = "select set_config('work_mem', '64MB', true), set_config('jit', 'off', true)"

_DEADLINE = "e.occurred_at + make_interval(hours => 24 * u.condition_days::integer)"
_EVENT = """e.customer_id, e.payment_id, e.amount, e.currency, e.evidence, {at} as occurred_at, e.recorded_at,
           {about} as original_event_id, e.refunded_total, e.plan, e.prepaid_days"""
_OF_THE_AGENTS = """c.agent_id = any(:agent_ids) and c.programme_id = :programme_id and c.occurred_at >= :since
      and c.occurred_at < :now"""

PREVIEW = f"""
with {NOTHING_BOOKED},
  moved as materialized (
    select x.referral_id, r.customer_id from rerate_referral x join referral r on r.id = x.referral_id
    where x.rerate_id = :id),
  -- Nobody has recorded that a bonus of the new terms was not earned in time: by now it was not.
  event as not materialized (
    select e.id, e.source_id, e.kind, {_EVENT.format(at="e.occurred_at", about="e.original_event_id")} from event e
    union all
    select e.id, e.source_id, 'lapse', {_EVENT.format(at=_DEADLINE, about="e.id")}
    from rule u join event e on e.kind = u.event_kind join moved m on m.customer_id = e.customer_id
    where u.terms_id = :terms_id and u.condition = 'first_payment' and {_DEADLINE} <= :now),
  concerned as materialized (
    select e.id as event_id, e.kind, e.source_id, e.amount, e.currency, e.occurred_at, e.evidence, e.plan,
           e.prepaid_days, e.customer_id, r.id as referral_id, r.registered_at,
           case when r.id in (select referral_id from moved) then cast(:terms_id as uuid)
                else {terms_at("e.occurred_at")} end as terms_id,
           r.frozen, s.agent_id, s.bps, e.id as cause_id
    from referral_share s join referral r on r.id = s.referral_id join event e on e.customer_id = r.customer_id
    where s.programme_id = :programme_id and s.agent_id = any(:agent_ids) and e.kind in {EARNING}),
  booked as materialized (
    select c.agent_id, c.amount, m.referral_id is not null as is_moved from ({lines_where(_OF_THE_AGENTS)}) c
    left join moved m on m.referral_id = c.referral_id),
  -- What people took back by hand counts under the rule of the same name.
  commission as not materialized (
    select c.id, c.kind, c.event_id, c.agent_id, coalesce(same.id, c.rule_id) as rule_id
    from commission c join rule own on own.id = c.rule_id
    left join moved m on m.referral_id = c.referral_id
    left join rule same on m.referral_id is not null and same.terms_id = :terms_id and same.key = own.key),
  {LINES},
  replayed as (
    select l.agent_id, l.amount, m.referral_id is not null as is_moved
    from line l left join moved m on m.referral_id = l.referral_id
    where l.occurred_at >= :since and l.occurred_at < :now),
  sums as (
    select agent_id, coalesce(sum(earned) filter (where is_moved), 0) as earned,
           coalesce(sum(would) filter (where is_moved), 0) as would_earn,
           coalesce(sum(would - earned) filter (where not is_moved), 0) as elsewhere
    from (select agent_id, is_moved, amount as earned, 0 as would from booked
          union all select agent_id, is_moved, 0, amount from replayed) both_ways
    group by agent_id)
update rerate_agent a
set earned = coalesce(s.earned, 0)::bigint, would_earn = coalesce(s.would_earn, 0)::bigint,
    elsewhere = coalesce(s.elsewhere, 0)::bigint
from rerate_agent x left join sums s on s.agent_id = x.agent_id
where x.rerate_id = :id and x.agent_id = any(:agent_ids) and a.rerate_id = x.rerate_id and a.agent_id = x.agent_id
"""


def count_next(id: UUID, *, now: dt.datetime) -> bool:
    """Count some agents of a proposed re-rate whom nobody has counted, or note that all are; whether there may be more.

    All that a turn counts comes with it or not at all, so a worker that dies leaves nothing half.
    """
    rerate = row(
        """select id, programme_id, terms_id from rerate
           where id = :id and counted_at is null and state = 'proposed'""",
        id=id,
    )
    if rerate is None:
        return False
    taken = rows(
        """select agent_id from rerate_agent where rerate_id = :id and earned is null
           order by agent_id limit :limit for update skip locked""",
        id=id,
        limit=AGENTS_AT_ONCE,
    )
    if not taken:
        execute(
            """update rerate set counted_at = :now where id = :id and counted_at is null
                 and not exists (select 1 from rerate_agent where rerate_id = :id and earned is null)""",
            id=id,
            now=now,
        )
        return False
    execute(SETTINGS)
    execute(
        PREVIEW,
        **rerate._asdict(),
        agent_ids=[agent_id for (agent_id,) in taken],
        since=now - COMPARED,
        now=now,
    )
    return True


def count(id: UUID) -> None:
    """Have a worker go on counting, after what else is waiting."""
    outbox.enqueue(COUNT, id)
