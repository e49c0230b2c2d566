"""Accruals a second through the domain verb, over a hand-written SQL statement that writes the same rows.

The yardstick is one prepared psycopg statement with the amounts precomputed, on the same tables, indexes, triggers and
durability, from one connection of the owner. Ours reads the facts, counts the tier, applies the cap, locks, and writes
also the audit row and the outbox, which it hands to the courier. Ground: 10,000 agents in 3 programmes with monthly
caps, one agent in 20 crossing a tier while it is measured, 5 % refunds, a million lines already there.

Refunds alone are booked through the same verb, and compared with what the verb does otherwise.
"""

from __future__ import annotations

import datetime as dt
import gc
import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from itertools import starmap
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.ground import AGENTS, CUSTOMERS_PER_AGENT, NOW, lay
from benchmarks.measure import database_cpu, interleaved, own_instance, ratio, report, say, summary

BATCH, SINGLES = 1000, 100
WARMING = 6
"""Batches before the watch starts: the driver prepares a statement when it has seen it five times."""


@dataclass(frozen=True)
class Ours:
    """What is measured: the verbs, and what they rest on."""

    fact: Callable[..., Any]
    """Makes what the verbs take for a payment or a refund."""
    book: Callable[[Sequence[Any]], None]
    """Record and accrue these facts in one transaction."""
    amounts: Callable[[Sequence[Any]], Sequence[Any]]
    """The lines that booking them would write, each with `told`, its fact's source id; nothing stays."""
    findings: Callable[[], Mapping[str, Mapping[str, Any]]]
    """What the proofs of the books examined and what they found bad."""
    sql: Mapping[str, str]


RAW = """
with known as (
  insert into event (source, source_id, kind, customer_id, amount, currency, evidence, occurred_at,
                     original_event_id, refunded_total, recorded_at)
  select source, source_id, kind, customer_id, money, 'RUB', evidence, at, original, total, (select ref_now())
  from unnest(%(e_source)s::text[], %(e_source_id)s::text[], %(e_kind)s::text[], %(e_customer_id)s::uuid[],
              %(e_amount)s::bigint[], %(e_evidence)s::text[], %(e_occurred_at)s::timestamptz[],
              %(e_original_event_id)s::bigint[], %(e_refunded_total)s::bigint[])
       as e(source, source_id, kind, customer_id, money, evidence, at, original, total)
  on conflict (source, source_id) do nothing returning id, source_id
), line as materialized (
  select l.*, k.id as asked_id, a.id as account_id, x.id as expense_id, nextval('ledger_transaction_id_seq') as tx,
         a.seq + row_number() over w as seq, a.balance + sum(l.amount) over w as balance
  from unnest(%(kind)s::text[], %(asked)s::text[], %(event)s::bigint[], %(rule)s::bigint[], %(agent)s::uuid[],
              %(referral)s::uuid[], %(programme)s::uuid[], %(terms)s::uuid[], %(amount)s::bigint[], %(paid)s::bigint[],
              %(base)s::bigint[], %(rate)s::bigint[], %(tier)s::bigint[], %(volume)s::bigint[], %(uncapped)s::bigint[],
              %(line_capped)s::bigint[], %(customer_capped)s::bigint[], %(refunded)s::bigint[], %(occurred)s::timestamptz[], %(available)s::timestamptz[], %(source)s::text[],
              %(accrual)s::bigint[], %(account)s::text[])
       with ordinality
       as l(kind, asked, event_id, rule_id, agent_id, referral_id, programme_id, terms_id, amount, paid, base, rate_bps,
            tier_position, volume, uncapped, line_capped, customer_capped, refunded, occurred_at, available_at, source_id,
            accrual_id, account, n)
  join known k on k.source_id = l.asked
  cross join lateral (
    select * from account a where a.agent_id = l.agent_id and a.kind = l.account and a.currency = 'RUB' offset 0) a
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
                          line_capped, customer_capped, refunded, in_credit, occurred_at, available_at, account,
                          transaction_id, booked_at)
  select kind, case when kind = 'accrual' then asked_id else event_id end, rule_id, agent_id, referral_id,
         programme_id, terms_id, accrual_id, case when kind <> 'accrual' then asked_id end, amount, 'RUB', paid, base,
         rate_bps, tier_position, volume, uncapped, line_capped, customer_capped, refunded, false, occurred_at, available_at,
         account, tx, (select ref_now())
  from line returning id, kind, agent_id, available_at
)
insert into hold (commission_id, agent_id, until)
select id, agent_id, available_at from booked where kind = 'accrual'
"""
EVENT_COLUMNS = (
    "source",
    "source_id",
    "kind",
    "customer_id",
    "amount",
    "evidence",
    "occurred_at",
    "original_event_id",
    "refunded_total",
)
LINE_COLUMNS = {
    "kind": "kind",
    "asked": "told",
    "event": "event_id",
    "rule": "rule_id",
    "agent": "agent_id",
    "referral": "referral_id",
    "programme": "programme_id",
    "terms": "terms_id",
    "amount": "amount",
    "paid": "paid",
    "base": "base",
    "rate": "rate_bps",
    "tier": "tier_position",
    "volume": "volume",
    "uncapped": "new_uncapped",
    "line_capped": "new_line_capped",
    "customer_capped": "new_customer_capped",
    "refunded": "refunded",
    "occurred": "occurred_at",
    "available": "available_at",
    "source": "source_id",
    "accrual": "accrual_id",
    "account": "account",
}


