"""A short history: what it leaves in the books and at the bank, and that equal seeds leave the same."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from erp import config, history
from erp.commands import demo
from erp.history import Plan, Stage
from erp.history.script import write
from erp.invariants import examine
from erp.kernel import clock
from erp.kernel.db import db, rows
from erp.kernel.findings import Finding
from erp.kernel.transaction import release
from tests.chaos import equal
from tests.simulators.running import Simulator
from tests.support import cluster

UNTIL = dt.datetime(2026, 7, 15, 12, tzinfo=dt.UTC)
PLAN = Plan(seed=7, until=UNTIL, weeks=8, agents=60)


@dataclass
class Played:
    """What one history left behind."""

    books: equal.Books
    findings: list[Finding]
    deeds: Counter[str]
    refused: Counter[str]
    at_bank: dict[str, list[dict[str, Any]]]
    payments: dict[str, tuple[str, int]]
    """By the bank's number: status, and what has not been given back."""
    payouts: Counter[str]
    left_over: set[str]
    stands_at: dt.datetime


def played(plan: Plan, app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    """Play a history on a database and with a bank that are new."""
    url = os.environ["DATABASE_URL"]
    bank = Simulator("simulators.tbank", "--journal", folder / "bank.jsonl", "--clock-database", url)
    monkeypatch.setenv("REF_TBANK_URL", bank.url)
    config.get.cache_clear()
    try:
        with app.app_context():
            demo.begin_in_the_past(plan)
            demo.lay_down(folder / "demo.json")
        demo.import_catalogue()
        with app.app_context():
            stage = demo.stage(config.get())
            places = history.catalogue_of(demo.CATALOGUE)
            deeds = [deed for scene in history.perform(plan, places, stage) for deed in scene.deeds]
            return _seen(stage, deeds, bank, url)
    finally:
        bank.stop()


def _seen(stage: Stage, deeds: list[Any], bank: Simulator, url: str) -> Played:
    numbers = {id: str(number) for number, id in stage.known.agents.items()}
    names = {reference: numbers[id] for reference, id in rows("select reference, id from agent")}
    found = Played(
        books=equal.read(url, names, moment=equal.EXACT),
        findings=examine(),
        deeds=Counter(type(deed).__name__ for deed in deeds),
        refused=stage.refused,
        at_bank=bank.http.get("/operations").json(),
        payments={
            id: (status, left)
            for id, status, left in rows(
                "select provider_payment_id, status, amount - refunded_total from payment"
            )
        },
        payouts=Counter(
            dict(tuple(row) for row in rows("select state, count(*) from payout group by state"))
        ),
        left_over={job for (job,) in rows("select distinct job from outbox")},
        stands_at=clock.now(),
    )
    release()
    return found


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield monkeypatch
    config.get.cache_clear()


@pytest.fixture(scope="module")
def twice(
    application: Flask,
    database_name: str,
    tmp_path_factory: pytest.TempPathFactory,
    patch: pytest.MonkeyPatch,
) -> list[Played]:
    """The same plan on two new databases."""
    plays = []
    for _ in range(2):
        with application.app_context():
            db.engine.dispose()
        cluster.renew(database_name)
        plays.append(played(PLAN, application, tmp_path_factory.mktemp("history"), patch))
    return plays


def test_equal_seeds_make_equal_ledgers(twice: list[Played]) -> None:
    first, second = twice
    assert equal.differences(first.books, second.books) == []
    assert first.books.legs.total() > 100


def test_the_books_are_proven_and_nothing_is_left_to_prove(twice: list[Played]) -> None:
    assert [
        (finding.title, finding.bad) for finding in twice[0].findings if finding.bad or not finding.examined
    ] == []


def test_the_bank_holds_what_the_books_say(twice: list[Played]) -> None:
    one = twice[0]
    told = {row["payment_id"]: (row["status"], row["left"]) for row in one.at_bank["payments"]}
    past_us = {row["payment_id"] for row in one.at_bank["refunds"] if row["source"] == "cabinet"}
    assert {id: state for id, state in told.items() if id not in past_us} == {
        id: state for id, state in one.payments.items() if id not in past_us
    }
    ended = Counter(row["status"] for row in one.at_bank["payouts"])
    assert ended["COMPLETED"] + ended["COMPLETING"] == sum(
        one.payouts[state] for state in ("paid", "returned", "unknown")
    )
    assert one.payouts["paid"] > 2


def test_workers_hear_of_nothing_but_the_payout_that_the_bank_is_silent_about(twice: list[Played]) -> None:
    one = twice[0]
    assert one.left_over <= {"erp.jobs.payouts.follow"}
    assert one.refused.keys() <= {"nothing_to_pay", "not_refundable", "payout_state", *ABOUT_LINES}
    assert dt.timedelta() <= one.stands_at - UNTIL < dt.timedelta(minutes=5)


ABOUT_LINES = {"already_frozen", "paid_out_already", "nothing_left", "nothing_to_freeze", "already_undone"}
"""What becomes of a line that was paid out, refunded or frozen before somebody came to it."""


def test_a_script_is_its_seed() -> None:
    places = history.catalogue_of(demo.CATALOGUE)
    script = write(PLAN, places)
    assert script == write(PLAN, places)
    assert script != write(replace(PLAN, seed=4), places)
    earlier = write(replace(PLAN, until=UNTIL - dt.timedelta(hours=4)), places)
    assert earlier == script[: len(earlier)]
    assert [deed.at for deed in script] == sorted(deed.at for deed in script)
    assert all(PLAN.start <= deed.at <= UNTIL for deed in script)


def test_a_whole_year_has_everything_in_it() -> None:
    """What somebody who opens the demo wants to see, for whichever seed."""
    places = history.catalogue_of(demo.CATALOGUE)
    for seed in range(1, 6):
        told = Counter(type(deed).__name__ for deed in write(Plan(seed, UNTIL), places))
        assert told["Register"] == 200
        assert (
            min(
                told[rare]
                for rare in (
                    *("Suspend", "Decide", "Refund", "RefundInCabinet", "Attest", "TakeBack"),
                    *("RaiseDispute", "DecideDispute", "FreezeByHand", "LetGo", "TakeBackByHand"),
                )
            )
            > 1
        )
        assert 1500 < told["Pay"] < 2600
        assert 600 < told["Book"] < 1300
