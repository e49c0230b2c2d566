"""One sound history, made once; every test damages a copy of its own."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import redis as redis_client
from flask import Flask

from erp.kernel.db import db
from tests.invariants import history
from tests.support import cluster


@pytest.fixture(scope="module")
def original(application: Flask, database_name: str) -> Iterator[str]:
    """The name of a database with a sound history."""
    name = f"{database_name}_history"
    with application.app_context():
        db.engine.dispose()
        cluster.renew(database_name)
        history.happen()
        db.engine.dispose()
    cluster.renew(name, database_name)
    yield name
    with cluster.superuser() as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def books(application: Flask, database_name: str, original: str, redis: redis_client.Redis) -> Iterator[None]:
    """The history under the worker's own name, with the roots that left it, in an open context."""
    with application.app_context():
        cluster.refresh(database_name, original, db.engine.dispose)
        yield


@pytest.fixture
def damager(books: None, database_name: str) -> Iterator[psycopg.Connection]:
    """Somebody whom no grant binds and no trigger stops."""
    with cluster.superuser(database_name) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection
