"""Named places at which something is known to be in flight, so that a blow can fall exactly there."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Protocol

import httpx
import psycopg
import redis
from rq.registry import StartedJobRegistry

from erp.kernel import outbox
from erp.up import Instance

HELD_AT_MOST = 1.0
"""Seconds for which a table stays locked in vain: the whole instance may be waiting for it."""


class Place(Protocol):
    """Set up before the work begins; `seen` tells who has come, or nothing yet; `lift` lets everybody go on."""

    name: str

    def set_up(self, instance: Instance) -> None: ...

    def seen(self) -> str | None: ...

    def lift(self) -> None: ...


class AtBank:
    """The simulated bank has done what it was asked and does not answer yet."""

    def __init__(self, operation: str):
        self.operation = operation
        self.name = f"{operation}, after the bank's commit"

    def set_up(self, instance: Instance) -> None:
        self.http = httpx.Client(base_url=instance.env["REF_TBANK_URL"], timeout=30, trust_env=False)
        self.http.post("/_control/barrier", json={"operation": self.operation}).raise_for_status()

    def seen(self) -> str | None:
        waiting = self._status()["waiting"]
        return f"the bank holds the client of {waiting[0]['order_id']}" if waiting else None

    def abandoned(self) -> int:
        """How many clients died at a barrier, ever."""
        number: int = self._status()["abandoned"]
        return number

    def lift(self) -> None:
        self.http.post("/_control/barrier/release").raise_for_status()

    def _status(self) -> dict:
        return self.http.get("/_control/barrier").raise_for_status().json()


class AtTable:
    """A worker waits for a table that we hold locked, in a statement that contains `query`."""

    def __init__(self, name: str, table: str, mode: str, query: str = ""):
        self.name, self.table, self.mode, self.query = name, table, mode, query

    def set_up(self, instance: Instance) -> None:
        self.superuser = instance.urls["SUPERUSER_URL"]
        self._lock()

    def _lock(self) -> None:
        self.holder = psycopg.connect(self.superuser, dbname="ref")
        self.holder.execute(f"lock table {self.table} in {self.mode} mode")
        self.locked_at = time.monotonic()

    def seen(self) -> str | None:
        """Lets everybody through for a moment when those who came were not the ones we wait for."""
        if time.monotonic() > self.locked_at + HELD_AT_MOST:
            self.lift()
            self._lock()
        return self._waiting()

    def _waiting(self) -> str | None:
        with psycopg.connect(self.superuser, dbname="ref") as connection:
            waiting = connection.execute(
                """select count(*) from pg_locks l join pg_stat_activity a on a.pid = l.pid
                   where l.relation = cast(%s as regclass) and not l.granted and strpos(a.query, %s) > 0""",
                [self.table, self.query],
            ).fetchone()
        return f"{waiting[0]} sessions wait for {self.table}" if waiting and waiting[0] else None

    def lift(self) -> None:
        self.holder.close()


class WhileTexting:
    """The SMS gateway has sent a text and takes its time to say so."""

    name = "a text on its way"
    SECONDS = 4

    def set_up(self, instance: Instance) -> None:
        self.http = httpx.Client(base_url=instance.env["REF_SMS_URL"], timeout=30, trust_env=False)
        slow = {"operation": "send", "fault": "delay", "seconds": self.SECONDS, "times": 1}
        self.http.post("/_control/misbehave", json=slow).raise_for_status()
        self.started = StartedJobRegistry(
            outbox.QUEUE, connection=redis.Redis.from_url(instance.env["REDIS_URL"])
        )

    def seen(self) -> str | None:
        """The fault is used up and RQ has a started job: one worker is inside the slow call."""
        taken = not self.http.get("/_control/misbehave").raise_for_status().json()["faults"]
        started = self.started.get_job_ids(cleanup=False) if taken else []
        return f"RQ says started: {len(started)}" if started else None

    def lift(self) -> None:
        with suppress(httpx.HTTPError):
            self.http.delete("/_control/misbehave")


def books() -> AtTable:
    """A job is about to lock the agents' accounts and to book."""
    return AtTable("books open, nothing written", "account", "exclusive")


def news() -> AtTable:
    """The work is committed, and its news is about to be struck off."""
    return AtTable("work done, its news not struck off", "outbox", "share", "delete from outbox")
