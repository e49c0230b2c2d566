"""The database: the Flask-SQLAlchemy object (all that the domain sees of Flask) and plain SQL helpers."""

from __future__ import annotations

import datetime as dt
import select
import uuid
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import psycopg
import sqlalchemy as sa
import sqlalchemy.orm as so
from flask_sqlalchemy import SQLAlchemy
from psycopg.pq import TransactionStatus
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DisconnectionError, IntegrityError

from erp.kernel import round_trip
from erp.kernel.reading import PREPARED, Pool, prepared_on, read

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class Base(so.DeclarativeBase):
    """Types every table shares: timestamps carry a zone, text has no length, integers hold kopecks."""

    registry = so.registry(
        metadata=sa.MetaData(naming_convention=NAMING),
        type_annotation_map={
            dt.datetime: sa.DateTime(timezone=True),
            uuid.UUID: sa.Uuid(),
            str: sa.Text(),
            int: sa.BigInteger(),
            bytes: sa.LargeBinary(),
            dict[str, Any]: postgresql.JSONB(),
            list[str]: postgresql.ARRAY(sa.Text()),
        },
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"autoflush": False})

Row = sa.Row[*tuple[Any, ...]]
"""A row of any columns: it unpacks like a tuple and answers by name."""


READING = {
    "isolation_level": "AUTOCOMMIT",
    "connect_args": {"options": "-c default_transaction_read_only=on"},
    "poolclass": Pool,
}
"""How connections are until somebody opens a transaction: each statement stands alone, which at READ COMMITTED sees
the same and spares two round trips, and the database refuses every write."""
WRITING = {"isolation_level": "READ COMMITTED", "postgresql_readonly": False}
"""What a transaction makes of a connection beside the session's while it lasts."""
BEGIN = "begin isolation level read committed read write"
"""How the session's own transaction opens. It goes with the transaction's first statement."""
UNBEGUN = "unbegun"
"""Says of a connection that its transaction opens with the next statement."""


SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""What several reads of one moment make of it."""


def writing() -> sa.Connection:
    """A connection beside the session's, for what must stay when the session is rolled back. The caller commits."""
    return db.engine.connect().execution_options(**WRITING)


@sa.event.listens_for(sa.pool.Pool, "checkout")
def _refuse_dead(dbapi_connection: Any, record: Any, _proxy: object) -> None:
    """Nothing to read from a server that was asked nothing: if there is, it said goodbye, and the pool connects anew.

    Costs a look at the socket where a ping costs a round trip. A transaction that its last user never opened is
    forgotten.
    """
    record.info.pop(UNBEGUN, None)
    poll = select.poll()
    poll.register(dbapi_connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError


HELD = "held"
"""Where the session keeps its connection while a door's transaction is open."""


def begin_with_next() -> None:
    """The session's next statement opens a transaction, and every one after it belongs to it until the session ends
    it. Nothing is sent yet: a round trip for BEGIN alone costs as much as a small statement."""
    session = db.session()
    session.info[HELD] = connection = session.connection()
    connection.info[UNBEGUN] = True


def let_go() -> None:
    """The transaction that `begin_with_next` opened has ended."""
    db.session().info.pop(HELD, None)


def _connection() -> sa.Connection:
    """The session's connection. Inside a transaction it is at hand: to ask the session for it takes longer than to
    send a statement. In a part that may be undone the session is asked, because that is when it opens the part."""
    session = db.session()
    held: sa.Connection | None = session.info.get(HELD)
    return session.connection() if held is None or session.in_nested_transaction() else held


@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def _begin(connection: sa.Connection, cursor: Any, *_: object) -> None:
    if connection.info.pop(UNBEGUN, False):
        cursor.connection.execute(BEGIN)


DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]


@lru_cache(maxsize=1024)
def _driver_sql(sql: str) -> str:
    """A statement as the driver takes it: to work that out, and to look it up, takes longer than sending it."""
    return str(sa.text(sql).compile(dialect=DIALECT))


def execute(sql: str, **params: Any) -> sa.CursorResult[*tuple[Any, ...]]:
    """Run one statement in the open session."""
    return _connection().exec_driver_sql(_driver_sql(sql), params)


