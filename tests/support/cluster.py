"""The tests' own cluster: servers in a throw-away folder, one migrated template, a fresh copy of it for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from erp import config, embedded
from erp.commands.migrate import migrate
from erp.embedded import Servers
from erp.up import environment, secrets
from tests.support import kept

TEMPLATE = "ref_template"
MEMORY = Path("/dev/shm")
ROOM = 3 * 2**30
"""Bytes that the servers of one run may need, with those of whole instances beside them."""


def work_in_memory() -> None:
    """Have all temporary files of this run in memory, when there is room: every test makes and removes hundreds of
    files of a database, which costs ten times as much on a disk."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


@contextmanager
def throwaway_cluster() -> Iterator[Servers]:
    """Servers for one run of the tests; their addresses and an instance's secrets go into the environment."""
    before = dict(os.environ)
    with embedded.temporary_var() as var:
        servers = embedded.start(var, durable=False)
        os.environ.clear()
        os.environ.update(environment.without_settings(before))
        os.environ.update(secrets.missing({}, var / "secrets") | servers.urls | {"REF_VAR": str(var)})
        try:
            yield servers
        finally:
            servers.stop()


def use_database(name: str, redis_number: int) -> None:
    """Point this process, and those it starts, at a database and a Redis number of their own."""
    for url in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        os.environ[url] = urlunsplit(urlsplit(os.environ[url])._replace(path=f"/{name}"))
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].partition('?')[0]}?db={redis_number}"
    os.environ["REF_ROOTS"] = str(_roots(name))
    config.get.cache_clear()


def superuser(database: str = "postgres") -> psycopg.Connection:
    """Past every grant, as somebody who means harm would be."""
    return psycopg.connect(os.environ["SUPERUSER_URL"], dbname=database, autocommit=True)


def make_template() -> None:
    """Migrate and stamp the template once; workers that come later find it."""
    with superuser() as connection:
        connection.execute("select pg_advisory_lock(1)")
        if connection.execute("select 1 from pg_database where datname = %s", [TEMPLATE]).fetchone():
            return
        try:
            connection.execute(f"create database {TEMPLATE} owner ref_owner")
            use_database(TEMPLATE, 0)
            migrate(config.get())
        except BaseException:
            connection.execute(f"drop database if exists {TEMPLATE} with (force)")
            raise


def renew(database: str, source: str = TEMPLATE) -> None:
    """Replace the database, whoever uses it, and the roots that have left it by copies of the source's (about 20 ms in
    memory). Nobody may be connected to the source, and nothing has left the template yet."""
    kept.forget(database)
    _renew_roots(database, source)
    connection = _maintenance(os.environ["SUPERUSER_URL"])
    connection.execute(f"drop database if exists {database} with (force)")
    connection.execute(f"create database {database} owner ref_owner template {source} strategy file_copy")


def refresh(database: str, source: str, let_go: Callable[[], None]) -> None:
    """Have the database hold what the source does and nothing else. Where rows alone have changed they are put back,
    so that those who are connected stay and need not learn the tables, the functions and the plans anew, which costs
    a test more than its own work. Else `let_go` has everybody leave, and it is copied."""
    if kept.put_back(database, source):
        _renew_roots(database, source)
        return
    let_go()
    renew(database, source)
    kept.keep(database, source)


def _renew_roots(database: str, source: str) -> None:
    shutil.rmtree(_roots(database), ignore_errors=True)
    if _roots(source).exists():
        shutil.copytree(_roots(source), _roots(database))


def _roots(database: str) -> Path:
    return Path(os.environ["REF_VAR"]) / f"roots-of-{database}"


@cache
def _maintenance(url: str) -> psycopg.Connection:
    """Kept open for all tests of this process: to connect anew costs a third of what a copy does."""
    return psycopg.connect(url, autocommit=True)


def logs() -> Path:
    return Path(os.environ["REF_VAR"]) / "log"
