"""What the books say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.ledger.model import AGENT_KINDS, HOUSE
from erp.kernel.db import rows, scalar
from erp.kernel.paging import Listed
from erp.kernel.span import EVER, Span, within

MOVEMENTS = """
  select e.transaction_id, e.line, e.kind, e.reference, e.agent_id, d.kind as debit, c.kind as credit, e.amount,
         e.currency, e.occurred_at, e.booked_at, e.actor
  from entry e join account d on d.id = e.debit_account_id join account c on c.id = e.credit_account_id"""
"""Entries with the kinds of account they move money between, for reads across contexts."""
TOUCHED = """
  select a.agent_id, a.kind as account, e.transaction_id, e.reference
  from account a join entry e on e.debit_account_id = a.id and e.debit_seq is not null
                              or e.credit_account_id = a.id and e.credit_seq is not null"""
"""Which transactions touched which accounts of agents, through the indexes by which these are counted."""


def balances(agent_ids: Iterable[UUID], currency: str) -> dict[UUID, dict[str, int]]:
    """Per agent the balance of each of its accounts in minor units; an agent without entries has zeros."""
    ids = list(agent_ids)
    found: dict[UUID, dict[str, int]] = {id: dict.fromkeys(AGENT_KINDS, 0) for id in ids}
    for agent_id, kind, balance in rows(
        "select agent_id, kind, balance from account where agent_id = any(:ids) and currency = :currency",
        ids=ids,
        currency=currency,
    ):
        found[agent_id][kind] = balance
    return found


def not_empty(kind: str, currency: str, agent_ids: Iterable[UUID] | None = None) -> dict[UUID, int]:
    """Per agent (of `agent_ids`, if given) the balance of its account of `kind`, where it is not zero."""
    found = rows(
        """select agent_id, balance from account
           where kind = :kind and currency = :currency and balance <> 0
             and (cast(:ids as uuid[]) is null or agent_id = any(:ids))""",
        kind=kind,
        currency=currency,
        ids=None if agent_ids is None else list(agent_ids),
    )
    return {account.agent_id: account.balance for account in found}


MONEY_OF = """left join lateral (
  select :currency as currency, coalesce(sum(balance) filter (where kind = 'pending'), 0)::bigint as pending,
         coalesce(sum(balance) filter (where kind = 'available'), 0)::bigint as available,
         coalesce(sum(balance) filter (where kind = 'frozen'), 0)::bigint as frozen,
         coalesce(sum(balance) filter (where kind = 'in_payout'), 0)::bigint as in_payout
  from account where account.agent_id = {agent}.id and account.currency = :currency) {money} on true"""
"""For lists that show agents beside their money: joins one row of balances in `:currency` to each agent."""


def currencies(agent_id: UUID) -> list[str]:
    """The currencies an agent has accounts in."""
    found = rows("select distinct currency from account where agent_id = :id order by 1", id=agent_id)
    return [currency for (currency,) in found]


ENTRY_SORTS = {
    "newest": "transaction_id desc, line, side",
    "booked_at": "transaction_id, line, side",
    "-booked_at": "transaction_id desc, line, side",
}


def of_agent(agent_id: UUID, *, account: str = "", span: Span = EVER, sort: str = "newest") -> Listed:
    """An agent's legs, newest first, each with the balance after it; `change` is what it adds to the account.

    `account` is a kind of account, `span` is of the booking.
    """
    return Listed(
        f"""select l.transaction_id, l.line, l.kind, l.reference, l.side, a.kind as account, l.amount, l.currency,
                   case l.side when 'credit' then l.amount else -l.amount end as change,
                   l.occurred_at, l.booked_at, l.seq, l.balance
            from ledger_leg l join account a on a.id = l.account_id
            where a.agent_id = :agent_id and (:account = '' or a.kind = :account) and {within("l.booked_at")}""",
        ENTRY_SORTS,
        sort,
        {"agent_id": agent_id, "account": account, **span.params},
    )


def owner_balance(kind: str, currency: str) -> int:
    """What an account of the owner's holds, credits less debits, summed from its entries."""
    return int(
        scalar(
            """select coalesce(sum(case l.side when 'credit' then l.amount else -l.amount end), 0)
               from ledger_leg l join account a on a.id = l.account_id
               where a.agent_id = :house and a.kind = :kind and a.currency = :currency""",
            house=HOUSE,
            kind=kind,
            currency=currency,
        )
    )


def by_fact(kinds: Sequence[str]) -> dict[str, dict[str, int]]:
    """Per fact, the beginning of a reference up to its first colon, what transactions of these kinds left on each
    kind of account: credits less debits."""
    found: dict[str, dict[str, int]] = {}
    for fact, account, total in rows(
        r"""select split_part(l.reference, '\:', 1) as fact, a.kind,
                  sum(case l.side when 'credit' then l.amount else -l.amount end)::bigint
           from ledger_leg l join account a on a.id = l.account_id where l.kind = any(:kinds) group by 1, 2""",
        kinds=list(kinds),
    ):
        found.setdefault(fact, {})[account] = total
    return found


def liabilities() -> Sequence[sa.Row[Any]]:
    """What the owner owes agents, by kind of account and currency; debts are counted apart."""
    return rows(
        """select kind, currency, coalesce(sum(balance) filter (where balance > 0), 0) as owed,
                  coalesce(-sum(balance) filter (where balance < 0), 0) as debts,
                  count(*) filter (where balance <> 0) as agents
           from account where kind = any(:kinds) group by kind, currency order by currency, kind""",
        kinds=list(AGENT_KINDS),
    )


def holders(kind: str, currency: str, *, debts: bool = False) -> list[UUID]:
    """Agents whose account of `kind` holds something, or, with `debts`, is below zero."""
    found = rows(
        """select agent_id from account where kind = :kind and currency = :currency
             and case when :debts then balance < 0 else balance > 0 end""",
        kind=kind,
        currency=currency,
        debts=debts,
    )
    return [agent_id for (agent_id,) in found]


def sums_by_reference(kind: str) -> dict[str, int]:
    """Per reference, credits less debits of all accounts of `kind`: what the books hold there for it."""
    found = rows(
        """select l.reference, sum(case l.side when 'credit' then l.amount else -l.amount end)::bigint as total
           from ledger_leg l join account a on a.id = l.account_id where a.kind = :kind group by l.reference""",
        kind=kind,
    )
    return {held.reference: held.total for held in found}
