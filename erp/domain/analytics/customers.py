"""Customers with what they pay: who came, who stays, who stopped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from erp.domain.analytics.rules import STOPPED_AFTER
from erp.kernel.db import row, rows, scalar
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed
from erp.kernel.span import EVER, Span, within

CUSTOMERS = """
  select c.id, c.reference, c.external_id, c.kind, c.signed_up_at, c.unattributed_reason,
         (jsonb_path_query_first(r.proof, '$.claims[*] ? (@.basis == "code")') ->> 'void') as code_void,
         e.reference as establishment_reference, e.name as establishment_name,
         r.id as referral_id, r.reference as referral_reference, s.agent_id, a.reference as agent_reference,
         a.code as agent_code, p.payments, coalesce(p.paid, 0)::bigint as paid, p.last_paid_at
  from customer c
  left join establishment e on e.id = c.establishment_id
  left join referral r on r.customer_id = c.id
  left join lateral (select agent_id from referral_share where referral_id = r.id
                     order by bps desc, agent_id limit 1) s on true
  left join agent a on a.id = s.agent_id
  cross join lateral (select count(*) as payments, sum(amount) as paid, max(occurred_at) as last_paid_at
                      from event where customer_id = c.id and kind = 'payment') p"""
ACTIVITY = {
    "paying": "p.last_paid_at > :stopped_by",
    "stopped": "p.last_paid_at <= :stopped_by",
    "never_paid": "p.payments = 0",
}
ATTRIBUTION = {
    "attributed": "r.id is not null",
    "nobody": "r.id is null",
    "code_refused": """(c.unattributed_reason in ('unknown_code', 'self_referral', 'agent_closed')
      or jsonb_path_exists(r.proof, '$.claims[*] ? (@.basis == "code" && @.void != null)'))""",
}
SORTS = {
    "newest": "signed_up_at desc, id desc",
    "signed_up_at": "signed_up_at, id",
    "-signed_up_at": "signed_up_at desc, id desc",
    "paid": "paid, id",
    "-paid": "paid desc, id desc",
    "last_paid_at": "last_paid_at nulls last, id",
    "-last_paid_at": "last_paid_at desc nulls last, id desc",
}


def search_customers(
    *,
    now: dt.datetime,
    q: str = "",
    activity: str = "",
    attribution: str = "",
    span: Span = EVER,
    paid_in: Span = EVER,
    sort: str = "",
) -> Listed:
    """Customers by reference, the owner's id, place or agent's code, newest first, with what they have paid.

    `activity` and `attribution` are keys of `ACTIVITY` and `ATTRIBUTION`; `span` is of the sign-up; `paid_in` leaves
    those who paid in it.
    """
    return Listed(
        f"""{CUSTOMERS}
            where {ACTIVITY.get(activity, "true")} and {ATTRIBUTION.get(attribution, "true")}
              and {within("c.signed_up_at")}
              and (cast(:paid_since as timestamptz) is null or exists (
                     select 1 from event x where x.customer_id = c.id and x.kind = 'payment'
                       and x.occurred_at >= :paid_since and x.occurred_at < :paid_before))
              and (:q = '' or c.reference = upper(:q) or c.external_id = :q or e.reference = upper(:q)
                   or a.code = upper(:q) or strpos(lower(e.name), lower(:q)) > 0)""",
        SORTS,
        sort,
        {
            "q": q.strip(),
            "stopped_by": now - STOPPED_AFTER,
            "paid_since": paid_in.since,
            "paid_before": paid_in.before,
            **span.params,
        },
    )


def find_customer(reference: str) -> sa.Row[Any]:
    """One customer. Raises `NotFound`."""
    found = row(f"{CUSTOMERS} where c.reference = :reference", reference=reference.strip().upper())
    if found is None:
        raise NotFound
    return found


def stopped_paying(now: dt.datetime) -> int:
    """How many customers paid before and have not for `STOPPED_AFTER`."""
    number: int = scalar(
        """select count(*) from (select customer_id from event where kind = 'payment'
                                 group by customer_id having max(occurred_at) <= :stopped_by) stopped""",
        stopped_by=now - STOPPED_AFTER,
    )
    return number


def codes_refused(span: Span) -> int:
    """How many sign-ups of a span came with a code that did not count."""
    number: int = scalar(
        f"""select count(*) from customer c left join referral r on r.customer_id = c.id
            where {ATTRIBUTION["code_refused"]} and {within("c.signed_up_at")}""",
        **span.params,
    )
    return number


def cohorts(first: dt.date, last: dt.date, zone: str) -> Sequence[sa.Row[Any]]:
    """Of those who signed up in each month from that of `first` to that of `last`, how many paid in it and in each
    later one: (month, signed_up, paid_in: month of payment, paid). A month nobody paid in is missing."""
    return rows(
        """with cohort as (
             select c.id, date_trunc('month', c.signed_up_at at time zone :zone)::date as month from customer c
             where c.signed_up_at >= date_trunc('month', cast(:first as timestamp)) at time zone :zone
               and c.signed_up_at < (date_trunc('month', cast(:last as timestamp)) + interval '1 month') at time zone :zone),
           size as (select month, count(*) as signed_up from cohort group by month)
           select s.month, s.signed_up, p.paid_in, p.paid
           from size s
           left join (select k.month, date_trunc('month', e.occurred_at at time zone :zone)::date as paid_in,
                             count(distinct k.id) as paid
                      from cohort k join event e on e.customer_id = k.id and e.kind = 'payment'
                      group by 1, 2) p on p.month = s.month
           order by s.month, p.paid_in""",
        first=first,
        last=last,
        zone=zone,
    )
