"""What is done to an instance while it works: processes killed and Valkey wiped, each at a named place."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil
import psycopg
import redis

from erp.up import Instance
from erp.walk.programs import until
from tests.chaos import places
from tests.chaos.places import AtBank, AtTable, Place, WhileTexting

ARRIVES_WITHIN = 120.0
"""Seconds within which something must come to a place; recovery from the blow before is part of it."""
RECOVERS_WITHIN = 240.0
WORKER, WEB, SCHEDULER, VALKEY = "worker pool", "web process", "scheduler", "Valkey"
HANDS = "worker processes"
"""The pool's own children, without the pool: it has to notice and to start others."""
KILLED = (WORKER, HANDS, WEB)
"""Those who may be held at a place."""
LEASED = ("Init", "Cancel")
"""Steps that nobody repeats for a minute after somebody began them."""


@dataclass
class Blow:
    """One kill or wipe, and what was seen to be in flight when it fell."""

    chapter: str
    victim: str
    place: str
    seen: str
    news: Future[float]
    """Seconds until every piece of news that was due when it fell was done."""

    @property
    def is_wipe(self) -> bool:
        return self.victim == VALKEY

    @property
    def hit_a_job(self) -> bool:
        """Whether a job was in flight: in the killed process, or anywhere when Valkey was wiped."""
        return self.victim in (WORKER, HANDS, VALKEY)

    def __str__(self) -> str:
        deed = "FLUSHALL" if self.is_wipe else f"SIGKILL to the {self.victim}"
        return f"{self.chapter}: {deed} at {self.place}; {self.seen}; due news done after {self.news.result():.1f} s"


Planned = dict[str, list[tuple[Callable[[], Place], str]]]
"""Per chapter of the load: where it hurts, and whom, one after another."""
PLAN: Planned = {
    "registration": [(WhileTexting, VALKEY)],
    "payments": [
        (lambda: AtBank("Init"), WEB),
        (lambda: AtBank("GetState"), HANDS),
        (places.books, WORKER),
        (places.news, HANDS),
        (lambda: AtBank("GetState"), VALKEY),
    ],
    "refunds": [(lambda: AtBank("Cancel"), WORKER), (lambda: AtBank("Cancel"), SCHEDULER)],
    "payouts": [(lambda: AtBank("sbp.Payment"), WORKER), (lambda: AtBank("sbp.Payment"), VALKEY)],
}
BEFORE_THEM: Planned = {
    "maturity": [(places.books, HANDS)],
    "payouts": [(lambda: AtBank("sbp.Init"), HANDS)],
}
"""What a thorough run does first; each costs the wait for lost news once more."""


class Saboteur:
    """Hurts one instance, chapter by chapter of its load. `outlast_leases` lets so much time pass that whoever was
    killed while asking the bank is not waited for any longer."""

    def __init__(self, instance: Instance, *, thorough: bool, outlast_leases: Callable[[], None]):
        self.instance = instance
        self.blows: list[Blow] = []
        self._plans = (BEFORE_THEM, PLAN) if thorough else (PLAN,)
        self._outlast_leases = outlast_leases
        self._watchers = ThreadPoolExecutor(32, "watcher")

    def beside(self, chapter: str) -> Callable[[], None]:
        """Set the first place of the chapter up at once; what is returned lets its blows fall, one after another."""
        blows = [(make(), victim) for plan in self._plans for make, victim in plan.get(chapter, [])]
        if blows:
            blows[0][0].set_up(self.instance)

        def fall() -> None:
            for number, (place, victim) in enumerate(blows, start=1):
                after = blows[number][0] if number < len(blows) else None
                try:
                    self._strike(chapter, place, victim)
                finally:
                    if isinstance(after, AtTable):  # before the one who is held here goes on, and comes there
                        after.set_up(self.instance)
                    place.lift()
                if isinstance(after, AtBank):  # whose barriers are all lifted at once
                    after.set_up(self.instance)
                if victim in KILLED and isinstance(place, AtBank) and place.operation in LEASED:
                    self._outlast_leases()

        return fall

    def hands(self) -> int:
        """How many processes the worker pool consists of, the pool itself included."""
        pool = self.instance.processes["worker"]
        return sum(1 for process in psutil.process_iter() if _leads(pool, process.pid))

    def _strike(self, chapter: str, place: Place, victim: str) -> None:
        seen = until(place.seen, f"{chapter}: somebody at {place.name}", ARRIVES_WITHIN)
        due = self._due_news()
        died_before = place.abandoned() if isinstance(place, AtBank) else 0
        {
            WORKER: lambda: self.instance.kill("worker"),
            HANDS: self._kill_hands,
            WEB: self._kill_web,
            SCHEDULER: lambda: self.instance.kill("scheduler"),
            VALKEY: lambda: redis.Redis.from_url(self.instance.env["REDIS_URL"]).flushall(),
        }[victim]()
        watched = self._watchers.submit(self._until_done, due, time.monotonic())
        self.blows.append(Blow(chapter, victim, place.name, f"{seen}, {len(due)} news due", watched))
        if isinstance(place, AtBank) and victim in KILLED:
            until(
                lambda: place.abandoned() > died_before, f"{chapter}: the death of the client at {place.name}"
            )

    def _kill_hands(self) -> None:
        for hand in psutil.Process(self.instance.processes["worker"]).children():
            hand.kill()

    def _kill_web(self) -> None:
        """The web process whose connection to the bank stays open, because the bank holds it."""
        port = urlsplit(self.instance.env["REF_TBANK_URL"]).port
        before = self._connected_to(port)
        time.sleep(0.3)
        for pid in {pid for pid, _ in before & self._connected_to(port)}:
            os.kill(pid, signal.SIGKILL)

    def _connected_to(self, port: int | None) -> set[tuple[int, int]]:
        """Web processes and their own ends of connections to a port."""
        return {
            (child.pid, connection.laddr.port)
            for child in psutil.Process(self.instance.processes["web"]).children()
            for connection in child.net_connections("tcp")
            if connection.raddr and connection.raddr.port == port
        }

    def _due_news(self) -> list[int]:
        with psycopg.connect(self.instance.env["DATABASE_URL"]) as connection:
            return [
                id for (id,) in connection.execute("select id from outbox where due_at <= clock_timestamp()")
            ]

    def _until_done(self, ids: list[int], since: float) -> float:
        with psycopg.connect(self.instance.env["DATABASE_URL"], autocommit=True) as connection:

            def done() -> bool:
                return not connection.execute(
                    "select 1 from outbox where id = any(%s) limit 1", [ids]
                ).fetchall()

            until(done, "the end of news that were due when a blow fell", RECOVERS_WITHIN)
        return time.monotonic() - since


def _leads(pool: int, pid: int) -> bool:
    try:
        return os.getpgid(pid) == pool
    except ProcessLookupError:
        return False
