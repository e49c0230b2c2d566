"""Numbers over the tables of every context."""

from __future__ import annotations

from erp.kernel.db import execute

FROZEN = """select c.id, c.agent_id from commission_state c
  where c.id in (select commission_id from hold where reason is not null) and not (c.net = 0 and c.amount > 0)"""
"""Frozen lines of which something is left."""
WAITING = {
    "open_cases": "select count(*) from attribution_case where state = 'open'",
    "open_disputes": "select count(*) from dispute where state = 'open'",
    "agents_to_verify": "select count(*) from agent where state = 'pending'",
    "runs_to_approve": "select count(*) from payout_run where state = 'draft'",
    "failed_payouts": "select count(*) from payout where state = 'failed'",
    "unknown_payouts": "select count(*) from payout where state = 'unknown'",
    "drafts_of_terms": "select count(distinct programme_id) from terms where state = 'draft'",
    "puzzling_payments": "select count(*) from payment where attention is not null",
    "frozen_commissions": f"select count(*) from ({FROZEN}) frozen",
    "write_offs_to_decide": "select count(*) from write_off where state = 'asked'",
    "closings_to_approve": "select count(*) from period_closing where approved_at is null and withdrawn_at is null",
    "reversals_to_approve": "select count(*) from manual_reversal where state = 'proposed'",
    "rerates_to_decide": "select count(*) from rerate where state = 'proposed'",
    "jobs_given_up": "select count(*) from outbox where given_up_at is not null",
}
"""What waits for a person. Each count reads an index that holds little else, however large its table."""


def waiting() -> dict[str, int]:
    """How much of each kind waits for a person, in one round trip."""
    columns = ", ".join(f"({count}) as {name}" for name, count in WAITING.items())
    return dict(execute(f"select {columns}").mappings().one())
