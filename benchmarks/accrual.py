"""Accruals a second through the domain verb, over a hand-written SQL statement that writes the same rows.

The yardstick is one psycopg statement with the amounts precomputed, on the same tables, indexes, triggers and
durability, from one connection. Ours reads the facts, counts the tier, applies the cap, locks, and writes also the
audit row and the outbox. Ground: 10,000 agents in 3 programmes with monthly caps, one agent in 20 crossing a tier
while it is measured, 5 % refunds, a million lines already there.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.ground import AGENTS, CUSTOMERS_PER_AGENT, NOW, lay
from benchmarks.measure import dump, interleaved, own_instance, ratio, report, say, summary
from erp.app import create_app
from erp.domain import commissions, integrations
from erp.domain.commissions import engine
from erp.domain.integrations import NewEvent
from erp.kernel import outbox
from erp.kernel.actor import Actor
from erp.kernel.db import db, rows
from erp.kernel.transaction import transaction

__all__ = ["dump", "run", "tell"]

BATCH, SINGLES = 1000, 200
BY = Actor.system("benchmark")
PRECOMPUTED = f"""
with {engine.FACTS_OF_EVENTS}, {engine.LINES}
select l.kind, l.event_id, e.source_id as asked_source_id, l.rule_id, l.agent_id, l.referral_id, l.programme_id,
       l.terms_id, l.amount, l.currency, l.paid, l.base, l.rate_bps, l.tier_position, l.volume, l.line_uncapped,
       l.refunded, l.occurred_at, l.occurred_at + make_interval(hours => 24 * l.hold_days::integer) as available_at,
       l.source_id, l.accrual_id,
       case when l.kind = 'accrual' or h.commission_id is not null then 'pending' else 'available' end as account
