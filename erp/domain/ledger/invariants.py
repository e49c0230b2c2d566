"""What must hold in the books of any database, whoever wrote them."""

from __future__ import annotations

from erp.kernel.db import rows, scalar
from erp.kernel.findings import Audited, Finding

AUDITED = [
    Audited("period_closing", "period.closing_proposed", "proposed_at"),
    Audited("period_closing", "period.closing_withdrawn", "withdrawn_at"),
    Audited("period_closing", "period.closed", "approved_at"),
    Audited("write_off", "write_off.asked", "asked_at"),
    Audited("write_off", "write_off.approved", "decided_at", "state = 'approved'"),
    Audited("write_off", "write_off.refused", "decided_at", "state = 'refused'"),
]


def transactions_balance() -> Finding:
    """1: every transaction is whole and two-sided in one currency; the sum over all accounts is zero."""
    bad = [
        f"transaction {id}: {why}"
        for id, why in rows(
            """select e.transaction_id,
                      case when min(e.line) <> 1 or max(e.line) <> count(*) then 'lines are missing'
                           when count(distinct e.currency) <> 1 then 'two currencies'
                           when min(e.amount) <= 0 then 'an amount is not positive'
                           else 'a side has no account in its currency' end
               from entry e
               left join account d on d.id = e.debit_account_id and d.currency = e.currency
               left join account c on c.id = e.credit_account_id and c.currency = e.currency
               group by e.transaction_id
               having min(e.line) <> 1 or max(e.line) <> count(*) or count(distinct e.currency) <> 1
                   or min(e.amount) <= 0 or bool_or(d.id is null or c.id is null)"""
        )
    ]
    bad += [
        f"currency {currency}: the accounts sum to {total}"
        for currency, total in rows(
            """select l.currency, sum(case l.side when 'credit' then l.amount else -l.amount end)
               from ledger_leg l join account a on a.id = l.account_id and a.currency = l.currency
               group by l.currency having sum(case l.side when 'credit' then l.amount else -l.amount end) <> 0"""
        )
    ]
    return Finding(
        1,
        "Every ledger transaction balances",
        scalar("select count(distinct transaction_id) from entry"),
        bad,
    )


def balances_are_sums() -> Finding:
    """2: an agent's balance and count equal its entries, each entry's running balance follows the one before, and every
    closed month still holds exactly what it was closed with."""
    bad = [
        f"account {id} ({kind} of agent {agent_id}): balance {balance}, entries say {total}"
        for id, kind, agent_id, balance, total in rows(
            """select a.id, a.kind, a.agent_id, a.balance, coalesce(s.total, 0)
               from account a left join (
                 select account_id, sum(case side when 'credit' then amount else -amount end) as total,
                        count(*) as legs from ledger_leg group by account_id) s on s.account_id = a.id
               where ledger_is_agents(a.kind) and (a.balance <> coalesce(s.total, 0) or a.seq <> coalesce(s.legs, 0))
               order by a.id"""
        )
    ]
    bad += [
        f"transaction {id}: its running balance on account {account} does not follow"
        for id, account in rows(
            """select transaction_id, account_id from (
                 select transaction_id, account_id, balance, sum(case side when 'credit' then amount else -amount end)
                        over (partition by account_id order by seq) as running
                 from ledger_leg where seq is not null) r
               where balance <> running order by 1"""
        )
    ]
    bad += [
        f"{reference}: approved, but its debt was not written off by exactly its amount"
        for (reference,) in rows(WRITTEN_OFF_OTHERWISE)
    ]
    bad += [
        f"period {month:%Y-%m}: {kind} in {currency} was closed with another turnover or balance"
        for month, kind, currency in rows(CHANGED_SINCE_CLOSING)
    ]
    return Finding(
        2,
        "Balances equal summed entries",
        scalar("select count(*) from account where ledger_is_agents(kind)"),
        bad,
    )


CHANGED_SINCE_CLOSING = """
  with turnover as (
    select p.month, a.kind, l.currency, coalesce(sum(l.amount) filter (where l.side = 'debit'), 0) as debit,
           coalesce(sum(l.amount) filter (where l.side = 'credit'), 0) as credit
    from period p join ledger_leg l on l.booked_at >= p.starts_at and l.booked_at < p.ends_at
    join account a on a.id = l.account_id
    group by p.month, a.kind, l.currency),
  kept as (
    select b.*, b.opening - coalesce(lag(b.closing) over (partition by b.kind, b.currency order by b.month), 0) as jump
    from period_balance b)
  select coalesce(k.month, t.month), coalesce(k.kind, t.kind), coalesce(k.currency, t.currency)
  from kept k full join turnover t using (month, kind, currency)
  where (k.debit, k.credit) is distinct from (coalesce(t.debit, 0), coalesce(t.credit, 0)) or k.jump <> 0
  order by 1, 2"""
WRITTEN_OFF_OTHERWISE = """
  select w.reference from write_off w
  left join (select e.reference, e.transaction_id, e.agent_id, e.currency, sum(e.amount) as amount from entry e
             where e.kind = 'write_off' group by 1, 2, 3, 4) e
    on e.reference = w.reference
  where (w.state = 'approved') <> (e.reference is not null)
     or (w.transaction_id, w.agent_id, w.currency, w.amount) <> (e.transaction_id, e.agent_id, e.currency, e.amount)
  union all
  select e.reference from entry e
  where e.kind = 'write_off' and not exists (select 1 from write_off w where w.reference = e.reference)
  order by 1"""