def stream(sql: str, size: int, **params: Any) -> Iterator[Sequence[Row]]:
    """The rows of one statement by `size` at a time, over a cursor of the database: the rest waits there."""
    options = {"yield_per": size}
    yield from (
        db.session.connection()
        .exec_driver_sql(_driver_sql(sql), params, execution_options=options)
        .partitions()
    )


NUMBERED = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


@lru_cache(maxsize=2048)
def _numbered_sql(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement as the database takes it, with $1, $2 …, and the names of the parameters in that order."""
    compiled = sa.text(sql).compile(dialect=NUMBERED)
    return str(compiled).encode(), tuple(compiled.positiontup or ())


def rows_for_many(sql: str, **columns: Sequence[Any]) -> round_trip.Rows:
    """Run one statement that unnests many things from arrays of columns. A column that says nothing is no array: beside
    the others it comes out as long, and nobody writes or reads a thousand times null."""
    said = {name: None if column.count(None) == len(column) else column for name, column in columns.items()}
    return _send([(sql, said)])[0]


def together(*statements: tuple[str, dict[str, Any]]) -> list[round_trip.Rows]:
    """Run several statements in one round trip, one after the other; the rows of each.

    Each sees what was committed before it began, as if sent alone: one may lock what the next one counts. They are
    prepared at once, so this is for statements that come again and again.
    """
    return _send(statements)


def _send(statements: Sequence[tuple[str, dict[str, Any]]]) -> list[round_trip.Rows]:
    connection = _connection()
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    assert driver.autocommit, "nobody would open the transaction of a snapshot"
    begins = connection.info.pop(UNBEGUN, False)
    told: list[round_trip.Statement] = [(BEGIN.encode(), ())] if begins else []
    for sql, params in statements:
        text, names = _numbered_sql(sql)
        told.append((text, [params[name] for name in names]))
    try:
        answers = round_trip.send(driver, prepared_on(connection, driver), told)
    except BaseException as failure:
        if driver.closed:
            connection.invalidate(failure)
        if not isinstance(failure, psycopg.Error):
            raise
        raise sa.exc.DBAPIError.instance(
            statements[-1][0], None, failure, psycopg.Error, dialect=DIALECT
        ) from failure
    return answers[1:] if begins else answers


@sa.event.listens_for(sa.Engine, "rollback")
@sa.event.listens_for(sa.Engine, "rollback_savepoint")
def _forget_prepared(connection: sa.Connection, *_: object) -> None:
    """The driver has the database drop everything prepared when something is rolled back, ours with it."""
    if connection.invalidated:
        return
    prepared: round_trip.Prepared | None = connection.info.get(PREPARED)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    if prepared and driver.info.transaction_status != TransactionStatus.IDLE:
        prepared.forget()


def rows(sql: str, **params: Any) -> Sequence[Row]:
    if _has_none_open():
        text, names = _numbered_sql(sql)
        return read(db.engine, text, [params[name] for name in names])
    return execute(sql, **params).all()


def row(sql: str, **params: Any) -> Row | None:
    found = rows(sql, **params)
    if len(found) > 1:
        raise sa.exc.MultipleResultsFound(sql)
    return found[0] if found else None


def scalar(sql: str, **params: Any) -> Any:
    found = rows(sql, **params)
    return found[0][0] if found else None


def _has_none_open() -> bool:
    """Whether the session holds no connection: then nothing is set or written that a read would have to see."""
    return not (db.session.registry.has() and db.session().in_transaction())


def note_down(kind: str, thing: dict[str, Any]) -> None:
    """Keep what is to be written when the open transaction ends: values that JSON knows."""
    session = db.session()
    if not session.info.get("edge") or session.in_nested_transaction():
        raise RuntimeError(
            "deeds and news belong to an open transaction, and not to a part that may be undone"
        )
    session.info.setdefault(kind, []).append(thing)


def take_noted(kind: str) -> list[dict[str, Any]]:
    """What was noted of a kind; nothing stays."""
    found: list[dict[str, Any]] = db.session().info.pop(kind, [])
    return found


def violated(refusal: IntegrityError) -> str:
    """The name of the constraint by which the database refused."""
    assert isinstance(refusal.orig, psycopg.Error)
    return refusal.orig.diag.constraint_name or ""