from line l join event e on e.id = l.cause_id left join hold h on h.commission_id = l.accrual_id
"""
RAW = """
with told as (
  select * from jsonb_to_recordset(%(events)s::jsonb) as x(
    source text, source_id text, kind text, customer_id uuid, amount bigint, currency text, evidence text,
    occurred_at timestamptz, original_event_id bigint, refunded_total bigint)
), known as (
  insert into event (source, source_id, kind, customer_id, amount, currency, evidence, occurred_at,
                     original_event_id, refunded_total)
  select source, source_id, kind, customer_id, amount, currency, evidence, occurred_at, original_event_id,
         refunded_total from told
  on conflict (source, source_id) do nothing returning id, source_id
), line as materialized (
  select l.*, k.id as asked_id, a.id as account_id, x.id as expense_id, nextval('ledger_transaction_id_seq') as tx,
         a.seq + row_number() over w as seq, a.balance + sum(l.amount) over w as balance
  from unnest(%(kind)s::text[], %(asked)s::text[], %(event)s::bigint[], %(rule)s::bigint[], %(agent)s::uuid[],
              %(referral)s::uuid[], %(programme)s::uuid[], %(terms)s::uuid[], %(amount)s::bigint[], %(paid)s::bigint[],
              %(base)s::bigint[], %(rate)s::bigint[], %(tier)s::bigint[], %(volume)s::bigint[], %(uncapped)s::bigint[],
              %(refunded)s::bigint[], %(occurred)s::timestamptz[], %(available)s::timestamptz[], %(source)s::text[],
              %(accrual)s::bigint[], %(account)s::text[])
       with ordinality
       as l(kind, asked, event_id, rule_id, agent_id, referral_id, programme_id, terms_id, amount, paid, base, rate_bps,
            tier_position, volume, uncapped, refunded, occurred_at, available_at, source_id, accrual_id, account, n)
  join known k on k.source_id = l.asked
  join account a on a.agent_id = l.agent_id and a.kind = l.account and a.currency = 'RUB'
  join account x on x.agent_id = '00000000-0000-0000-0000-000000000000' and x.kind = 'expense' and x.currency = 'RUB'
  window w as (partition by a.id order by l.n)
), entered as (
  insert into entry (transaction_id, line, kind, reference, agent_id, debit_account_id, credit_account_id, amount,
                     currency, occurred_at, booked_at, actor, debit_seq, debit_balance, credit_seq, credit_balance)
  select tx, 1, kind, source_id, agent_id, case when amount > 0 then expense_id else account_id end,
         case when amount > 0 then account_id else expense_id end, abs(amount), 'RUB', occurred_at, (select ref_now()), 'raw',
         case when amount < 0 then seq end, case when amount < 0 then balance end,
         case when amount > 0 then seq end, case when amount > 0 then balance end from line
), moved as (
  update account a set seq = l.seq, balance = l.balance
  from (select distinct on (account_id) account_id, seq, balance from line order by account_id, seq desc) l
  where a.id = l.account_id
), booked as (
  insert into commission (kind, event_id, rule_id, agent_id, referral_id, programme_id, terms_id, accrual_id,
                          cause_event_id, amount, currency, paid, base, rate_bps, tier_position, volume, uncapped,
                          refunded, occurred_at, available_at, account, transaction_id, booked_at)
  select kind, case when kind = 'accrual' then asked_id else event_id end, rule_id, agent_id, referral_id,
         programme_id, terms_id, accrual_id, case when kind <> 'accrual' then asked_id end, amount, 'RUB', paid, base,
         rate_bps, tier_position, volume, uncapped, refunded, occurred_at, available_at, account, tx, (select ref_now())
  from line returning id, kind, agent_id, available_at
)
insert into hold (commission_id, agent_id, until)
select id, agent_id, available_at from booked where kind = 'accrual'
"""


@dataclass
class Source:
    """Makes new facts: payments of random customers, and refunds of what they paid in the past."""

    dice: random.Random
    paid: list[tuple[int, UUID, int]]
    """(event id, customer, amount) of payments that can still be refunded."""
    number: int = 0

    def events(self, count: int) -> list[NewEvent]:
        self.number += 1
        return [self._event(f"{self.number}-{n}", n) for n in range(count)]

    def _event(self, name: str, n: int) -> NewEvent:
        at = NOW + dt.timedelta(seconds=self.number, microseconds=n)
        if n % 20 == 19:
            event_id, customer_id, amount = self.paid.pop()
            return NewEvent("bench", name, "refund", customer_id, at, "bank_checked", None, amount // 2, "RUB",
                            event_id, amount // 2)
        customer = self.dice.randrange(AGENTS * CUSTOMERS_PER_AGENT)
        return NewEvent("bench", name, "payment", UUID(int=(2 << 96) + customer), at, "bank_checked", None,
                        self.dice.randrange(100_000, 900_000), "RUB")


def run(*, rounds: int, lines: int) -> dict[str, Any]:
    """Measure on a database of its own. Ratios are ours over raw; 1 would mean that all the rules cost nothing."""
    with own_instance() as urls:
        say(f"laying {lines:,} lines of history")
        with psycopg.connect(urls["SUPERUSER_URL"], dbname="ref", autocommit=True) as superuser:
            history = lay(superuser, lines)
        with (
            create_app().app_context(),
            psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True) as owner,
        ):
            source = Source(random.Random(1), history)
            say("measuring")
            sides: dict[str, Callable[[], float]] = {
                "batched": lambda: _ours(source.events(BATCH), BATCH),
                "batched_raw": lambda: _raw(owner, source.events(BATCH), BATCH),
                "single": lambda: _ours(source.events(SINGLES), 1),
                "single_raw": lambda: _raw(owner, source.events(SINGLES), 1),
            }
            for side in sides.values():
                side()
            seen = interleaved(sides, rounds)
    return report(
        "accrual",
        {"agents": AGENTS, "lines": lines, "batch": BATCH, "singles": SINGLES, "rounds": rounds,
         "sql": {"ours": engine.BOOK, "raw": RAW}},
        {f"{name}_per_second": summary(values) for name, values in seen.items()},
        {"batched": ratio(seen["batched"], seen["batched_raw"]), "single": ratio(seen["single"], seen["single_raw"])},
    )


def _ours(events: Sequence[NewEvent], size: int) -> float:
    """Facts a second through the verbs, `size` of them a transaction."""
    started = time.perf_counter()
    for at in range(0, len(events), size):
        with transaction():
            ids = [id for id in integrations.record_events(events[at : at + size]) if id is not None]
            outbox.enqueue_many("erp.jobs.commissions.accrue", ids)
            commissions.accrue(ids, by=BY, now=NOW)
    return len(events) / (time.perf_counter() - started)


def _raw(owner: psycopg.Connection, events: Sequence[NewEvent], size: int) -> float:
    """The same through the one statement, its amounts computed before the watch starts."""
    prepared = [_precompute(events[at : at + size]) for at in range(0, len(events), size)]
    started = time.perf_counter()
    for parameters in prepared:
        owner.execute(RAW, parameters)
    return len(events) / (time.perf_counter() - started)


def _precompute(events: Sequence[NewEvent]) -> dict[str, Any]:
    """What the engine would book for these events, as arrays; nothing stays."""
    ids = integrations.record_events(events)
    lines = rows(PRECOMPUTED, event_ids=ids)
    db.session.rollback()
    columns = {
        "kind": "kind", "asked": "asked_source_id", "event": "event_id", "rule": "rule_id", "agent": "agent_id",
        "referral": "referral_id", "programme": "programme_id", "terms": "terms_id", "amount": "amount",
        "paid": "paid", "base": "base", "rate": "rate_bps", "tier": "tier_position", "volume": "volume",
        "uncapped": "line_uncapped", "refunded": "refunded", "occurred": "occurred_at", "available": "available_at",
        "source": "source_id", "accrual": "accrual_id", "account": "account",
    }
    arrays = {name: [getattr(line, column) for line in lines if line.amount] for name, column in columns.items()}
    return {"events": json.dumps([asdict(event) for event in events], default=str)} | arrays


def tell(found: dict[str, Any]) -> str:
    """The result in words."""
    measures, ratios = found["measures"], found["ratios"]
    lines = [f"{name:<24} {value['median']:>10,.0f}  ({value['least']:,.0f} to {value['most']:,.0f})"
             for name, value in measures.items()]
    return "\n".join([*lines, *(f"ratio {name:<18} {value:>10.2f}" for name, value in ratios.items())])
