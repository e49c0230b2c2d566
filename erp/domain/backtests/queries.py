"""Reads of back-tests: the list, how far one is, and all that its report shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.backtests import replay
from erp.kernel import outbox
from erp.kernel.db import row, rows
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed

RUN = "erp.jobs.backtests.run"
"""The job that replays."""
STATES = ("waiting", "running", "failed", "done", "cancelled")
LISTED = f"""
select b.id, b.reference, b.programme_id, b.note, b.since, b.before, b.agent_ids, b.last_event_id, b.last_referral_id,
       case when b.state in ('waiting', 'running') and f.id is not null then 'failed' else b.state end as state,
       f.id as failed_job, f.attempts, f.last_error, f.given_up_at as failed_at, b.asked_by, b.asked_at, b.started_at,
       b.ended_at, p.reference as programme_reference, p.name as programme_name, p.currency, p.zone, a.agents, a.agents_done, a.batches, a.batches_done, a.facts,
       array(select v.version from back_test_version v where v.back_test_id = b.id order by v.position) as versions
from back_test b
join programme p on p.id = b.programme_id
cross join lateral (
  select coalesce(sum(agents), 0)::bigint as agents,
         coalesce(sum(agents) filter (where done_at is not null), 0)::bigint as agents_done, count(*) as batches,
         count(done_at) as batches_done, coalesce(sum(facts), 0)::bigint as facts
  from back_test_batch where back_test_id = b.id) a
{outbox.GIVEN_UP.format(job=RUN, subject="b.id::text", name="f")}
"""
"""One whose job was given up has `failed`, whatever its row says: it gets no further until somebody has it go on."""
SORTS = {
    "newest": "asked_at desc, id desc",
    "asked_at": "asked_at, id",
    "-asked_at": "asked_at desc, id desc",
    "programme": "programme_name, asked_at desc, id",
    "-programme": "programme_name desc, asked_at desc, id",
}


def search(*, q: str = "", state: str = "", programme: str = "", sort: str = "") -> Listed:
    """Back-tests, newest first. `q`: a reference, or part of a note or of a programme's name."""
    return Listed(
        f"""select * from ({LISTED}) b
            where (:state = '' or state = :state) and (:programme = '' or programme_reference = :programme)
              and (:q = '' or reference = upper(:q) or note ilike '%' || :q || '%'
                   or programme_name ilike '%' || :q || '%')""",
        SORTS,
        sort,
        {"q": q, "state": state, "programme": programme},
    )


def find(reference: str) -> sa.Row[Any]:
    """One back-test with how far it is. Raises `NotFound`."""
    found = row(f"{LISTED} where b.reference = :reference", reference=reference)
    if found is None:
        raise NotFound
    return found


def versions(id: UUID) -> Sequence[sa.Row[Any]]:
    """The versions it pinned, and what they come to; `changed`: the draft was written anew or is gone since."""
    return rows(
        """select v.position, v.terms_id, v.version, v.revision, v.was, v.pinned, t.state,
                  t.id is null or t.revision <> v.revision as changed,
                  (v.terms ->> 'retroactive')::boolean as retroactive, v.terms ->> 'window_kind' as window_kind,
                  coalesce(x.lines, 0) as lines, coalesce(x.accrued, 0) as accrued,
                  coalesce(x.taken_back, 0) as taken_back, coalesce(x.cost, 0) as cost,
                  coalesce(x.cost_of_new, 0) as cost_of_new
           from back_test_version v left join terms t on t.id = v.terms_id
           left join lateral (
             select sum(lines)::bigint as lines, sum(accrued)::bigint as accrued, sum(taken_back)::bigint as taken_back,
                    sum(cost)::bigint as cost, sum(cost_of_new)::bigint as cost_of_new
             from back_test_result r where r.back_test_id = v.back_test_id and r.position = v.position) x on true
           where v.back_test_id = :id order by v.position""",
        id=id,
    )


