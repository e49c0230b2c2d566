"""What is known of runs and payouts; an agent sees its own, from their approval on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain import commissions, ledger
from erp.domain.payouts import rules
from erp.domain.payouts.rules import LeftOut
from erp.domain.referrals import TERMS_NOW
from erp.kernel.db import row, rows
from erp.kernel.errors import NotFound
from erp.kernel.paging import PER_PAGE, Listed
from erp.kernel.span import EVER, Span, within

RUNS = """
  select r.id, r.reference, r.state, r.currency, r.note, r.prepared_by, r.prepared_at, r.approved_by, r.approved_at,
         r.ended_at, p.payouts, p.amount, p.paid, p.paid_amount, p.failed, p.unknown, p.finished, p.withdrawn,
         p.withdrawn_amount
  from payout_run r
  cross join lateral (
    select count(*) filter (where state <> 'withdrawn') as payouts,
           coalesce(sum(amount) filter (where state <> 'withdrawn'), 0)::bigint as amount,
           count(*) filter (where state = 'paid') as paid,
           coalesce(sum(amount) filter (where state = 'paid'), 0)::bigint as paid_amount,
           count(*) filter (where state = 'failed') as failed,
           count(*) filter (where state = 'unknown') as unknown,
           count(*) filter (where state in ('paid', 'failed', 'returned')) as finished,
           count(*) filter (where state = 'withdrawn') as withdrawn,
           coalesce(sum(amount) filter (where state = 'withdrawn'), 0)::bigint as withdrawn_amount
    from payout where run_id = r.id) p"""
PAYOUTS = """
  select p.id, p.reference, p.state, p.state_at, p.amount, p.currency, p.prepared_at, p.paid_at, p.failure_code,
         p.failure_note, p.bank_member_id, p.bank_name, p.phone_cipher,
         case when p.state in ('paid', 'failed', 'returned', 'withdrawn') then p.state_at end as ended_at,
         r.reference as run_reference, r.state as run_state, r.approved_at,
         a.id as agent_id, a.reference as agent_reference, a.code as agent_code, a.name_cipher as agent_name_cipher
  from payout p
  join payout_run r on r.id = p.run_id
  join agent a on a.id = p.agent_id"""
MOMENTS = {"prepared": "p.prepared_at", "paid": "p.paid_at"}
"""The moments by which a list of payouts can be cut."""
STATE_GROUPS = {"open": tuple(sorted(rules.SET_ASIDE))}
"""Several states under one name: `open` are the payouts for which the books hold money."""
RUN_STATE_GROUPS = {"running": (rules.RunState.APPROVED, rules.RunState.EXECUTING)}
SORTS = {
    "newest": "prepared_at desc, id desc",
    "oldest": "prepared_at, id",
    "prepared_at": "prepared_at, id",
    "-prepared_at": "prepared_at desc, id desc",
    "amount": "amount, id",
    "-amount": "amount desc, id desc",
}
SEEN_BY_AGENT = "p.state not in ('prepared', 'withdrawn')"


@dataclass(frozen=True)
class Candidate:
    """An agent with money available (or a debt): what a run made now would pay, from which commissions, or why not.

    `opens` are (commission id, open amount), oldest first; `minimum` is the smallest payout, `obstacle` the
    part of the `reason` that somebody must put right; amounts in minor units.
    """

    agent_id: UUID
    agent_reference: str
    agent_code: str
    agent_state: str
    kind: str
    agent_name_cipher: bytes | None
    available: int
    payable: int
    minimum: int
    opens: Sequence[tuple[int, int]]
    obstacle: LeftOut | None
    reason: LeftOut | None


def candidates(currency: str, agent_ids: Iterable[UUID] | None = None) -> list[Candidate]:
    """Everybody (of `agent_ids`, if given) whose available balance is not zero, by reference."""
    return _candidates(ledger.not_empty("available", currency, agent_ids), currency)


def candidate(agent_id: UUID, currency: str) -> Candidate:
    """One agent, whatever is available to it."""
    available = ledger.balances([agent_id], currency)[agent_id]["available"]
    return _candidates({agent_id: available}, currency)[0]


def _candidates(available: dict[UUID, int], currency: str) -> list[Candidate]:
    agents = rows(
        f"""select a.id, a.reference, a.code, a.kind, a.state, {rules.MAY_BE_PAID} as may_be_paid, a.name_cipher, a.bank_member_id,
                  o.agent_id is not null as payout_open, m.minimum
           from agent a
           left join (select distinct p.agent_id from payout p
                      where p.currency = :currency and p.state not in ('paid', 'failed', 'returned', 'withdrawn')
                     ) o on o.agent_id = a.id
           left join (select s.agent_id, min(t.minimum_payout) as minimum
                      from referral_share s join referral r on r.id = s.referral_id
                      join terms t on t.id = {TERMS_NOW} join programme g on g.id = t.programme_id
                      where s.agent_id = any(:ids) and g.currency = :currency group by s.agent_id) m on m.agent_id = a.id
           where a.id = any(:ids) order by a.reference""",
        currency=currency,
        ids=list(available),
    )
    opens: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
    for found in commissions.open_amounts(available, currency):
        opens[found.agent_id].append((found.commission_id, found.open))
    return [_candidate(agent, available[agent.id], opens[agent.id]) for agent in agents]


def _candidate(agent: sa.Row[Any], available: int, opens: Sequence[tuple[int, int]]) -> Candidate:
    payable = max(0, min(available, sum(open_amount for _, open_amount in opens)))
    minimum = rules.smallest_payout(agent.state, agent.minimum)
    obstacle = rules.obstacle(
        kind=agent.kind,
        may_be_paid=agent.may_be_paid,
        has_name=agent.name_cipher is not None,
        has_bank=agent.bank_member_id is not None,
    )
    reason = rules.why_left_out(
        obstacle, payout_open=agent.payout_open, available=available, payable=payable, minimum=minimum
    )
    return Candidate(
        agent.id,
        agent.reference,
        agent.code,
        agent.state,
        agent.kind,
        agent.name_cipher,
        available,
        payable,
        minimum,
        opens,
        obstacle,
        reason,
    )


def search_runs(*, text: str = "", state: str = "", sort: str = "newest") -> Listed:
    """Runs; `text` is the beginning of a reference, `state` a state or a key of `RUN_STATE_GROUPS`."""
    return Listed(
        f"""{RUNS} where (:state = '' or r.state = any(:states)) and (:text = '' or r.reference ilike :text || '%')""",
        SORTS,
        sort,
        {"text": text.strip(), "state": state, "states": list(RUN_STATE_GROUPS.get(state, (state,)))},
    )


def find_run(reference: str) -> sa.Row[Any]:
    """One run with its sums. Raises `NotFound`."""
    return _found(row(f"{RUNS} where r.reference = :reference", reference=reference))


def search(
    *,
    text: str = "",
    state: str = "",
    run: str = "",
    agent_id: UUID | None = None,
    span: Span = EVER,
    dated_by: str = "prepared",
    sort: str = "newest",
) -> Listed:
    """Payouts; `text` is the beginning of a reference or an agent's code, `run` a run's reference.

    `state` is a state or a key of `STATE_GROUPS`; `span` cuts by the moment that `dated_by`, a key of `MOMENTS`, names.
    """
    return Listed(
        f"""{PAYOUTS}
           where (:state = '' or p.state = any(:states)) and (:run = '' or r.reference = :run)
             and {within(MOMENTS.get(dated_by, MOMENTS["prepared"]))}
             and (cast(:agent_id as uuid) is null or p.agent_id = :agent_id)
             and (:text = '' or p.reference ilike :text || '%' or a.reference ilike :text || '%'
                  or a.code ilike :text || '%')""",
        SORTS,
        sort,
        {
            "text": text.strip(),
            "state": state,
            "states": list(STATE_GROUPS.get(state, (state,))),
            "run": run,
            "agent_id": agent_id,
            **span.params,
        },
    )


def counts(run: str = "") -> dict[str, int]:
    """How many payouts there are in each state, of one run if named."""
    found = rows(
        """select p.state, count(*) as number from payout p join payout_run r on r.id = p.run_id
           where :run = '' or r.reference = :run group by p.state""",
        run=run,
    )
    return {counted.state: counted.number for counted in found}


def find(reference: str, *, agent_id: UUID | None = None) -> sa.Row[Any]:
    """One payout; with `agent_id`, a stranger's or an unapproved one is `NotFound`."""
    return _found(
        row(
            f"""{PAYOUTS} where p.reference = :reference
                and (cast(:agent_id as uuid) is null or p.agent_id = :agent_id and {SEEN_BY_AGENT})""",
            reference=reference,
            agent_id=agent_id,
        )
    )


