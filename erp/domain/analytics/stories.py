"""The whole story of one thing: what was done (audit), which facts it became, what the books moved, what the bank said.

A story starts from one id and gathers the ids of what belongs to it; the four sources then tell of those ids alone,
each through an index.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from erp.domain import ledger
from erp.kernel.db import rows
from erp.kernel.paging import PER_PAGE, Page

GATHERED = {
    "agents": "uuid",
    "bookings": "uuid",
    "referrals": "uuid",
    "cases": "uuid",
    "disputes": "uuid",
    "customers": "uuid",
    "payments": "uuid",
    "payouts": "uuid",
    "events": "bigint",
    "lines": "bigint",
    "places": "uuid",
}
"""What a story may be about, with the type of its ids. `lines` are accruals, `places` establishments."""

CASES = "select id from attribution_case where referral_id in (select id from referrals)"
CUSTOMERS = "select customer_id as id from referral where id in (select id from referrals)"
REFERRALS = "select id from referral where customer_id in (select id from customers)"
FACTS = "select id from event where customer_id in (select id from customers)"
LINES = "select id from commission where kind = 'accrual' and event_id in (select id from events)"

STORIES: dict[str, dict[str, str]] = {
    "agent": {
        "agents": "select cast(:id as uuid) as id",
        "bookings": "select id from booking where agent_id = cast(:id as uuid)",
        "referrals": "select referral_id as id from referral_share where agent_id = cast(:id as uuid)",
        "cases": """select id from attribution_case
                    where holder_agent_id = cast(:id as uuid) or other_agent_id = cast(:id as uuid)""",
        "disputes": "select id from dispute where agent_id = cast(:id as uuid)",
        "customers": CUSTOMERS,
        "events": FACTS,
        "lines": "select id from commission where kind = 'accrual' and agent_id = cast(:id as uuid)",
        "payouts": "select id from payout where agent_id = cast(:id as uuid)",
    },
    "establishment": {
        "places": "select cast(:id as uuid) as id",
        "bookings": """select b.id from booking b join establishment e on e.claim_group_id = b.claim_group_id
                       where e.id = cast(:id as uuid)""",
        "customers": """select c.id from customer c join establishment x on x.id = c.establishment_id
                        join establishment e on e.claim_group_id = x.claim_group_id where e.id = cast(:id as uuid)""",
        "referrals": REFERRALS,
        "cases": CASES,
        "events": FACTS,
        "lines": LINES,
    },
    "booking": {
        "bookings": "select cast(:id as uuid) as id",
        "referrals": """select r.id from booking b join establishment e on e.claim_group_id = b.claim_group_id
                        join customer c on c.establishment_id = e.id join referral r on r.customer_id = c.id
                        where b.id = cast(:id as uuid) and r.booking_id = b.id""",
        "cases": CASES,
        "customers": CUSTOMERS,
        "events": f"{FACTS} and kind in ('sign_up', 'connection')",
    },
    "referral": {
        "referrals": "select cast(:id as uuid) as id",
        "cases": CASES,
        "customers": CUSTOMERS,
        "events": FACTS,
        "lines": LINES,
    },
    "customer": {
        "customers": "select cast(:id as uuid) as id",
        "referrals": REFERRALS,
        "cases": CASES,
        "payments": """select p.id from payment p join customer_order o on o.id = p.order_id
                       where o.customer_id = cast(:id as uuid)""",
        "events": FACTS,
        "lines": LINES,
    },
    "payment": {
        "payments": "select cast(:id as uuid) as id",
        "events": "select id from event where payment_id = cast(:id as uuid)",
        "lines": LINES,
    },
    "payout": {"payouts": "select cast(:id as uuid) as id"},
    "commission": {
        "lines": "select cast(:id as bigint) as id",
        "events": """select event_id as id from commission where id = cast(:id as bigint)
                     union select cause_event_id from commission where accrual_id = cast(:id as bigint)""",
        "cases": """select k.id from attribution_case k join commission c on c.referral_id = k.referral_id
                    where c.id = cast(:id as bigint)""",
        "disputes": "select id from dispute where commission_id = cast(:id as bigint)",
        "payouts": "select payout_id as id from payout_line where commission_id = cast(:id as bigint)",
    },
}
"""How the ids that belong to each noun are gathered, one after another; what is not named is not of its story."""

SUBJECTS = """
  select 'agent' as type, a.id::text as id, a.reference, null as name from agent a where a.id in (select id from agents)
  union all
  select 'establishment', e.id::text, e.reference, e.name from establishment e where e.id in (select id from places)
  union all
  select 'booking', b.id::text, b.reference, e.name from booking b join establishment e on e.id = b.establishment_id
  where b.id in (select id from bookings)
  union all
  select 'referral', r.id::text, r.reference, e.name from referral r left join establishment e on e.id = r.establishment_id
  where r.id in (select id from referrals)
  union all
  select 'attribution_case', k.id::text, k.reference, null from attribution_case k where k.id in (select id from cases)
  union all
  select 'dispute', d.id::text, d.reference, null from dispute d where d.id in (select id from disputes)
  union all
  select 'customer', c.id::text, c.reference, e.name from customer c left join establishment e on e.id = c.establishment_id
  where c.id in (select id from customers)
  union all
  select x.type, x.id, p.reference, null
  from payment p cross join lateral (
    select 'payment' as type, p.id::text as id union all select 'customer_order', p.order_id::text
    union all select 'refund', f.id::text from refund f where f.payment_id = p.id) x
  where p.id in (select id from payments)
  union all
  select 'payout', o.id::text, o.reference, null from payout o where o.id in (select id from payouts)
  union all
  select 'payout_run', n.id::text, n.reference, null
  from payout_run n where n.id in (select run_id from payout where id in (select id from payouts))
  union all
  select 'commission', c.id::text, c.id::text, null from lines c"""
"""Whose deeds are told, and under which reference."""

DEEDS = """
  select a.at, 'deed' as source, a.action as what, a.actor_kind || ':' || a.actor_id as who, a.details, s.type as subject,
         s.reference, s.name, a.id as seq
  from subjects s join audit_entry a on a.subject_type = s.type and a.subject_id = s.id
  where a.action not in ('customer.signed_up', 'payment.confirmed', 'payment.refunded')"""
"""What is left out is the fact itself, told once more."""
HAPPENED = """
  select e.occurred_at, 'fact', e.kind, 'system:' || e.source,
         jsonb_build_object('amount', e.amount, 'currency', e.currency, 'evidence', e.evidence,
                            'refunded_total', e.refunded_total, 'recorded_at', e.recorded_at),
         case when p.id is null then 'customer' else 'payment' end, coalesce(p.reference, c.reference), s.name, e.id
  from event e join customer c on c.id = e.customer_id
  left join establishment s on s.id = c.establishment_id left join payment p on p.id = e.payment_id
  where e.id in (select id from events)"""
MOVED = f"""
  select m.booked_at, 'money', m.kind, m.actor,
         jsonb_build_object('amount', m.amount, 'currency', m.currency, 'debit', m.debit, 'credit', m.credit),
         case when t.line is null then 'payout' else 'commission' end, coalesce(t.line::text, m.reference), t.name,
         m.transaction_id
  from (select x.transaction_id, x.line, s.name
        from (select c.transaction_id, c.id as line from commission c where c.id in (select id from lines)
              union all
              select c.transaction_id, c.accrual_id from commission c
              where c.kind <> 'accrual' and c.accrual_id in (select id from lines)
              union all
              select m.transaction_id, m.commission_id from maturity m where m.commission_id in (select id from lines)
              union all
              select f.transaction_id, f.commission_id from commission_freeze f where f.commission_id in (select id from lines)
              union all
              select f.transaction_id, f.commission_id from forfeiture f where f.commission_id in (select id from lines)
              union all
              select l.transaction_id, l.commission_id from release l where l.commission_id in (select id from lines)) x
        join commission c on c.id = x.line join referral r on r.id = c.referral_id
        left join establishment s on s.id = r.establishment_id
        union all
        select distinct e.transaction_id, null::bigint, null
        from payout o
        join ({ledger.TOUCHED}) e on e.agent_id = o.agent_id and e.account = 'in_payout' and e.reference = o.reference
        where o.id in (select id from payouts)) t
  join ({ledger.MOVEMENTS}) m on m.transaction_id = t.transaction_id"""
SAID = """
  select n.received_at, 'bank', coalesce(n.status, '?'), 'system:bank',
         jsonb_build_object('verdict', n.verdict, 'amount', n.amount, 'times', n.times), b.subject, b.reference, null, n.id
  from (select 'payment' as subject, p.reference, p.bank_order_id as key from payment p where p.id in (select id from payments)
        union all
        select 'payout', o.reference, t.key from payout o join payout_attempt t on t.payout_id = o.id
        where o.id in (select id from payouts)) b
  join bank_notification n on n.bank_order_id = b.key
  union all
  select x.at, 'bank', x.what, 'system:bank',
         jsonb_build_object('key', t.key, 'attempt', t.number, 'error', t.error_code), 'payout', o.reference, null, 0
  from payout o join payout_attempt t on t.payout_id = o.id
  cross join lateral (values (t.begun_at, 'attempt_begun'), (t.sent_at, 'attempt_sent'),
                             (t.ended_at, 'attempt_' || t.state)) as x(at, what)
  where o.id in (select id from payouts) and x.at is not null"""

SOURCES = {"fact": HAPPENED, "deed": DEEDS, "bank": SAID, "money": MOVED}
"""Where a story is told from. At the same moment the fact comes first, and what the books made of it last."""


COLUMNS = "at, source, what, who, details, subject, reference, name, seq"


class Story(NamedTuple):
    """One page of a story, rows of `COLUMNS`, and how many rows each source has."""

    page: Page
    counts: dict[str, int]


def story(
    noun: str,
    id: UUID | int,
    *,
    source: str = "",
    oldest_first: bool = False,
    page: int = 1,
    per_page: int = PER_PAGE,
) -> Story:
    """What happened to one of `STORIES`, in the order it happened; `source`, a key of `SOURCES`, leaves one kind."""
    told = " union all ".join(
        f"select {rank} as rank, x.* from ({text}) as x({COLUMNS})"
        for rank, text in enumerate(SOURCES.values())
    )
    order = "at, rank, seq" if oldest_first else "at desc, rank desc, seq desc"
    found = rows(
        f"""{_gathered(noun)}, told as materialized ({told}),
            counted as (select source, count(*) as number from told group by source),
            asked as (select coalesce(sum(number), 0)::bigint as total from counted where :source = '' or source = :source),
            page as (select * from told where :source = '' or source = :source order by {order} limit :limit
                     offset (select least(:offset, greatest(total - 1, 0) / :limit * :limit) from asked))
            select a.total, (select jsonb_object_agg(source, number) from counted) as counts, p.*
            from asked a left join page p on true order by {order}""",
        id=str(id),
        source=source if source in SOURCES else "",
        limit=per_page,
        offset=(page - 1) * per_page,
    )
    total, told_rows = found[0].total, [row for row in found if row.at is not None]
    number = min(page, -(-total // per_page) or 1)
    return Story(Page(told_rows, total, number, per_page), found[0].counts or {})


def _gathered(noun: str) -> str:
    """The relations of ids, empty where nothing of the kind belongs to the story."""
    known = STORIES[noun]
    nothing = [
        f"{name} as (select cast(null as {kind}) as id where false)"
        for name, kind in GATHERED.items()
        if name not in known
    ]
    gathered = [
        f"{name} as materialized (select distinct id from ({text}) x)" for name, text in known.items()
    ]
    return f"with {', '.join([*nothing, *gathered])}, subjects as materialized ({SUBJECTS})"
