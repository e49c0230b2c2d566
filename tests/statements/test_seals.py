"""Periods are sealed whole and once; nobody adds to what is sealed, or changes it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from erp.domain import ledger, statements
from erp.domain.ledger import Line
from erp.domain.statements import files, rules
from erp.domain.statements import roots as root_files
from erp.kernel.db import rows, scalar
from erp.kernel.sentences import Sentence
from erp.kernel.transaction import release, transaction
from tests.statements.conftest import next_month, sealed
from tests.support.cast import SOMEBODY
from tests.support.earnings import customer_of, days, paid


def documents(agent_id: UUID) -> list[statements.Document]:
    """The statements of an agent, oldest first."""
    found = [statements.document(one) for one in reversed(statements.of_agent(agent_id))]
    release()
    return found


def legs(agent_id: UUID) -> list[tuple[object, ...]]:
    found = rows(
        """select a.kind, l.seq, l.transaction_id, l.balance from ledger_leg l join account a on a.id = l.account_id
           where a.agent_id = :id and l.seq is not null order by 1, 2""",
        id=agent_id,
    )
    return [tuple(leg) for leg in found]


def test_a_month_that_is_not_over_has_no_statement(anna: UUID) -> None:
    sealed()
    assert documents(anna) == []


def test_a_month_that_is_over_is_sealed_with_every_entry(anna: UUID, roots: Path) -> None:
    next_month()
    sealed()
    (document,) = documents(anna)
    told = [
        (account.kind, line.seq, line.transaction, line.balance)
        for account in document.accounts
        for line in account.lines
    ]
    assert sorted(told) == legs(anna)
    assert {account.kind: account.closing for account in document.accounts} == {
        "pending": 0,
        "available": 0,
        "in_payout": 0,
    }
    assert document.hash == rules.seal(document)
    assert document.root is not None
    assert document.root.number == 1
    assert (roots / "root-000001.txt").read_text().count("seal STM-") == 1


def test_a_second_sealing_finds_nothing_to_do(anna: UUID, roots: Path) -> None:
    next_month()
    sealed()
    sealed()
    assert len(documents(anna)) == 1
    assert [file.name for file in sorted(roots.glob("root-*.txt"))] == ["root-000001.txt"]


def test_statements_follow_each_other_entry_by_entry_and_seal_by_seal(anna: UUID) -> None:
    next_month()
    sealed()
    paid(customer_of(anna, days(-3)), 70_000, days(-2))
    next_month()
    sealed()
    next_month()
    sealed()
    first, second, third = documents(anna)
    assert (second.previous, third.previous) == (first.hash, second.hash)
    assert (second.since, third.since) == (first.until, second.until)
    told = sorted(
        (account.kind, line.seq, line.transaction, line.balance)
        for document in (first, second, third)
        for account in document.accounts
        for line in account.lines
    )
    assert told == legs(anna)
    assert third.lines == 0, "nothing was booked in its month"
    assert {account.kind: account.opening for account in third.accounts}["pending"] == 7_000


def test_a_month_in_which_nothing_moved_and_nothing_was_owed_has_no_statement(anna: UUID) -> None:
    next_month()
    sealed()
    next_month()
    next_month()
    paid(customer_of(anna, days(-3)), 70_000, days(-2))
    next_month()
    sealed()
    first, second = documents(anna)
    assert second.since > first.until
    assert second.previous == first.hash


def test_several_months_that_passed_at_once_are_sealed_one_by_one(anna: UUID) -> None:
    paid(customer_of(anna, days(-3)), 70_000, days(-2))
    for _ in range(3):
        next_month()
    sealed()
    assert [document.number for document in documents(anna)] == [1, 2, 3]


def test_every_line_is_explained(anna: UUID) -> None:
    next_month()
    sealed()
    (document,) = documents(anna)
    told = statements.explained(document, anna, Sentence.plain)
    words = {line.kind: " ".join(line.why) for account in told.accounts for line in account.lines}
    assert set(words) == {
        "accrual",
        "reversal",
        "maturity",
        "payout_approved",
        "payout_paid",
    }
    assert "10 %" in words["accrual"].replace("\u00a0", " ")
    assert "refunded" in words["reversal"]
    assert "hold of the commission" in words["maturity"]
    assert "PO-" in words["payout_paid"]


def test_an_entry_into_a_sealed_period_is_refused_by_the_database(
    anna: UUID, superuser: psycopg.Connection
) -> None:
    next_month()
    sealed()
    # The clock is put back, as by a server whose time is wrong: what is booked then would lie in the sealed month.
    superuser.execute("alter table mock_clock disable trigger all")
    superuser.execute("update mock_clock set clock_offset = clock_offset - interval '5 days'")
    late = Line("accrual", "late", anna, "expense", "pending", 100, "RUB", days(0))
    with transaction(), pytest.raises(IntegrityError, match="sealed period"):
        ledger.post([late], by=SOMEBODY)


ATTACKS = {
    "a changed seal": "update statement set hash = 'x'",
    "a removed statement": "delete from statement",
    "statements truncated": "truncate statement cascade",
    "a moved cut": "update statement_account set to_seq = to_seq - 1",
    "a removed cut": "delete from statement_account",
    "a changed root": "update seal_root set hash = 'x'",
    "a removed root": "delete from seal_root",
    "a seal moved to another root": "update root_seal set root_id = 2",
    "a seal taken out of its root": "delete from root_seal",
    "a statement of an open period": """
        insert into statement select gen_random_uuid(), 'STM-X', agent_id, number + 1, zone, until, until + interval '31 days',
          0, hash, 'x', until + interval '31 days' from statement""",
    "a statement that does not follow": """
        insert into statement select gen_random_uuid(), 'STM-X', agent_id, number + 1, zone, until, until + interval '1 hour',
          0, 'another', 'x', until + interval '2 hours' from statement""",
    "a statement that leaves entries out": """
        with made as (insert into statement select gen_random_uuid(), 'STM-X', agent_id, number + 1, zone, until,
                        until + interval '1 hour', 0, hash, 'x', until + interval '2 hours' from statement returning id)
        insert into statement_account select made.id, account_id, to_seq + 1, to_seq + 1, closing, closing
        from made, statement_account""",
}


@pytest.mark.parametrize("role", ["DATABASE_URL", "DATABASE_OWNER_URL"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_sealed_cannot_be_bent(anna: UUID, role: str, attack: str) -> None:
    next_month()
    sealed()
    before = rows("select * from statement_account order by 2"), rows("select * from seal_root")
    release()
    with psycopg.connect(os.environ[role]) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute(ATTACKS[attack])
    assert refused.value.sqlstate in {"42501", "23001", "23514"}, refused.value
    assert (rows("select * from statement_account order by 2"), rows("select * from seal_root")) == before


def test_a_root_is_signed_over_all_its_lines(anna: UUID, roots: Path) -> None:
    next_month()
    sealed()
    key = root_files.load_public_key(roots / "public-key.pem")
    root = root_files.read((roots / "root-000001.txt").read_text())
    assert root_files.is_signed(root, key)
    forged = root_files.read((roots / "root-000001.txt").read_text().replace("mode mock", "mode live"))
    assert not root_files.is_signed(forged, key)


def test_a_root_that_lost_its_file_is_exported_again_and_no_file_is_overwritten(
    anna: UUID, roots: Path
) -> None:
    next_month()
    sealed()
    file = roots / "root-000001.txt"
    whole = file.read_text()
    file.unlink()
    sealed()
    assert file.read_text() == whole
    file.chmod(0o644)
    file.write_text("something else")
    sealed()
    assert file.read_text() == "something else"


def test_files_hold_what_they_were_made_of(anna: UUID) -> None:
    next_month()
    sealed()
    (document,) = documents(anna)
    assert rules.canonical(files.from_json(json.dumps(files.as_json(document)))) == rules.canonical(document)
    assert rules.canonical(files.from_csv(files.as_csv(document))) == rules.canonical(document)
    assert files.from_csv(files.as_csv(document)).root == document.root


def test_the_seal_says_nothing_of_people(anna: UUID) -> None:
    next_month()
    sealed()
    (document,) = documents(anna)
    text = rules.canonical(document)
    assert str(anna) not in text
    assert scalar("select reference from agent where id = :id", id=anna) in text