def baseline(id: UUID) -> sa.Row[Any]:
    """What happened under the terms that referrals are pinned to: what came in, what it cost, and whether the books
    agree. `others` counts referrals of the programme, by how many versions they are pinned to."""
    found = row(
        """select coalesce(sum(r.cost), 0)::bigint as cost, coalesce(sum(r.accrued), 0)::bigint as accrued,
                  coalesce(sum(r.taken_back), 0)::bigint as taken_back, coalesce(sum(r.lines), 0)::bigint as lines,
                  coalesce(sum(r.cost_of_new), 0)::bigint as cost_of_new,
                  coalesce(sum(a.received), 0)::bigint as received, coalesce(sum(a.fee), 0)::bigint as fee,
                  coalesce(sum(a.payments), 0)::bigint as payments, coalesce(sum(a.booked), 0)::bigint as booked,
                  coalesce(sum(a.unequal), 0)::bigint as unequal, count(*) filter (where a.unequal > 0) as unequal_agents
           from back_test_agent a
           left join back_test_result r on r.back_test_id = a.back_test_id and r.agent_id = a.agent_id and r.position = 0
           where a.back_test_id = :id""",
        id=id,
    )
    assert found is not None
    return found


def movers(id: UUID) -> Sequence[sa.Row[Any]]:
    """(position, winners, losers, same, won, lost): how many agents would earn more or less under each version."""
    return rows(
        f"""select position, count(*) filter (where difference > 0) as winners,
                   count(*) filter (where difference < 0) as losers, count(*) filter (where difference = 0) as same,
                   coalesce(sum(difference) filter (where difference > 0), 0)::bigint as won,
                   coalesce(sum(difference) filter (where difference < 0), 0)::bigint as lost
            from ({DIFFERENCES}) d group by position order by position""",
        id=id,
    )


DIFFERENCES = """
  select n.position, n.agent_id, o.cost as old_cost, n.cost as new_cost, n.cost - o.cost as difference,
         o.tier as old_tier, n.tier as new_tier, o.tier_position as old_tier_position,
         n.tier_position as new_tier_position, o.lines as old_lines, n.lines as new_lines
  from (select v.position, a.agent_id, coalesce(r.cost, 0) as cost, r.tier, r.tier_position, coalesce(r.lines, 0) as lines
        from back_test_version v join back_test_agent a on a.back_test_id = v.back_test_id
        left join back_test_result r on r.back_test_id = v.back_test_id and r.position = v.position
                                    and r.agent_id = a.agent_id
        where v.back_test_id = :id) n
  join (select a.agent_id, coalesce(r.cost, 0) as cost, r.tier, r.tier_position, coalesce(r.lines, 0) as lines
        from back_test_agent a left join back_test_result r on r.back_test_id = a.back_test_id and r.position = 0
                                                           and r.agent_id = a.agent_id
        where a.back_test_id = :id) o using (agent_id)"""


def months(id: UUID) -> Sequence[sa.Row[Any]]:
    """(month, received, fee, costs): what each calendar month of the programme cost, `costs` by position."""
    return rows(
        """select month, coalesce(sum(received), 0)::bigint as received, coalesce(sum(fee), 0)::bigint as fee,
                  coalesce(jsonb_object_agg(position, cost) filter (where position is not null), '{}') as costs
           from (select month, null::bigint as position, null::bigint as cost, sum(received)::bigint as received,
                        sum(fee)::bigint as fee
                 from back_test_income where back_test_id = :id group by month
                 union all
                 select month, position, sum(cost)::bigint, null, null
                 from back_test_month where back_test_id = :id group by month, position) x
           group by month order by month""",
        id=id,
    )


def moves(id: UUID, position: int) -> Sequence[sa.Row[Any]]:
    """(old_tier, new_tier, agents, difference): from which tier to which agents would go, the greatest move first."""
    return rows(
        f"""select old_tier, new_tier, count(*) as agents, sum(difference)::bigint as difference
            from ({DIFFERENCES}) d where position = :position and (old_tier is not null or new_tier is not null)
            group by old_tier, new_tier, old_tier_position, new_tier_position
            order by old_tier_position nulls first, new_tier_position nulls first, 1, 2""",
        id=id,
        position=position,
    )


EDGES = (-1_000_000, -100_000, -10_000, 0, 1, 10_001, 100_001, 1_000_001)
"""Where the steps of the distribution begin, in minor units; the fifth is those whose earnings stay the same."""


def distribution(id: UUID, position: int) -> list[int]:
    """How many agents fall into each step of `EDGES`: the first below all of them, the last from the last on."""
    found = rows(
        f"""select width_bucket(difference, cast(:edges as bigint[])) as step, count(*) as agents
            from ({DIFFERENCES}) d where position = :position group by 1""",
        id=id,
        position=position,
        edges=list(EDGES),
    )
    counted = {row.step: row.agents for row in found}
    return [counted.get(step, 0) for step in range(len(EDGES) + 1)]


