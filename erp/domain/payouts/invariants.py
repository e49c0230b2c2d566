"""What must hold of payouts in any database, proven from rows alone."""

from __future__ import annotations

from erp import config
from erp.domain import ledger
from erp.domain.payouts import rules
from erp.domain.payouts.rules import State
from erp.kernel.db import Row, rows, scalar
from erp.kernel.findings import Audited, Finding

CANCELLED = "select id from payout_run where state = 'cancelled'"
"""Runs whose end is the deed that withdrew their payouts."""
SETTLED = "select payout_id from payout_attempt where id = x.attempt_id"
AUDITED = [
    Audited("payout_run", "payout_run.prepared", "prepared_at"),
    Audited("payout_run", "payout_run.approved", "approved_at"),
    Audited("payout_run", "payout_run.cancelled", "ended_at", "state = 'cancelled'"),
    Audited("payout", "payout.paid", "paid_at"),
    Audited("payout", "payout.failed", "state_at", "state = 'failed'"),
    Audited("payout", "payout.returned", "state_at", "state = 'returned'"),
    Audited("payout_settlement", "payout.settlement_proposed", "proposed_at", subject="payout", of=SETTLED),
    Audited("payout_settlement", "payout.settlement_confirmed", "confirmed_at", subject="payout", of=SETTLED),
    Audited("payout", "payout.withdrawn", "state_at", f"state = 'withdrawn' and run_id not in ({CANCELLED})"),
]


def payouts_are_whole() -> Finding:
    """8: a payout is the sum of its lines, all of its agent and currency; it left the bank once, under one key;
    a commission never pays more than it was worth; money set aside or sent is what the books say."""
    bad = [
        f"{found.reference}: {found.why}"
        for found in rows(
            """select p.reference, w.why
               from payout p
               left join lateral (select sum(l.amount) as total,
                                         bool_or(c.agent_id <> p.agent_id or c.currency <> p.currency) as strange
                                  from payout_line l join commission c on c.id = l.commission_id
                                  where l.payout_id = p.id) l on true
               left join lateral (select count(*) filter (where t.state = 'paid') as paid,
                                         count(*) filter (where t.state in ('paying', 'completing', 'unknown')) as there
                                  from payout_attempt t where t.payout_id = p.id) t on true
               cross join lateral (values
                 (l.total is distinct from p.amount, 'its lines do not sum to its amount'),
                 (l.strange, 'it pays a commission of another agent or currency'),
                 (p.state in ('paid', 'returned') and t.paid <> 1, 'paid, but not under exactly one key'),
                 (p.state not in ('paid', 'returned') and t.paid > 0, 'a key was paid, but the payout is not'),
                 (p.state in ('paid', 'returned') and t.there > 0, 'ended, but a key is still at the bank')
               ) as w(broken, why)
               where w.broken order by p.reference"""
        )
    ]
    return Finding(
        8,
        "Payouts equal their lines and left once",
        scalar("select count(*) from payout"),
        [*bad, *_books_differ(), *_paid_too_much(), *_shared_operations()],
    )


def _books_differ() -> list[str]:
    booked = {account: ledger.sums_by_reference(account) for account in BOOKED_ON}
    return [
        f"{payout.reference}: {payout.state}, but the books hold {held} for it, not {owed}"
        for payout in rows(
            "select reference, state, amount, tax_withheld, contributions from payout order by reference"
        )
        if (held := {account: sums.get(payout.reference, 0) for account, sums in booked.items()})
        != (owed := _owed(payout))
    ]


BOOKED_ON = ("in_payout", "bank", "tax_withheld", "contributions", "payable")


def _owed(payout: Row) -> dict[str, int]:
    """What a payout must have left on these accounts, credits less debits."""
    is_paid = payout.state == State.PAID
    contributions = payout.contributions if is_paid else 0
    return {
        "in_payout": payout.amount if payout.state in rules.SET_ASIDE else 0,
        "bank": payout.amount - payout.tax_withheld if is_paid else 0,
        "tax_withheld": payout.tax_withheld if is_paid else 0,
        "contributions": -contributions,
        "payable": contributions,
    }


def _paid_too_much() -> list[str]:
    return [
        f"commission {found.commission_id}: payouts take {found.taken} of {found.worth}"
        for found in rows(
            """select o.commission_id, sum(o.amount) as taken, w.worth
               from open_payout_line o
               cross join lateral (select coalesce(sum(c.amount) filter (where c.amount > 0), 0) as worth
                                   from commission c
                                   where c.id = o.commission_id or c.accrual_id = o.commission_id) w
               group by o.commission_id, w.worth having sum(o.amount) > w.worth order by o.commission_id"""
        )
    ]


def _shared_operations() -> list[str]:
    return [
        f"bank operation {found.provider_payment_id}: it belongs to {found.number} attempts"
        for found in rows(
            """select provider_payment_id, count(*) as number from payout_attempt
               where provider_payment_id is not null group by provider, provider_payment_id having count(*) > 1"""
        )
    ]


def bank_references_agree() -> Finding:
    """9: every attempt that reached the bank has its number, and all are of the terminal this instance is stamped for."""
    bad = [
        f"{key}: sent, but we have no bank id"
        for (key,) in rows(
            "select key from payout_attempt where sent_at is not null and provider_payment_id is null order by key"
        )
    ]
    ours = config.get().tbank_payout_terminal_key
    bad += [
        f"{key}: of terminal {terminal}, not {ours}"
        for key, terminal in rows(
            "select key, terminal_key from payout_attempt where terminal_key <> :ours or provider <> 'tbank'",
            ours=ours,
        )
    ]
    return Finding(9, "Payouts and bank references agree", scalar("select count(*) from payout_attempt"), bad)
