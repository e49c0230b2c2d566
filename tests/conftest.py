"""What every test can ask for. The cluster belongs to the whole run; a database belongs to one test."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
import redis as redis_client
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from rq import Queue, SimpleWorker

from benchmarks import chromium
from erp import up
from erp.app import create_app
from erp.domain.staff import passwords
from erp.kernel import outbox
from erp.kernel.db import db
from erp.worker import QUEUES
from tests.support import browser, cluster

WHOLE_RUN = pytest.StashKey[ExitStack]()
MADE_ONCE_A_MODULE = {"found", "in_code", "merchant", "original", "twice"}
"""Fixtures of modules: a benchmark's figures, the texts of the code, a simulated bank's, two histories."""
LONGEST = (
    "tests/chaos/",
    "test_every_page_can_be_read_by_all",
    "tests/test_bench.py",
    "test_law_of_order.py",
)
"""What takes longest, after the tests that share one running instance."""


@pytest.hookimpl(tryfirst=True)  # before anything asks for a temporary folder
def pytest_configure(config: pytest.Config) -> None:
    """One cluster, owned by the process that outlives the workers of a parallel run, who share it."""
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        cluster.work_in_memory()
        config.stash[WHOLE_RUN] = ExitStack()
        config.stash[WHOLE_RUN].enter_context(cluster.throwaway_cluster())


def pytest_unconfigure(config: pytest.Config) -> None:
    if WHOLE_RUN in config.stash:
        config.stash[WHOLE_RUN].close()


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: somebody always waits, for a bank that is silent or a process that was killed."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what is costly to make go to one worker, so that it is made once: a whole running instance, or
    what a module's tests look at. What takes longest comes first, so that at the end nobody works alone."""
    for item in items:
        asks_for = set(getattr(item, "fixturenames", ()))
        if "instance" in asks_for:
            item.add_marker(pytest.mark.xdist_group("instance"))
        elif asks_for & MADE_ONCE_A_MODULE:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=_turn)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to go on where pytest-xdist forgets the groups, as it silently does with a pytest that it does not know."""
    for item in session.items:
        if hasattr(session.config, "workerinput") and item.get_closest_marker("xdist_group"):
            assert "@" in item.nodeid, f"{item.nodeid} has lost its group"


def _turn(item: pytest.Item) -> int:
    if any("instance" in mark.args for mark in item.iter_markers("xdist_group")):
        return 0
    return next(
        (number for number, name in enumerate(LONGEST, start=1) if name in item.nodeid), len(LONGEST) + 1
    )


@pytest.fixture(scope="session")
def database_name(worker_id: str) -> str:
    """The database of this worker. It exists, migrated and stamped, and the environment points at it."""
    cluster.make_template()
    name = f"test_{worker_id}"
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0
    cluster.use_database(name, number)
    cluster.renew(name)
    return name


@pytest.fixture(scope="session")
def quick_passwords() -> Iterator[None]:
    """Passwords are hashed with little effort; with the usual one, each of hundreds costs a fifth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
        yield
    passwords.of_nobody.cache_clear()


@pytest.fixture(scope="session")
def application(database_name: str, quick_passwords: None) -> Flask:
    app = create_app()
    app.testing = True
    gc.freeze()  # as a process of an instance does: what is loaded is never garbage
    return app


@pytest.fixture
def ground() -> str:
    """The database that this test gets a copy of: migrated and empty, unless its folder says otherwise."""
    return cluster.TEMPLATE


@pytest.fixture
def database(application: Flask, database_name: str, ground: str, redis: redis_client.Redis) -> str:
    """The ground and nothing else, in the environment too; its name."""

    def let_go() -> None:
        with application.app_context():
            db.engine.dispose()

    cluster.refresh(database_name, ground, let_go)
    return database_name


@pytest.fixture
def redis(database_name: str) -> redis_client.Redis:
    """The worker's own Redis, emptied, also of what the test before has left with the courier."""
    outbox.handed_over()
    client = redis_client.Redis.from_url(os.environ["REDIS_URL"])
    client.flushdb()
    return client


@pytest.fixture
def app(application: Flask, database: str) -> Flask:
    """The application on a fresh database. Domain tests open `with app.app_context()` or ask for `context`."""
    return application


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """An open application context, for tests that call verbs. Not together with `client`, which opens its own."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def superuser(database: str) -> Iterator[psycopg.Connection]:
    """A connection that grants do not bind, to look and to damage."""
    with cluster.superuser(database) as connection:
        yield connection


@pytest.fixture
def work(app: Flask) -> Callable[[], None]:
    """Have a real RQ worker do all that is queued, in this process."""

    def until_empty() -> None:
        connection = redis_client.Redis.from_url(os.environ["REDIS_URL"])
        outbox.handed_over()
        while any(Queue(name, connection=connection).count for name in QUEUES):
            SimpleWorker(QUEUES, connection=connection).work(burst=True, logging_level="WARNING")
            outbox.handed_over()

    return until_empty


@pytest.fixture(scope="session")
def instance() -> Iterator[up.Instance]:
    """A whole running instance of its own: servers, simulators, two web processes, workers, scheduler."""
    with up.alone() as running:
        yield running


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    return {**browser_type_launch_args, "executable_path": chromium.path(), "args": chromium.FLAGS}


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """The address of the application, served on a fresh database."""
    with browser.served(app) as url:
        yield url


@pytest.fixture
def page(new_context: Callable[[], BrowserContext]) -> Iterator[Page]:
    """A page that fails its test on any script error, blocked resource or line in the console's red, but for the
    lines by which Chromium tells of a refusal that we meant."""
    problems: list[str] = []
    page = new_context().new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if _is_problem(line) else None)
    yield page
    assert problems == []


def _is_problem(line: ConsoleMessage) -> bool:
    meant = re.search(r"responded with a status of (401|403|409|422) ", line.text)
    return line.type == "error" and not meant
