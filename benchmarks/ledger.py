"""Whether a programme that everybody sells gets hot: 16 writers on one programme, over 16 writers on 16 programmes.

Each writer books the payments of agents of its own, batch by batch, each batch in a transaction, through the verbs of the
domain. On one programme all writers share the programme, its terms and the owner's accounts in one currency; on sixteen
only the last.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.ground import AGENTS, CUSTOMERS_PER_AGENT, NOW, lay
from benchmarks.measure import interleaved, own_instance, ratio, report, say, summary

WRITERS, BATCH, BATCHES = 16, 10, 4
"""So many at once, facts in a transaction, and transactions of each writer in a round."""


@dataclass(frozen=True)
class Ours:
    """What is measured: the verbs, and what they rest on."""

    fact: Callable[..., Any]
    """Makes what the verbs take for a payment."""
    writer: Callable[[], AbstractContextManager[Callable[[Sequence[Any]], None]]]
    """For one thread: books facts, each call in one transaction."""
    findings: Callable[[], Mapping[str, Mapping[str, Any]]]
    """What the proofs of the books examined and what they found bad."""


@dataclass
class Bench:
    ours: Ours
    rounds: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    def one_programme(self) -> float:
        """Every writer has agents of its own, all of programme 0."""
        each = AGENTS // WRITERS // WRITERS
        return self._rate(lambda writer: WRITERS * (writer * each + self.dice.randrange(each)))

    def many_programmes(self) -> float:
        """Every writer has agents of its own, and they are the whole of a programme."""
        each = AGENTS // WRITERS // WRITERS
        return self._rate(lambda writer: writer + WRITERS * self.dice.randrange(each))

    def _rate(self, agent_of: Callable[[int], int]) -> float:
        """Facts a second of all writers together, from the moment when all are ready."""
        self.rounds += 1
        work = [
            [self._batch(writer, number, agent_of) for number in range(BATCHES)] for writer in range(WRITERS)
        ]
        ready = threading.Barrier(WRITERS + 1)

        def write(batches: Sequence[Sequence[Any]]) -> None:
            with self.ours.writer() as book:
                ready.wait()
                for batch in batches:
                    book(batch)

        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(write, batches) for batches in work]
            ready.wait()
            started = time.perf_counter()
            for writer in writers:
                writer.result()
            seconds = time.perf_counter() - started
        return WRITERS * BATCHES * BATCH / seconds

    def _batch(self, writer: int, number: int, agent_of: Callable[[int], int]) -> list[Any]:
        return [self._payment(f"{self.rounds}-{writer}-{number}-{n}", agent_of(writer)) for n in range(BATCH)]

    def _payment(self, name: str, agent: int) -> Any:
        customer = agent * CUSTOMERS_PER_AGENT + self.dice.randrange(CUSTOMERS_PER_AGENT)
        return self.ours.fact(
            source="bench",
            source_id=name,
            kind="payment",
            customer_id=UUID(int=(2 << 96) + customer),
            amount=self.dice.randrange(100_000, 900_000),
            currency="RUB",
            evidence="bank_checked",
            occurred_at=NOW + dt.timedelta(seconds=self.rounds, microseconds=self.dice.randrange(10**6)),
        )


def run(ours: Callable[[], AbstractContextManager[Ours]], *, rounds: int, lines: int) -> dict[str, Any]:
    """Measure on a database of its own. A ratio of 1 means that one hot programme costs nothing."""
    with own_instance() as urls:
        say(f"laying {lines:,} lines of history in {WRITERS} programmes")
        with psycopg.connect(urls["SUPERUSER_URL"], dbname="ref", autocommit=True) as superuser:
            lay(superuser, lines, programmes=WRITERS)
        with ours() as verbs:
            bench = Bench(verbs)
            sides = {
                "one_programme": bench.one_programme,
                "many_programmes": bench.many_programmes,
            }
            say("measuring")
            for side in sides.values():
                side()
            seen = interleaved(sides, rounds)
            say("proving the books")
            findings = verbs.findings()
    return report(
        "ledger",
        {
            "writers": WRITERS,
            "batch": BATCH,
            "batches": BATCHES,
            "agents": AGENTS,
            "lines": lines,
            "rounds": rounds,
        },
        {f"{name}_per_second": summary(values) for name, values in seen.items()} | {"findings": findings},
        {"hot_programme": ratio(seen["one_programme"], seen["many_programmes"])},
    )


def tell(found: dict[str, Any]) -> str:
    """The result in words."""
    measures = found["measures"]
    lines = [
        f"{name:<28} {value['median']:>10,.0f}  ({value['least']:,.0f} to {value['most']:,.0f})"
        for name, value in measures.items()
        if isinstance(value, dict) and "median" in value
    ]
    lines += [
        f"invariant {name}: {finding['examined']:,} examined, {len(finding['bad'])} bad"
        for name, finding in measures["findings"].items()
    ]
    return "\n".join([*lines, f"ratio hot_programme {found['ratios']['hot_programme']:>19.2f}"])
