"""Replay: every balance of the books built anew from facts and recorded decisions, without a look at an entry.

What facts earned is computed by the engine under the pinned terms; where each commission stands is what was decided of
it (held, frozen, matured, forfeited); then come payouts, debts given up, and customers' money. Each `SELECT` of `MOVES`
answers (agent_id, kind, currency, amount): what it adds to an account, credits above zero; a new kind of booking is one
`SELECT` more.
"""

from __future__ import annotations

from erp.domain.commissions.history import REPLAYED
from erp.domain.ledger import HOUSE
from erp.kernel.db import rows
from erp.kernel.findings import Finding

EARNED = f"""
  select w.agent_id, p.currency, w.net,
         case when h.reason is not null then 'frozen' when h.commission_id is not null or c.id is null then 'pending'
              when c.in_credit then 'credit' else 'available' end as kind
  from ({REPLAYED}) w
  join rule u on u.id = w.rule_id join terms t on t.id = u.terms_id join programme p on p.id = t.programme_id
  left join commission c on c.event_id = w.event_id and c.rule_id = w.rule_id and c.agent_id = w.agent_id
                        and c.kind = 'accrual'
  left join hold h on h.commission_id = c.id
  where not exists (select 1 from forfeiture f where f.commission_id = c.id)"""
"""What each commission is worth by all facts, as if nothing had ever been booked, on the account where it stands."""

PAYOUTS = """
  select p.agent_id, p.currency, p.amount, p.tax_withheld, p.contributions, p.state = 'paid' as paid
  from payout p where p.state in ('approved', 'checking', 'checked', 'paying', 'unknown', 'paid')"""
"""Payouts that hold or have paid money."""

RECEIVED = """
  select p.currency, p.amount, p.refunded_total + p.charged_back as returned,
         div(2 * p.amount::numeric * p.fee_bps + 10000, 20000)::bigint as fee,
         div(2 * p.amount::numeric * o.vat_bps + 10000 + o.vat_bps, 2 * (10000 + o.vat_bps))::bigint as vat
  from payment p join customer_order o on o.id = p.order_id where p.confirmed_at is not null"""
KEPT = f"""
  select r.currency, r.amount - r.returned as kept, r.fee,
         r.vat - case when r.returned = 0 then 0
                      else div(2 * r.vat::numeric * r.returned + r.amount, 2 * r.amount)::bigint end as vat
  from ({RECEIVED}) r"""
"""What is left of customers' payments after all that went back, the VAT in it, and the acquirer's fee."""

MOVES = (
    "select agent_id, kind, currency, net from earned",
    f"select '{HOUSE}', 'expense', currency, -net from earned",
    "select agent_id, 'available', currency, -amount from sent",
    "select agent_id, 'in_payout', currency, amount from sent where not paid",
    f"select '{HOUSE}', 'bank', currency, amount - tax_withheld from sent where paid",
    f"select '{HOUSE}', 'tax_withheld', currency, tax_withheld from sent where paid",
    f"select '{HOUSE}', 'contributions', currency, -contributions from sent where paid",
    f"select '{HOUSE}', 'payable', currency, contributions from sent where paid",
    "select agent_id, 'available', currency, amount from write_off where state = 'approved'",
    f"select '{HOUSE}', 'bad_debt', currency, -amount from write_off where state = 'approved'",
    f"select '{HOUSE}', 'clearing', currency, fee - kept from kept_payment",
    f"select '{HOUSE}', 'fee', currency, -fee from kept_payment",
    f"select '{HOUSE}', 'revenue', currency, kept - vat from kept_payment",
    f"select '{HOUSE}', 'vat', currency, vat from kept_payment",
    f"select '{HOUSE}', 'clearing', currency, amount from settlement where voided_at is null",
    f"select '{HOUSE}', 'bank', currency, -amount from settlement where voided_at is null",
)
COMPARED = f"""
with earned as materialized ({EARNED}), sent as ({PAYOUTS}), kept_payment as ({KEPT}),
  move as ({" union all ".join(MOVES)}),
  replayed as (select agent_id::uuid, kind, currency, sum(net)::bigint as balance from move group by 1, 2, 3),
  kept as (
    select a.agent_id, a.kind, a.currency,
           case when ledger_is_agents(a.kind) then a.balance
                else (select coalesce(sum(case l.side when 'credit' then l.amount else -l.amount end), 0)
                      from ledger_leg l where l.account_id = a.id) end::bigint as balance
    from account a
  )
select agent_id, kind, currency, coalesce(k.balance, 0) as kept, coalesce(r.balance, 0) as replayed
from kept k full join replayed r using (agent_id, kind, currency)"""


def balances_replay() -> Finding:
    """11: every balance, of agents and of the owner, is what facts, decisions and payouts make it. Examined are accounts
    that hold something, or should."""
    examined, bad = 0, []
    for account in rows(f"select * from ({COMPARED}) c where kept <> 0 or replayed <> 0 order by 1, 2, 3"):
        examined += 1
        if account.kept != account.replayed:
            whose = "the owner" if account.agent_id == HOUSE else f"agent {account.agent_id}"
            bad.append(
                f"{account.kind} of {whose} in {account.currency}: the books hold {account.kept}, facts make it"
                f" {account.replayed}"
            )
    return Finding(11, "Replay rebuilds every balance", examined, bad)
