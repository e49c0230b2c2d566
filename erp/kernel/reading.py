"""A read that stands alone goes to the driver itself, and its connection back to the pool at once.

A result of SQLAlchemy costs as much as a small read: it describes every column for uses that a read of ours has none of.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any

import psycopg
import sqlalchemy as sa


def read(engine: sa.Engine, sql: str, params: dict[str, Any]) -> list[Any]:
    """The rows of one statement in the driver's words, each a tuple that answers by name.

    Raises what SQLAlchemy would.
    """
    connection = engine.raw_connection()
    driver = connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        return driver.cursor(row_factory=_rows).execute(sql, params).fetchall()
    except BaseException as failure:
        if driver.closed or not isinstance(failure, psycopg.Error):
            connection.invalidate()
        if not isinstance(failure, psycopg.Error):
            raise
        raise sa.exc.DBAPIError.instance(
            sql, params, failure, psycopg.Error, dialect=engine.dialect, connection_invalidated=driver.closed
        ) from failure
    finally:
        connection.close()


def shaped(names: Iterable[str], found: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Tuples that answer by name, as rows do; many times quicker to make than anything that copies a row."""
    shape, make = _shape(tuple(names)), tuple.__new__
    return [make(shape, values) for values in found]


def _rows(cursor: psycopg.Cursor[Any]) -> Callable[[Iterable[Any]], Any]:
    """How the driver makes the rows of what it was just answered."""
    answer = cursor.pgresult
    if answer is None:
        return tuple
    return partial(tuple.__new__, _named(tuple([answer.fname(at) for at in range(answer.nfields)])))


@lru_cache(maxsize=512)
def _named(names: tuple[bytes, ...]) -> type[tuple[Any, ...]]:
    return _shape(tuple([name.decode() for name in names]))


@lru_cache(maxsize=512)
def _shape(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    return namedtuple("Shaped", names, rename=True)  # its names are known when it is made
