"""The database: the Flask-SQLAlchemy object (all that the domain sees of Flask) and plain SQL helpers."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg
import sqlalchemy as sa
import sqlalchemy.orm as so
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

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


@lru_cache(maxsize=1024)
def _text(sql: str) -> sa.TextClause:
    """Looking for the parameters of a long statement takes longer than sending it."""
    return sa.text(sql)


def execute(sql: str, **params: Any) -> sa.CursorResult[*tuple[Any, ...]]:
    """Run one statement in the open session."""
    return db.session.execute(_text(sql), params)  # type: ignore[return-value]


def rows(sql: str, **params: Any) -> Sequence[Row]:
    return execute(sql, **params).all()


def row(sql: str, **params: Any) -> Row | None:
    return execute(sql, **params).one_or_none()


def scalar(sql: str, **params: Any) -> Any:
    return execute(sql, **params).scalar()


def violated(refusal: IntegrityError) -> str:
    """The name of the constraint by which the database refused."""
    assert isinstance(refusal.orig, psycopg.Error)
    return refusal.orig.diag.constraint_name or ""