def of_agent(agent_id: UUID, *, before: UUID | None = None, limit: int = PER_PAGE) -> Sequence[sa.Row[Any]]:
    """An agent's approved payouts, newest first, those older than the payout `before`."""
    return rows(
        f"""{PAYOUTS} where p.agent_id = :agent_id and {SEEN_BY_AGENT}
              and (cast(:before as uuid) is null or p.id < :before)
            order by p.id desc limit :limit""",
        agent_id=agent_id,
        before=before,
        limit=limit,
    )


def lines_of(payout_reference: str) -> Sequence[sa.Row[Any]]:
    """The commissions a payout pays, oldest first, each with the payment it comes from."""
    return rows(
        """select l.commission_id, l.amount, p.currency, c.kind, c.amount as commission_amount, c.occurred_at,
                  y.reference as payment_reference, s.name as establishment_name, u.reference as customer_reference
           from payout p
           join payout_line l on l.payout_id = p.id
           join commission c on c.id = l.commission_id
           join event e on e.id = c.event_id
           join customer u on u.id = e.customer_id
           left join payment y on y.id = e.payment_id
           left join establishment s on s.id = u.establishment_id
           where p.reference = :reference order by l.commission_id""",
        reference=payout_reference,
    )


def attempts_of(payout_reference: str) -> Sequence[sa.Row[Any]]:
    """Every key a payout was tried under, oldest first."""
    return rows(
        """select t.number, t.key, t.state, t.provider, t.terminal_key, t.provider_payment_id, t.name_match,
                  t.error_code, t.times_asked, t.checked_until, t.begun_at, t.sent_at, t.ended_at,
                  t.recipient_name_cipher, p.agent_id
           from payout_attempt t join payout p on p.id = t.payout_id
           where p.reference = :reference order by t.number""",
        reference=payout_reference,
    )


def settlement_of(payout_reference: str) -> sa.Row[Any] | None:
    """What somebody found out about the attempt whose outcome nobody knows, waiting for a second person."""
    return row(
        """select s.id, s.found, s.provider_payment_id, s.note, s.proposed_by, s.proposed_at
           from payout_settlement s join payout_attempt t on t.id = s.attempt_id join payout p on p.id = t.payout_id
           where p.reference = :reference and t.state = 'unknown' and s.replaced_at is null and s.confirmed_at is null""",
        reference=payout_reference,
    )


def notifications_of(payout_reference: str) -> Sequence[sa.Row[Any]]:
    """What the bank told us about a payout, oldest first."""
    return rows(
        """select n.id, n.status, n.amount, n.verdict, n.times, n.received_at, n.handled_at
           from bank_notification n join payout_attempt t on t.key = n.bank_order_id
           join payout p on p.id = t.payout_id where p.reference = :reference order by n.id""",
        reference=payout_reference,
    )


def _found(found: sa.Row[Any] | None) -> sa.Row[Any]:
    if found is None:
        raise NotFound
    return found
