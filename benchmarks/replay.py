"""A back-test of a million events, over one window function on the same rows.

The yardstick counts, for every payment, those of its agent in the 90 days before it:
`count(*) over (partition by agent order by occurred_at range '90 days' preceding)`, over rows that were joined with their
agents beforehand. Ours cuts the history into batches, reads the same payments and refunds, replays them under a draft
(volume, tier, shares, monthly cap, what went back) and writes what each agent and month comes to, batch by batch, each in
a transaction, in as many lanes as the job has. The same batches are also replayed under their own terms, beside the watch;
what they are read for both is on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psutil
import psycopg

from benchmarks.history import AGENTS, lay
from benchmarks.measure import interleaved, own_instance, ratio, report, say, summary

JOINED = """
create unlogged table yardstick as
  select s.agent_id as agent, e.occurred_at
  from event e join referral r on r.customer_id = e.customer_id join referral_share s on s.referral_id = r.id
"""
WINDOWED = """
select count(counted) from (
  select count(*) over (partition by agent order by occurred_at range '90 days' preceding) as counted from yardstick) x
"""
WORK_MEM = "256MB"
"""What the yardstick may sort in: it needs no disk."""


@dataclass(frozen=True)
class Ours:
    """What is measured: the verbs of back-tests."""

    ask: Callable[[], Sequence[UUID]]
    """Ask for a back-test of the draft of each programme."""
    replay: Callable[[UUID], Iterator[tuple[int, dict[str, float]]]]
    """Run one to its end: after each batch, how many agents are done, and the seconds its parts took."""
    written: Callable[[UUID], int]
    """How many results of agents under the draft it has written."""
    remove: Callable[[UUID], None]
    sql: str


@dataclass
class Peak:
    """The most memory, in MB, that this process and any server process had to themselves."""

    process: float = 0
    backend: float = 0
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def watched(backend: int) -> Iterator[Peak]:
    """Look at the memory of this process and of every process of the cluster, five times a second."""
    peak, cluster = Peak(), psutil.Process(backend).parent()
    assert cluster

    def look() -> None:
        while not peak.over.wait(0.2):
            peak.process = max(peak.process, _own(psutil.Process()))
            peak.backend = max([peak.backend, *map(_own, cluster.children())])

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peak
    finally:
        peak.over.set()
        watcher.join()


def _own(process: psutil.Process) -> float:
    """MB of memory that a process shares with nobody; 0 when it is gone."""
    try:
        memory = process.memory_info()
    except psutil.NoSuchProcess:
        return 0
    return (memory.rss - memory.shared) / 2**20


@dataclass
class Bench:
    """Both sides on one database; each answers seconds."""

    ours: Ours
    owner: psycopg.Connection
    parts: dict[str, list[float]] = field(default_factory=dict)
    results: int = 0

    def replay(self) -> float:
        """A draft for each programme; the seconds of the replay under it alone, other parts beside."""
        spent: dict[str, float] = {}
        self.results = 0
        for id in self.ours.ask():
            for done, seconds in self.ours.replay(id):
                say(f"  {done:,} agents")
                for part, took in seconds.items():
                    spent[part] = spent.get(part, 0) + took
            self.results += self.ours.written(id)
            self.ours.remove(id)
        for part, took in spent.items():
            self.parts.setdefault(part, []).append(took)
        return sum(took for part, took in spent.items() if part != "own_terms_and_proof")

    def windowed(self) -> float:
        started = time.perf_counter()
        self.owner.execute(WINDOWED)
        return time.perf_counter() - started


def run(ours: Callable[[], AbstractContextManager[Ours]], *, rounds: int, events: int) -> dict[str, Any]:
    """Measure on a database of its own. The ratio is ours over the yardstick, in seconds: less is better."""
    with own_instance() as urls:
        say(f"laying {events:,} events of {AGENTS:,} agents")
        with psycopg.connect(urls["SUPERUSER_URL"], dbname="ref", autocommit=True) as superuser:
            lay(superuser, events)
        with ours() as verbs, psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute(f"set work_mem = '{WORK_MEM}'")
            owner.execute(JOINED)
            owner.execute("analyze yardstick")
            bench = Bench(verbs, owner)
            say("measuring")
            bench.windowed()
            with watched(owner.info.backend_pid) as peak:
                seen = interleaved({"replay": bench.replay, "windowed": bench.windowed}, rounds)
    whole = [sum(parts) for parts in zip(*bench.parts.values(), strict=True)]
    return report(
        "replay",
        {
            "agents": AGENTS,
            "events": events,
            "rounds": rounds,
            "sql": {"ours": verbs.sql, "windowed": WINDOWED},
        },
        {f"{name}_seconds": summary(values, 2) for name, values in seen.items()}
        | {f"{part}_seconds": summary(values, 2) for part, values in bench.parts.items()}
        | {
            "whole_back_test_seconds": summary(whole, 2),
            "whole_over_windowed": ratio(whole, seen["windowed"]),
            "replay_us_per_event": round(1e6 * sum(seen["replay"]) / rounds / events, 2),
            "results_written": bench.results,
            "peak_process_mb": round(peak.process),
            "peak_backend_mb": round(peak.backend),
        },
        {"replay": ratio(seen["replay"], seen["windowed"])},
    )


def tell(found: dict[str, Any]) -> str:
    """The result in words."""
    lines = [
        f"{name:<32} {value['median']:>10,.2f}  ({value['least']:,.2f} to {value['most']:,.2f})"
        if isinstance(value, dict)
        else f"{name:<32} {value:>10,}"
        for name, value in found["measures"].items()
    ]
    return "\n".join(
        [*lines, *(f"ratio {name:<26} {value:>10.2f}" for name, value in found["ratios"].items())]
    )
