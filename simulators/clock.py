"""The simulators' clock: real time, moved by whatever offset the mock database holds."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg

FRESH_SECONDS = 0.2

log = logging.getLogger(__name__)


class Clock:
    """Without a database real time; with one, its `ref_now()`, asked at most five times a second."""

    def __init__(self, database: str | None = None):
        self._database = database
        self._connection: psycopg.Connection | None = None
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._asked_at = float("-inf")

    def now(self) -> datetime:
        return datetime.now(UTC) + self._current_offset()

    def look(self) -> datetime:
        """The same, asked this very moment."""
        with self._lock:
            self._asked_at = float("-inf")
        return self.now()

    def _current_offset(self) -> timedelta:
        if self._database is None:
            return self._offset
        with self._lock:
            if time.monotonic() - self._asked_at > FRESH_SECONDS:
                self._ask(self._database)
                self._asked_at = time.monotonic()
            return self._offset

    def _ask(self, database: str) -> None:
        """A database that is away, or not migrated yet, leaves the last known offset in force."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(database, autocommit=True, connect_timeout=2)
            row = self._connection.execute("select ref_now()").fetchone()
            assert row is not None
            self._offset = row[0].astimezone(UTC) - datetime.now(UTC)
        except psycopg.Error as error:
            log.warning("the clock database does not answer: %s", type(error).__name__)
            if self._connection is not None:
                self._connection.close()
            self._connection = None


class Moment(Clock):
    """A clock that stands still, for what happened then."""

    def __init__(self, at: datetime):
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        return self._at
