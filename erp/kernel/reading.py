"""A read that stands alone goes to the server past SQLAlchemy, over a connection that stays at hand.

A result of SQLAlchemy costs as much as a small read: it describes every column for uses that a read of ours has none
of. So does the way of a connection out of the pool and back.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.adapt import Transformer
from psycopg.pq.abc import PGresult
from sqlalchemy.pool import PoolProxiedConnection

from erp.kernel.round_trip import Prepared, ask

AT_HAND = 4
"""Connections that stay with those who read: a web process has two threads. Who finds none takes one from the pool."""
PREPARED = "prepared"
"""Where a connection keeps what is prepared on it."""


class Pool(sa.QueuePool):
    """The pool of connections, and those that are out of it for reading."""

    _sqla_logger_namespace = "sqlalchemy.pool"

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self.at_hand: list[PoolProxiedConnection] = []

    def dispose(self) -> None:
        while self.at_hand:
            self.at_hand.pop().close()
        super().dispose()


def read(engine: sa.Engine, text: bytes, values: Sequence[Any]) -> list[Any]:
    """The rows of one statement with $1, $2 …, each a tuple that answers by name.

    Raises what SQLAlchemy would. A connection that ended while it lay at hand is replaced, and asked again: a read that
    stands alone changes nothing, and the database sees to that.
    """
    pool = engine.pool
    assert isinstance(pool, Pool)
    try:
        connection = pool.at_hand.pop()
    except IndexError:
        return _read(engine, pool, engine.raw_connection(), text, values)
    try:
        return _read(engine, pool, connection, text, values)
    except sa.exc.DBAPIError as failure:
        if not failure.connection_invalidated:
            raise
    return _read(engine, pool, engine.raw_connection(), text, values)


def _read(
    engine: sa.Engine, pool: Pool, connection: PoolProxiedConnection, text: bytes, values: Sequence[Any]
) -> list[Any]:
    driver = connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        found = ask(driver, prepared_on(connection, driver), text, values, _rows)
    except BaseException as failure:
        if driver.closed or not isinstance(failure, psycopg.Error):
            connection.invalidate()
        connection.close()
        if not isinstance(failure, psycopg.Error):
            raise
        raise sa.exc.DBAPIError.instance(
            text.decode(),
            tuple(values),
            failure,
            psycopg.Error,
            dialect=engine.dialect,
            connection_invalidated=driver.closed,
        ) from failure
    if len(pool.at_hand) < AT_HAND and pool is engine.pool:
        pool.at_hand.append(connection)
    else:
        connection.close()
    return found


def prepared_on(
    connection: sa.Connection | PoolProxiedConnection, driver: psycopg.Connection[Any]
) -> Prepared:
    """What is prepared on a connection."""
    prepared: Prepared | None = connection.info.get(PREPARED)
    if prepared is None:
        prepared = connection.info[PREPARED] = Prepared(Transformer(driver))
    return prepared


def shaped(names: Iterable[str], found: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Tuples that answer by name, as rows do; many times quicker to make than anything that copies a row."""
    shape, make = _shape(tuple(names)), tuple.__new__
    return [make(shape, values) for values in found]


def _rows(answer: PGresult) -> Callable[[Sequence[Any]], Any]:
    """How rows are made of what was answered."""
    names = [answer.fname(at) for at in range(answer.nfields)]
    return partial(tuple.__new__, _named(tuple(names)))


@lru_cache(maxsize=512)
def _named(names: tuple[bytes | None, ...]) -> type[tuple[Any, ...]]:
    return _shape(tuple([(name or b"").decode() for name in names]))


@lru_cache(maxsize=512)
def _shape(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    return namedtuple("Shaped", names, rename=True)  # its names are known when it is made
