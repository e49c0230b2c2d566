"""No entry falls between two statements or into two, whenever its transaction commits."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from erp.domain import statements
from erp.kernel.db import db, rows
from erp.kernel.transaction import release
from tests.statements.conftest import next_month, sealed
from tests.support.earnings import agent

POST = """
select transaction_id from ledger_post(array[row(1, 'accrual', %s, %s, 'expense', 'pending', 100, 'RUB', ref_now())
                                             ::ledger_line], 'system:test')"""


@pytest.fixture
def writer(database: str) -> psycopg.Connection:
    """The application, in a transaction that takes its time."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        yield connection


def begin(writer: psycopg.Connection, agent_id: UUID) -> int:
    """Book something and do not commit it yet; the transaction's id."""
    found = writer.execute(POST, [f"late-{uuid4()}", agent_id]).fetchone()
    assert found is not None
    id: int = found[0]
    return id


def in_statements(agent_id: UUID) -> list[tuple[str, int]]:
    """(period's last day, transaction) of every line of every statement."""
    documents = [statements.document(one) for one in statements.of_agent(agent_id)]
    release()
    return sorted(
        (str(document.last_day), line.transaction)
        for document in documents
        for account in document.accounts
        for line in account.lines
    )


def meanwhile(app: Flask, work: Callable[[], None]) -> threading.Thread:
    def inside() -> None:
        with app.app_context():
            work()
            db.session.remove()

    thread = threading.Thread(target=inside)
    thread.start()
    return thread


def until_somebody_waits() -> None:
    while not rows("select 1 from pg_locks where not granted"):
        time.sleep(0.01)


def test_an_entry_that_commits_after_its_month_has_ended_is_in_that_months_statement(
    anna: UUID, app: Flask, writer: psycopg.Connection
) -> None:
    late = begin(writer, anna)
    next_month()
    sealing = meanwhile(app, sealed)
    until_somebody_waits()
    writer.commit()
    sealing.join()
    (last_day,) = {day for day, _ in in_statements(anna)}
    assert (last_day, late) in in_statements(anna)


def test_an_entry_that_waits_for_the_sealing_is_in_the_next_months_statement(
    anna: UUID, app: Flask, writer: psycopg.Connection
) -> None:
    next_month()
    late: list[int] = []
    with psycopg.connect(os.environ["DATABASE_URL"]) as holder:
        holder.execute("select ledger_lock(array[%s]::uuid[], 'RUB')", [anna])
        sealing = meanwhile(app, sealed)
        until_somebody_waits()
        booking = meanwhile(app, lambda: late.append(begin(writer, anna)))
        while len(rows("select 1 from pg_locks where not granted")) < 2:
            time.sleep(0.01)
    sealing.join()
    booking.join()
    writer.commit()
    before = {transaction for _, transaction in in_statements(anna)}
    assert not before & set(late)
    next_month()
    sealed()
    counted = [transaction for _, transaction in in_statements(anna)]
    assert counted.count(late[0]) == 1


def test_somebodys_very_first_entry_may_commit_after_the_others_were_sealed(
    anna: UUID, writer: psycopg.Connection
) -> None:
    bob = agent()
    first = begin(writer, bob)
    next_month()
    sealed()
    assert in_statements(bob) == []
    assert in_statements(anna) != []
    writer.commit()
    sealed()
    assert {day for day, _ in in_statements(bob)} == {day for day, _ in in_statements(anna)}
    assert [transaction for _, transaction in in_statements(bob)] == [first]


def test_two_who_seal_at_once_make_one_statement_and_one_root(anna: UUID, app: Flask) -> None:
    next_month()
    for thread in [meanwhile(app, sealed) for _ in range(4)]:
        thread.join()
    assert [(row.number, row.root_id) for row in statements.of_agent(anna)] == [(1, 1)]
