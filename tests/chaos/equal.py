"""When two ledgers are equal, and in what they differ.

Equal are the multisets of (account owner, account kind, side, transaction kind, source, amount, currency, moment) over
both sides of every entry, and all balances. Ids, booked times and hashes do not count. Three things get names that do
not depend on the run:

- an owner is the agent's number in the load, or the house;
- a source is the owner's own number of the order and what happened to it, because the bank numbers its payments in
  another order each time; a payout's is its agent and which of that agent's payouts it is, a write-off's likewise; a
  settlement's is the number of the bank's statement;
- a moment (`occurred_at`) is the number of days since the first agent registered, rounded: the mock clock runs on
  real time between its jumps, and the load lets at least a day pass between any two of its chapters. Where moments are
  told, as in a history, they are compared exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

DAY = "round(extract(epoch from l.occurred_at - f.moment) / 86400)::int"
EXACT = "l.occurred_at::text"
LEGS = """
with first as (select min(registered_at) as moment from agent),
source as (
  select e.source_id as reference, o.external_id || ' ' || e.kind || coalesce(' ' || e.refunded_total, '') as name
  from event e join payment p on p.id = e.payment_id join customer_order o on o.id = p.order_id
  union all
  select reference, 'payout ' || row_number() over (partition by agent_id order by id) from payout
  union all
  select reference, 'settlement ' || statement_number from settlement
  union all
  select reference, 'write-off ' || row_number() over (partition by agent_id order by id) from write_off
)
select a.reference, t.kind, l.side, l.kind, coalesce(s.name, 'unknown: ' || l.reference), l.amount, l.currency,
       {moment}
from ledger_leg l join account t on t.id = l.account_id cross join first f
left join agent a on a.id = t.agent_id left join source s on s.reference = l.reference
"""
BALANCES = """
select a.reference, t.kind, t.currency,
       case when a.id is null then (select coalesce(sum(case l.side when 'credit' then l.amount else -l.amount end), 0)
                                    from ledger_leg l where l.account_id = t.id) else t.balance end
from account t left join agent a on a.id = t.agent_id
"""


@dataclass(frozen=True)
class Books:
    """A ledger in names that do not depend on the run."""

    legs: Counter[tuple[Any, ...]]
    balances: dict[tuple[str, str, str], int]


def read(database_url: str, agents: Mapping[str, str], *, moment: str = DAY) -> Books:
    """The books of a database; `agents` gives each agent's reference its name in the load."""
    names: dict[str | None, str] = {**agents, None: "house"}
    with psycopg.connect(database_url) as connection:
        legs = connection.execute(LEGS.format(moment=moment)).fetchall()
        balances = connection.execute(BALANCES).fetchall()
    return Books(
        Counter((names[owner], *leg) for owner, *leg in legs),
        {(names[owner], kind, currency): int(balance) for owner, kind, currency, balance in balances},
    )


def differences(one: Books, other: Books) -> list[str]:
    """In what the second differs from the first, a line each; nothing when they are equal."""
    missing = [f"missing: {leg} ×{times}" for leg, times in sorted((one.legs - other.legs).items())]
    surplus = [f"surplus: {leg} ×{times}" for leg, times in sorted((other.legs - one.legs).items())]
    owed = [
        f"balance of {account}: {one.balances.get(account)} became {other.balances.get(account)}"
        for account in sorted(one.balances.keys() | other.balances.keys())
        if one.balances.get(account) != other.balances.get(account)
    ]
    return missing + surplus + owed