@dataclass(frozen=True)
class Paid:
    """A payment of the past, and how much of it has gone back."""

    event_id: int
    customer_id: UUID
    amount: int
    refunded: int = 0

    def half_refunded(self) -> Paid:
        """Half of what is left goes back."""
        return replace(self, refunded=self.refunded + (self.amount - self.refunded) // 2)


@dataclass
class Source:
    """Makes new facts: payments of random customers, and refunds of what they paid in the past."""

    make: Callable[..., Any]
    dice: random.Random
    paid: deque[Paid]
    """What can be refunded; what waits longest is next."""
    number: int = 0

    def facts(self, count: int) -> list[Any]:
        """One in twenty is a refund."""
        self.number += 1
        return [self._refund(n) if n % 20 == 19 else self._payment(n) for n in range(count)]

    def refunds(self, count: int) -> list[Any]:
        self.number += 1
        return [self._refund(n) for n in range(count)]

    def _payment(self, n: int) -> Any:
        customer_id = UUID(int=(2 << 96) + self.dice.randrange(AGENTS * CUSTOMERS_PER_AGENT))
        amount = self.dice.randrange(100_000, 900_000)
        return self.make(kind="payment", customer_id=customer_id, amount=amount, **self._told(n))

    def _refund(self, n: int) -> Any:
        before = self.paid.popleft()
        after = before.half_refunded()
        self.paid.append(after)
        return self.make(
            kind="refund",
            customer_id=after.customer_id,
            amount=after.refunded - before.refunded,
            original_event_id=after.event_id,
            refunded_total=after.refunded,
            **self._told(n),
        )

    def _told(self, n: int) -> dict[str, Any]:
        return {
            "source": "bench",
            "source_id": f"{self.number}-{n}",
            "occurred_at": NOW + dt.timedelta(seconds=self.number, microseconds=n),
            "evidence": "bank_checked",
            "currency": "RUB",
        }


@dataclass
class Bench:
    """Both sides on one database: facts a second, and what the whole cluster spent on each batch."""

    ours: Ours
    owner: psycopg.Connection
    source: Source
    spent: dict[str, list[float]]

    def book(self, count: int, size: int) -> float:
        """Through the verbs, `size` facts a transaction."""
        cuts = _cut(self.source.facts(count), size)
        return self._rate("ours", count, size, [partial(self.ours.book, cut) for cut in cuts])

    def book_again(self, count: int) -> float:
        """Facts that are booked already."""
        facts = self.source.facts(count)
        self.ours.book(facts)
        return self._rate("duplicates", count, count, [partial(self.ours.book, facts)])

    def take_back(self, count: int) -> float:
        """Refunds of payments that are booked, in one transaction."""
        refunds = self.source.refunds(count)
        return self._rate("reversals", count, count, [partial(self.ours.book, refunds)])

    def write(self, count: int, size: int) -> float:
        """Through the one statement, its amounts computed before the watch starts."""
        facts = self.source.facts(count)
        lines = self.ours.amounts(facts)
        arrays = [_arrays(cut, lines) for cut in _cut(facts, size)]
        return self._rate(
            "raw", count, size, [partial(self.owner.execute, RAW, cut, prepare=True) for cut in arrays]
        )

    def _rate(self, side: str, count: int, size: int, deeds: Sequence[Callable[[], Any]]) -> float:
        backend = self.owner.info.backend_pid
        before, started = database_cpu(backend), time.perf_counter()
        for deed in deeds:
            deed()
        seconds = time.perf_counter() - started
        self.spent.setdefault(f"{side}_{size}", []).append((database_cpu(backend) - before) * 1e6 / count)
        return count / seconds


def _cut(facts: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [facts[at : at + size] for at in range(0, len(facts), size)]


def _arrays(facts: Sequence[Any], lines: Sequence[Any]) -> dict[str, list[Any]]:
    """What the statement takes: the facts, and their lines that move money."""
    told = {fact.source_id for fact in facts}
    moving = [line for line in lines if line.amount and line.told in told]
    events = {f"e_{name}": [getattr(fact, name) for fact in facts] for name in EVENT_COLUMNS}
    return events | {
        name: [getattr(line, column) for line in moving] for name, column in LINE_COLUMNS.items()
    }


def run(ours: Callable[[], AbstractContextManager[Ours]], *, rounds: int, lines: int) -> dict[str, Any]:
    """Measure on a database of its own. Ratios are ours over raw; 1 would mean that all the rules cost nothing."""
    with own_instance() as urls:
        say(f"laying {lines:,} lines of history")
        with psycopg.connect(urls["SUPERUSER_URL"], dbname="ref", autocommit=True) as superuser:
            paid = lay(superuser, lines)
        with ours() as verbs, psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True) as owner:
            # Measured: the yardstick is fastest planned once and for all, also in batches.
            owner.execute("set plan_cache_mode = force_generic_plan")
            bench = Bench(verbs, owner, Source(verbs.fact, random.Random(1), deque(starmap(Paid, paid))), {})
            gc.freeze()  # what the benchmark remembers is no part of a process that books
            say("measuring")
            seen = _measure(bench, rounds)
            say("proving the books")
            findings = verbs.findings()
    return report(
        "accrual",
        {
            "agents": AGENTS,
            "lines": lines,
            "batch": BATCH,
            "singles": SINGLES,
            "rounds": rounds,
            "sql": {"ours": verbs.sql, "raw": RAW},
        },
        {f"{name}_per_second": summary(values) for name, values in seen.items()}
        | {f"database_us_per_fact_{name}": summary(values) for name, values in bench.spent.items()}
        | {"duplicates_over_first": ratio(seen["duplicates"], seen["batched"]), "findings": findings},
        {
            "batched": ratio(seen["batched"], seen["batched_raw"]),
            "single": ratio(seen["single"], seen["single_raw"]),
            "reversals": ratio(seen["reversals"], seen["batched"]),
        },
    )


def _measure(bench: Bench, rounds: int) -> dict[str, list[float]]:
    sides: dict[str, Callable[[], float]] = {
        "batched": lambda: bench.book(BATCH, BATCH),
        "batched_raw": lambda: bench.write(BATCH, BATCH),
        "duplicates": lambda: bench.book_again(BATCH),
        "reversals": lambda: bench.take_back(BATCH),
        "single": lambda: bench.book(SINGLES, 1),
        "single_raw": lambda: bench.write(SINGLES, 1),
    }
    for name in [*["batched", "batched_raw"] * WARMING, "duplicates", "reversals", "single", "single_raw"]:
        sides[name]()
    bench.spent.clear()
    return interleaved(sides, rounds)


def tell(found: dict[str, Any]) -> str:
    """The result in words."""
    measures, ratios = found["measures"], found["ratios"]
    lines = [
        f"{name:<38} {value['median']:>10,.0f}  ({value['least']:,.0f} to {value['most']:,.0f})"
        for name, value in measures.items()
        if isinstance(value, dict) and "median" in value
    ]
    lines += [f"duplicates over first {measures['duplicates_over_first']:>27.2f}"]
    lines += [
        f"invariant {name}: {finding['examined']:,} examined, {len(finding['bad'])} bad"
        for name, finding in measures["findings"].items()
    ]
    return "\n".join([*lines, *(f"ratio {name:<32} {value:>10.2f}" for name, value in ratios.items())])
