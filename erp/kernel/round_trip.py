"""Statements in one round trip, over libpq itself: one alone, or several through its pipeline.

The driver waits for an answer in steps of Python, which costs the processor as much as a small read. Its own pipeline
writes each statement to the socket by itself and keeps a cursor for each: three statements cost three times what they
cost here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg
from psycopg import abc, generators
from psycopg.adapt import PyFormat
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

Statement = tuple[bytes, Sequence[Any]]
"""A text with $1, $2 …, and what stands for them."""
Rows = list[tuple[Any, ...]]
Key = tuple[bytes, tuple[int, ...]]
"""A text and the types of its parameters."""
OFTEN = 5
"""How often a text comes to a connection before it is prepared there, as the driver would have it."""
MOST = 200
"""Texts that are prepared on a connection; those not used for longest are closed."""
_numbers = count()


@dataclass
class Prepared:
    """What one connection has prepared, by name, and what it was asked too seldom for that."""

    adapter: abc.Transformer
    """Writes parameters and reads rows. It knows how to, once it has seen a type; to begin anew with each statement takes
    longer than the statement."""
    names: OrderedDict[Key, bytes] = field(default_factory=OrderedDict)
    seldom: OrderedDict[Key, int] = field(default_factory=OrderedDict)
    stale: list[bytes] = field(default_factory=list)
    """Names that the database may still know, to be closed by the way; closing one that it does not is no error."""

    def find(self, key: Key) -> bytes | None:
        """The name of what is prepared already."""
        name = self.names.get(key)
        if name is not None:
            self.names.move_to_end(key)
        return name

    def is_due(self, key: Key) -> bool:
        """Whether what comes once more has come often enough to be prepared."""
        times = self.seldom.pop(key, 0) + 1
        if times < OFTEN:
            self.seldom[key] = times
        if len(self.seldom) > MOST:
            self.seldom.popitem(last=False)
        return times >= OFTEN

    def add(self, key: Key) -> bytes:
        """A name for what is prepared now."""
        name = self.names[key] = b"ref_%d" % next(_numbers)
        if len(self.names) > MOST:
            self.stale.append(self.names.popitem(last=False)[1])
        return name

    def drop(self, key: Key) -> None:
        if name := self.names.pop(key, None):
            self.stale.append(name)

    def forget(self) -> None:
        self.stale += self.names.values()
        self.names.clear()


def ask(
    driver: psycopg.Connection[Any],
    prepared: Prepared,
    text: bytes,
    values: Sequence[Any],
    make: Callable[[PGresult], Callable[[Sequence[Any]], Any]],
) -> list[Any]:
    """The rows of one statement with $1, $2 …; `make` answers how they are made of what came.

    Raises what the driver would. The thread waits inside libpq, where no other waits for it.
    """
    adapter = prepared.adapter
    dumped = adapter.dump_sequence(values, [PyFormat.AUTO] * len(values))
    key, server = (text, adapter.types or ()), driver.pgconn
    if prepared.stale:
        server.close_prepared(prepared.stale.pop())
    name = prepared.find(key)
    if name is None and prepared.is_due(key):
        name = prepared.add(key)
        server.prepare(name, text, adapter.types)
    if name is None:
        answer = server.exec_params(text, dumped, adapter.types, adapter.formats)
    else:
        answer = server.exec_prepared(name, dumped, adapter.formats)  # type: ignore[arg-type]  # takes None
    if answer.status == ExecStatus.FATAL_ERROR:
        prepared.drop(key)
        raise error_from_result(answer, encoding=driver.info.encoding)
    adapter.set_pgresult(answer)
    return adapter.load_rows(0, answer.ntuples, make(answer))


def send(driver: psycopg.Connection[Any], prepared: Prepared, statements: Sequence[Statement]) -> list[Rows]:
    """Run the statements one after the other; the rows of each. Once one is refused, none after it is run.

    Raises what the driver would for the one that was refused. When waiting ends otherwise, the connection is closed.
    """
    with driver.lock:
        driver.pgconn.enter_pipeline_mode()
        try:
            sent = _put_in(driver, prepared, statements)
            answers = driver.wait(_answers(driver, len(sent)))
        except BaseException:
            driver.close()  # nobody knows what would still come over it
            raise
        driver.pgconn.exit_pipeline_mode()
    for answer in answers:
        if answer.status == ExecStatus.FATAL_ERROR:
            prepared.forget()
            raise error_from_result(answer, encoding=driver.info.encoding)
    return [_rows(prepared.adapter, answer) for asked, answer in zip(sent, answers, strict=True) if asked]


def _put_in(
    driver: psycopg.Connection[Any], prepared: Prepared, statements: Sequence[Statement]
) -> list[bool]:
    """Queue everything; for each answer that will come, whether a statement was asked for it."""
    sent: list[bool] = []
    adapter = prepared.adapter
    while prepared.stale:
        driver.pgconn.send_close_prepared(prepared.stale.pop())
        sent.append(False)
    for text, values in statements:
        # Written out as text, a list takes the driver three times as long.
        formats = [PyFormat.BINARY if isinstance(value, list) else PyFormat.AUTO for value in values]
        dumped = adapter.dump_sequence(values, formats)
        key = text, adapter.types or ()
        if (name := prepared.find(key)) is None:
            name = prepared.add(key)
            driver.pgconn.send_prepare(name, text, adapter.types)
            sent.append(False)
        driver.pgconn.send_query_prepared(name, dumped, adapter.formats)
        sent.append(True)
    driver.pgconn.pipeline_sync()
    return sent


def _answers(driver: psycopg.Connection[Any], number: int) -> abc.PQGen[list[PGresult]]:
    yield from generators.send(driver.pgconn)
    answers: list[PGresult] = []
    for _ in range(number):
        answers += yield from generators.fetch_many(driver.pgconn)
    yield from generators.fetch_many(driver.pgconn)  # the end of the round trip
    return answers


def _rows(adapter: abc.Transformer, answer: PGresult) -> Rows:
    if answer.status != ExecStatus.TUPLES_OK:
        return []
    adapter.set_pgresult(answer)
    return adapter.load_rows(0, answer.ntuples, tuple)