WAYS = ("more", "less", "same")
AGENT_SORTS = {
    "most_changed": "abs(difference) desc, agent_code",
    "code": "agent_code",
    "-code": "agent_code desc",
    "old_cost": "old_cost, agent_code",
    "-old_cost": "old_cost desc, agent_code",
    "new_cost": "new_cost, agent_code",
    "-new_cost": "new_cost desc, agent_code",
    "difference": "difference, agent_code",
    "-difference": "difference desc, agent_code",
}


def agents(id: UUID, position: int, *, q: str = "", way: str = "", move: str = "", sort: str = "") -> Listed:
    """What each agent earned and would have earned under a version. `way`: more, less or same; `move`: "from|to"."""
    return Listed(
        f"""select d.*, g.id, g.reference as agent_reference, g.code as agent_code, p.currency, a.received, a.payments,
                   a.booked, a.unequal, all_.costs[1] as cost_1, all_.costs[2] as cost_2, all_.costs[3] as cost_3,
                   all_.costs[4] as cost_4
            from ({DIFFERENCES}) d
            join agent g on g.id = d.agent_id
            join back_test b on b.id = :id join programme p on p.id = b.programme_id
            join back_test_agent a on a.back_test_id = :id and a.agent_id = d.agent_id
            cross join lateral (
              select array(select coalesce(r.cost, 0) from back_test_version v
                           left join back_test_result r on r.back_test_id = v.back_test_id and r.position = v.position
                                                       and r.agent_id = d.agent_id
                           where v.back_test_id = :id order by v.position) as costs) all_
            where d.position = :position
              and (:q = '' or g.code = upper(:q) or g.reference = upper(:q))
              and (:way = '' or (:way = 'more' and difference > 0) or (:way = 'less' and difference < 0)
                   or (:way = 'same' and difference = 0) or (:way = 'unequal' and a.unequal > 0))
              and (:move = '' or coalesce(old_tier, '') || '|' || coalesce(new_tier, '') = :move)""",
        AGENT_SORTS,
        sort,
        {"id": id, "position": position, "q": q.strip(), "way": way, "move": move},
    )


LINE_SORTS = {
    "oldest": "occurred_at, event_id, rule_key",
    "occurred_at": "occurred_at, event_id, rule_key",
    "-occurred_at": "occurred_at desc, event_id desc, rule_key",
    "difference": "difference, event_id, rule_key",
    "-difference": "difference desc, event_id, rule_key",
}


def lines(
    test: sa.Row[Any], position: int, agent_id: UUID, *, q: str = "", way: str = "", sort: str = ""
) -> Listed:
    """Every line of an agent: what it earned, and what it would have earned under a version.

    Computed anew by the engine itself from the facts of that time. `q`: part of an event's id, a reference of a payment
    or customer, or part of an establishment's name.
    """
    return Listed(
        f"""select * from ({replay.LINES_OF_AGENT}) l
            where (:way = '' or (:way = 'more' and difference > 0) or (:way = 'less' and difference < 0)
                   or (:way = 'same' and difference = 0) or (:way = 'changed' and difference <> 0))
              and (:q = '' or strpos(source_id, :q) > 0 or payment_reference = upper(:q)
                   or customer_reference = upper(:q) or establishment_name ilike '%' || :q || '%')""",
        LINE_SORTS,
        sort,
        {
            "id": test.id,
            "position": position,
            "programme_id": test.programme_id,
            "first_agent_id": agent_id,
            "last_agent_id": agent_id,
            "agent_ids": None,
            "last_event_id": test.last_event_id,
            "last_referral_id": test.last_referral_id,
            "asked_at": test.asked_at,
            "since": test.since,
            "before": test.before,
            "way": way,
            "q": q.strip(),
        },
    )


def others(test: sa.Row[Any], terms_id: UUID, at: dt.datetime) -> int:
    """How many referrals that the back-test replays are pinned to another version than this one."""
    found = row(
        """select count(*) as number from referral r
           where r.programme_id = :programme_id and r.terms_id <> :terms_id and r.registered_at <= :at""",
        programme_id=test.programme_id,
        terms_id=terms_id,
        at=at,
    )
    assert found is not None
    number: int = found.number
    return number
