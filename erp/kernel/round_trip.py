"""Several statements in one round trip, over libpq's pipeline.

The driver's own pipeline writes each statement to the socket by itself and keeps a cursor for each: three statements
cost the processor three times what they cost here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg
from psycopg import abc, generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

Statement = tuple[bytes, Sequence[Any], PyFormat]
"""A text with $1, $2 …, what stands for them, and whether that travels in text, in binary or as the driver likes."""
Rows = list[tuple[Any, ...]]


@dataclass
class Prepared:
    """What one connection has prepared: names by text and types of parameters."""

    names: dict[tuple[bytes, tuple[int, ...]], bytes] = field(default_factory=dict)
    stale: list[bytes] = field(default_factory=list)
    """Names that the database may still know, to be closed by the way; closing one that it does not is no error."""

    def forget(self) -> None:
        self.stale += self.names.values()
        self.names.clear()


_numbers = count()


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
    return [_rows(adapter, answer) for adapter, answer in zip(sent, answers, strict=True) if adapter]


def _put_in(
    driver: psycopg.Connection[Any], prepared: Prepared, statements: Sequence[Statement]
) -> list[abc.Transformer | None]:
    """Queue everything; for each answer that will come, what reads it, or None when there is nothing to read."""
    sent: list[abc.Transformer | None] = []
    while prepared.stale:
        driver.pgconn.send_close_prepared(prepared.stale.pop())
        sent.append(None)
    for text, values, format in statements:
        adapter: abc.Transformer = Transformer(driver)
        dumped = adapter.dump_sequence(values, [format] * len(values))
        key = text, adapter.types or ()
        if (name := prepared.names.get(key)) is None:
            name = prepared.names[key] = b"ref_%d" % next(_numbers)
            driver.pgconn.send_prepare(name, text, adapter.types)
            sent.append(None)
        driver.pgconn.send_query_prepared(name, dumped, adapter.formats)
        sent.append(adapter)
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
