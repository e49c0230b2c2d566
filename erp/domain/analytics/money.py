"""What is owed to agents and when, and what was paid."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from erp.domain import payments
from erp.domain.analytics.rules import CURRENCY
from erp.kernel.db import row, rows


def under_way() -> sa.Row[Any]:
    """Runs that wait for approval, runs that are being paid, and payouts without an answer or that failed: how many
    of each, and their sums."""
    found = row(
        """select count(*) filter (where r.state = 'draft') as drafts,
                  coalesce(sum(p.amount) filter (where r.state = 'draft'), 0)::bigint as draft_amount,
                  count(*) filter (where r.state in ('approved', 'executing')) as running,
                  coalesce(sum(p.amount) filter (where r.state in ('approved', 'executing')), 0)::bigint as running_amount,
                  coalesce(sum(p.unknown), 0)::bigint as unknown,
                  coalesce(sum(p.unknown_amount), 0)::bigint as unknown_amount,
                  coalesce(sum(p.failed), 0)::bigint as failed,
                  coalesce(sum(p.failed_amount), 0)::bigint as failed_amount
           from payout_run r
           cross join lateral (
             select sum(amount) filter (where state <> 'withdrawn') as amount,
                    count(*) filter (where state = 'unknown') as unknown,
                    sum(amount) filter (where state = 'unknown') as unknown_amount,
                    count(*) filter (where state = 'failed') as failed,
                    sum(amount) filter (where state = 'failed') as failed_amount
             from payout where run_id = r.id) p"""
    )
    assert found is not None
    return found


class Unfinished(NamedTuple):
    """Something that is still open when a month is to be closed: how many, and their sum in minor units."""

    what: str
    number: int
    amount: int
    currency: str


def unfinished() -> list[Unfinished]:
    """What is open now, per currency: frozen commissions, payouts without an answer, what the acquirer has not settled,
    debts somebody asked to write off, and payments that a person must look at."""
    return [
        Unfinished(*found)
        for found in rows(
            """select 'frozen_commissions', count(*), sum(net)::bigint, currency from commission_state
               where freeze_reason is not null group by currency
               union all
               select 'unknown_payouts', count(*), sum(amount)::bigint, currency from payout where state = 'unknown'
               group by currency
               union all
               select 'puzzling_payments', count(*), sum(amount)::bigint, currency from payment
               where attention is not null group by currency
               union all
               select 'write_offs_to_decide', count(*), sum(amount)::bigint, currency from write_off where state = 'asked'
               group by currency"""
        )
    ] + [Unfinished("not_settled", 1, held, CURRENCY) for held in (payments.in_clearing(),) if held]
