"""`ref demo` on a new database, once more, after an interruption, and without a bank."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from erp import config
from erp.commands import demo
from erp.kernel import clock
from erp.kernel.db import rows, scalar
from erp.kernel.transaction import transaction
from tests.simulators.running import Simulator, free_port

SHORT = ("--weeks", "2", "--agents", "10")


def ref_demo(*options: str) -> Result:
    return CliRunner().invoke(demo.command, options)


@pytest.fixture(autouse=True)
def _own_folder(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REF_VAR", str(tmp_path))
    monkeypatch.setenv("REF_TBANK_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PGOPTIONS", "")
    config.get.cache_clear()
    yield
    config.get.cache_clear()


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    journal = tmp_path / "bank.jsonl"
    bank = Simulator("simulators.tbank", "--journal", journal, "--clock-database", os.environ["DATABASE_URL"])
    monkeypatch.setenv("REF_TBANK_URL", bank.url)
    config.get.cache_clear()
    yield bank
    bank.stop()


def test_the_ground_first_and_the_history_after_it_end_now(app: Flask, bank: Simulator) -> None:
    laid = ref_demo("--ground", *SHORT)
    assert (laid.exit_code, "olga@ref.example" in laid.output) == (0, True)
    played = ref_demo(*SHORT)
    assert (played.exit_code, "joined" in played.output) == (0, True), played.output
    with app.app_context():
        assert abs(clock.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=5)
        assert scalar("select count(*) from agent") > 3
        before = rows("select count(*), max(id) from audit_entry")
    again = ref_demo(*SHORT)
    assert (again.exit_code, "olga@ref.example" in again.output) == (0, True)
    with app.app_context():
        assert rows("select count(*), max(id) from audit_entry") == before


def test_a_history_that_was_interrupted_says_so(app: Flask, bank: Simulator) -> None:
    ref_demo("--ground", *SHORT)
    with app.app_context(), transaction():
        clock.move(dt.datetime.now(dt.UTC) - dt.timedelta(days=3), by=demo.BY)
    told = ref_demo(*SHORT)
    assert (told.exit_code, "ended early here, 3 days ago" in told.output) == (0, True)


def test_without_a_bank_the_ground_is_laid_and_the_way_on_is_named(app: Flask) -> None:
    away = ref_demo(*SHORT)
    assert away.exit_code == 3
    assert "Start Ref with `make run` and call `ref demo` once more" in " ".join(away.output.split())
    with app.app_context():
        assert scalar("select count(*) from establishment") == 502


def test_where_something_has_happened_there_is_no_history(app: Flask) -> None:
    with app.app_context(), transaction():
        clock.move(clock.now() + dt.timedelta(minutes=1), by=demo.BY)
    told = ref_demo(*SHORT)
    assert (told.exit_code, "There will be no history" in told.output) == (0, True)


def test_a_back_test_of_what_is_proposed_is_done_and_equals_the_books(app: Flask, bank: Simulator) -> None:
    played = ref_demo("--weeks", "9", "--agents", "12")
    assert played.exit_code == 0, played.output
    with app.app_context():
        assert scalar("select count(*) from referral") > 0
        assert rows("select state, note from back_test") == [("done", "What would the proposal have cost?")]
        assert rows("select count(*) > 0, sum(unequal) from back_test_agent") == [(True, 0)]
