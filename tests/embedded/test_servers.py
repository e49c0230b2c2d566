"""Embedded servers: they start, share, survive and stop, as root and as anybody else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from erp import embedded
from erp.embedded import EmbeddedError, places, servers, watchdog
from tests.support.waiting import wait_until

OWNER = """
import sys
from pathlib import Path
from erp import embedded

servers = embedded.start(Path(sys.argv[1]))
numbers = {name: process.pid for name, process in servers.processes.items()}
print(*numbers.values(), servers.guard.pid, flush=True)
for line in sys.stdin:
    servers.add_child(int(line))
    print("watched", flush=True)
"""


@pytest.fixture
def var() -> Iterator[Path]:
    with embedded.temporary_var() as folder:
        yield folder


class Owner:
    """Another process that owns servers."""

    def __init__(self, var: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(var)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.postgres, self.valkey, self.watchdog = map(int, self.process.stdout.readline().split())

    def watch(self, pid: int) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{pid}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "watched\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def write_row(urls: dict[str, str]) -> None:
    with psycopg.connect(urls["DATABASE_OWNER_URL"]) as connection:
        connection.execute("create table kept (word text)")
        connection.execute("insert into kept values ('кафе')")


def read_row(urls: dict[str, str]) -> str:
    with psycopg.connect(urls["DATABASE_OWNER_URL"]) as connection:
        (word,) = connection.execute("select word from kept").fetchone() or ("",)
    return word


def test_both_servers_start_and_know_two_roles_and_the_extensions(var: Path) -> None:
    started = embedded.start(var, durable=False)
    try:
        with psycopg.connect(started.urls["DATABASE_URL"]) as connection:
            assert connection.execute("select current_user, similarity('кафе', 'кафа') > 0").fetchone() == (
                "ref_app",
                True,
            )
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("create table mine (id int)")
        with psycopg.connect(started.urls["DATABASE_OWNER_URL"]) as connection:
            assert connection.execute(
                "select pg_get_userbyid(datdba) from pg_database where datname = 'ref'"
            ).fetchone() == ("ref_owner",)
        assert redis.Redis.from_url(started.urls["REDIS_URL"]).ping()
    finally:
        started.stop()


def test_data_outlive_a_stop(var: Path) -> None:
    first = embedded.start(var)
    write_row(first.urls)
    redis.Redis.from_url(first.urls["REDIS_URL"]).set("queue", "job")
    first.stop()
    second = embedded.start(var)
    try:
        assert read_row(second.urls) == "кафе"
        assert redis.Redis.from_url(second.urls["REDIS_URL"]).get("queue") == b"job"
    finally:
        second.stop()


def test_a_second_process_shares_the_running_servers(var: Path) -> None:
    owner = Owner(var)
    shared = embedded.start(var)
    try:
        assert shared.processes == {}
        write_row(shared.urls)
        shared.stop()
        assert watchdog.alive(owner.postgres), "who only shares must not stop what others own"
    finally:
        owner.kill()


def test_servers_and_children_stop_when_their_owner_is_killed(var: Path) -> None:
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    owner = Owner(var)
    owner.watch(child.pid)
    owner.kill()
    wait_until(lambda: child.poll() is not None)
    wait_until(lambda: not watchdog.alive(owner.postgres) and not watchdog.alive(owner.valkey))


def test_nothing_committed_is_lost_when_everything_is_killed(var: Path) -> None:
    owner = Owner(var)
    shared = embedded.start(var)
    write_row(shared.urls)
    shared.stop()
    for pid in (owner.watchdog, owner.postgres, owner.valkey):
        os.kill(pid, signal.SIGKILL)
    owner.kill()
    recovered = embedded.start(var)
    try:
        assert read_row(recovered.urls) == "кафе"
    finally:
        recovered.stop()


def test_servers_that_lost_owner_and_watchdog_are_taken_over(var: Path) -> None:
    owner = Owner(var)
    os.kill(owner.watchdog, signal.SIGKILL)
    owner.kill()
    assert watchdog.alive(owner.postgres)
    again = embedded.start(var)
    try:
        assert not watchdog.alive(owner.postgres)
        assert not watchdog.alive(owner.valkey)
        assert redis.Redis.from_url(again.urls["REDIS_URL"]).ping()
    finally:
        again.stop()


def test_two_projects_live_side_by_side(var: Path) -> None:
    with embedded.temporary_var() as other_var:
        one, other = embedded.start(var, durable=False), embedded.start(other_var, durable=False)
        try:
            write_row(one.urls)
            with pytest.raises(psycopg.errors.UndefinedTable):
                read_row(other.urls)
        finally:
            one.stop()
            other.stop()


def test_paths_with_spaces_and_other_letters_work(var: Path) -> None:
    odd = var.parent / "мой проект" / "var"
    started = embedded.start(odd, durable=False)
    try:
        write_row(started.urls)
    finally:
        started.stop()
        places.find(odd).sockets.rmdir()


def test_a_project_in_a_closed_folder_works_even_for_root_who_steps_down(var: Path) -> None:
    closed = var.parent / "closed"
    closed.mkdir(mode=0o700)
    started = embedded.start(closed / "var", durable=False)
    try:
        write_row(started.urls)
        assert closed.stat().st_mode & 0o077 == 0, "the folder stays closed"
    finally:
        started.stop()
        where = places.find(closed / "var")
        if where.staged:
            shutil.rmtree(where.base)


def test_a_user_unknown_to_the_system_is_told_what_to_do() -> None:
    with pytest.raises(EmbeddedError, match=r"user id 4242424.*DATABASE_URL"):
        places._known_account(4242424, stepped_down=False)


def test_data_of_another_postgresql_are_refused_with_a_reason(var: Path) -> None:
    where = places.find(var)
    where.prepare()
    (where.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 17"):
        embedded.start(var)


def test_a_full_disk_is_named(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "NEEDED_MEGABYTES", 10**9)
    with pytest.raises(EmbeddedError, match="MB are free"):
        embedded.start(var)


def test_a_server_that_cannot_start_shows_the_end_of_its_log(var: Path) -> None:
    embedded.start(var, durable=False).stop()
    with (places.find(var).data / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = nonsense\n")
    with pytest.raises(EmbeddedError, match=r'(?s)postgres did not start.*"shared_buffers": "nonsense"'):
        embedded.start(var)
