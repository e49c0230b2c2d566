"""`ref statement verify`: offline, without a database, a statement is what was sealed or says what does not agree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from erp import cli, config
from erp.domain import statements
from erp.domain.statements import files, queries, rules
from erp.domain.statements import roots as root_files
from erp.invariants import examine
from erp.kernel.db import rows
from erp.kernel.transaction import release
from tests.statements.conftest import next_month, sealed
from tests.support.earnings import customer_of, days, paid

NOWHERE = {"PATH": os.environ["PATH"]}
"""An environment that names no server and no secret."""


def verify_elsewhere(
    *arguments: object, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """As somebody does who has the program and the files, and nothing of ours running."""
    command = [sys.executable, "-m", "erp.cli", "statement", "verify", *map(str, arguments)]
    return subprocess.run(command, env=NOWHERE | (env or {}), capture_output=True, text=True, check=False)


def verify(*arguments: object) -> Result:
    """The same command in this process, which starts a second sooner."""
    return CliRunner().invoke(cli.ref, ["statement", "verify", *map(str, arguments)])


def write(folder: Path, agent_id: UUID) -> tuple[Path, Path]:
    """The agent's newest statement as the files that people are given."""
    document = statements.document(statements.of_agent(agent_id)[0])
    release()
    as_json, as_csv = folder / "statement.json", folder / "statement.csv"
    as_json.write_text(json.dumps(files.as_json(document)))
    as_csv.write_text(files.as_csv(document))
    return as_json, as_csv


@pytest.fixture
def two_months(anna: UUID, roots: Path) -> UUID:
    """Two statements, each under a root of its own."""
    next_month()
    sealed()
    paid(customer_of(anna, days(-3)), 70_000, days(-2))
    next_month()
    sealed()
    return anna


def test_what_was_sealed_is_fine(two_months: UUID, roots: Path, tmp_path: Path) -> None:
    for file in write(tmp_path, two_months):
        done = verify_elsewhere(file, "--roots", roots, "--public-key", roots / "public-key.pem")
        assert (done.returncode, done.stderr) == (0, "")
        assert "is as it was sealed" in done.stdout


def test_roots_and_key_are_found_in_the_folder_of_the_instance(
    two_months: UUID, roots: Path, tmp_path: Path
) -> None:
    var = tmp_path / "var"
    var.mkdir()
    roots.rename(var / "roots")
    assert verify_elsewhere(write(tmp_path, two_months)[0], env={"REF_VAR": str(var)}).returncode == 0


def change(edit: Callable[[dict[str, Any]], None]) -> Callable[[Path, Path], None]:
    """Damage the JSON file."""

    def damage(file: Path, _roots: Path) -> None:
        told = json.loads(file.read_text())
        edit(told)
        file.write_text(json.dumps(told))

    return damage


def in_root(number: int, old: str, new: str) -> Callable[[Path, Path], None]:
    def damage(_file: Path, roots: Path) -> None:
        file = roots / root_files.file_name(number)
        file.chmod(0o644)
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return damage


def pending(told: dict[str, Any]) -> dict[str, Any]:
    (found,) = [account for account in told["accounts"] if account["account"] == "pending"]
    return found  # type: ignore[no-any-return]


def raise_everything(told: dict[str, Any]) -> None:
    """One line more, and all that follows from it made to fit."""
    account = pending(told)
    account["lines"][0]["change"] += 100
    for line in account["lines"]:
        line["balance"] += 100
    account["closing"] += 100


def with_a_new_seal(told: dict[str, Any]) -> None:
    raise_everything(told)
    told["hash"] = rules.seal(files.from_json(json.dumps(told)))


DAMAGES: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "an amount": (
        change(lambda told: pending(told)["lines"][0].update(change=999)),
        "line 6 of pending RUB: the balance is",
    ),
    "a line that is gone": (
        change(lambda told: pending(told)["lines"].pop()),
        "pending RUB: the last line is",
    ),
    "a line that is put elsewhere": (
        change(lambda told: pending(told)["lines"][0].update(number=9)),
        "line 9 of pending RUB: number",
    ),
    "a closing balance": (
        change(lambda told: pending(told).update(closing=1)),
        "pending RUB: the closing balance is 1",
    ),
    "an amount with all that follows from it": (change(raise_everything), "its lines do not give its seal"),
    "an amount with all that follows and a new seal": (change(with_a_new_seal), "holds another seal of STM-"),
    "another agent": (change(lambda told: told.update(agent="AGT-X")), "its lines do not give its seal"),
    "a moment": (
        change(lambda told: pending(told)["lines"][0].update(occurred_at="2020-01-01T00:00:00Z")),
        "its lines do not give its seal",
    ),
    "another reference": (change(lambda told: told.update(reference="STM-X")), "holds no seal of STM-X"),
    "another root": (change(lambda told: told.update(root={"number": 7, "hash": "x"})), "root 7: not among"),
    "a seal in the root": (in_root(2, "seal STM-", "seal STM-1"), "root 2: its lines do not give its hash"),
    "the hash of a root": (in_root(1, "hash ", "hash 0"), "root 1: its lines do not give its hash"),
    "the day of an earlier root": (
        in_root(1, "day 20", "day 21"),
        "root 1: the signature is not of this key",
    ),
    "a root that is gone": (lambda _file, roots: (roots / "root-000001.txt").unlink(), "root 1: missing"),
    "a root that is no root": (in_root(1, "ref-root-1", "nothing"), "root-000001.txt: does not begin with"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_whatever_is_changed_is_said(what: str, two_months: UUID, roots: Path, tmp_path: Path) -> None:
    file, _ = write(tmp_path, two_months)
    damage, said = DAMAGES[what]
    damage(file, roots)
    done = verify(file, "--roots", roots)
    assert done.exit_code == 1, done.stderr
    assert said in done.output


def test_a_changed_row_of_the_csv_is_said(two_months: UUID, roots: Path, tmp_path: Path) -> None:
    _, file = write(tmp_path, two_months)
    text = file.read_text()
    assert "70.00" in text
    file.write_text(text.replace("70.00", "70.01"))
    done = verify(file, "--roots", roots)
    assert done.exit_code == 1
    assert "its lines do not give its seal" in done.output


def test_roots_signed_by_somebody_else_are_found(two_months: UUID, roots: Path, tmp_path: Path) -> None:
    """Whoever rewrites the files too has not the key."""
    file, _ = write(tmp_path, two_months)
    mallory = tmp_path / "mallory.pem"
    mallory.write_bytes(root_files.public_pem(Ed25519PrivateKey.generate().public_key()))
    done = verify(file, "--roots", roots, "--public-key", mallory)
    assert done.exit_code == 1
    assert "root 1: the signature is not of this key" in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("missing.json",),
        ("README.md",),
        ("pyproject.json",),
        ("statement.json", "--roots", "nowhere"),
        ("statement.json", "--roots", ".", "--public-key", "statement.json"),
    ],
)
def test_wrong_use_is_2(arguments: tuple[str, ...], two_months: UUID, tmp_path: Path) -> None:
    write(tmp_path, two_months)
    (tmp_path / "README.md").write_text("no statement")
    (tmp_path / "pyproject.json").write_text('{"format": "ref-statement-1"}')
    given = [str(tmp_path / one) if not one.startswith("--") else one for one in arguments]
    assert verify(*given).exit_code == 2


def rewrite_history(superuser: psycopg.Connection, agent_id: UUID) -> None:
    """Somebody with every right in the database: a commission was always 1.00 more, and all seals and roots fit it."""
    superuser.execute("set session_replication_role = replica")
    (seq, account) = superuser.execute(
        """select e.credit_seq, e.credit_account_id from entry e join account a on a.id = e.credit_account_id
           where a.agent_id = %s and a.kind = 'pending' and e.kind = 'accrual' order by e.credit_seq desc limit 1""",
        [agent_id],
    ).fetchone() or (0, 0)
    superuser.execute(
        "update entry set amount = amount + 100, credit_balance = credit_balance + 100"
        " where credit_account_id = %s and credit_seq = %s",
        [account, seq],
    )
    superuser.execute("update account set balance = balance + 100 where id = %s", [account])
    superuser.execute(
        "update statement_account set closing = closing + 100 where account_id = %s and to_seq >= %s",
        [account, seq],
    )
    for statement in reversed(statements.of_agent(agent_id)):
        previous = superuser.execute(
            "select hash from statement where agent_id = %s and number = %s", [agent_id, statement.number - 1]
        ).fetchone()
        superuser.execute(
            "update statement set previous_hash = %s where id = %s", [previous and previous[0], statement.id]
        )
        release()
        new = rules.seal(statements.document(statements.find(statement.reference)))
        superuser.execute("update statement set hash = %s where id = %s", [new, statement.id])
        release()


def resign_roots(superuser: psycopg.Connection, key: Ed25519PrivateKey) -> None:
    """New roots over the seals as they are now, signed with any key."""
    previous = None
    for (number,) in rows("select id from seal_root order by id"):
        root = statements.root_file(number)
        release()
        text = root_files.signed_text(
            root.instance,
            root.mode,
            root.number,
            root.day,
            previous,
            root_files.key_id(key.public_key()),
            root.seals,
        )
        hash, signature = root_files.sign(text, key)
        superuser.execute(
            "update seal_root set previous_hash = %s, hash = %s, signature = %s, key_id = %s where id = %s",
            [previous, hash, signature, root_files.key_id(key.public_key()), number],
        )
        previous = hash


@pytest.mark.parametrize("whose", ["mallory's key", "our own key, stolen"])
def test_history_rewritten_with_all_seals_is_still_caught_by_what_left_the_database(
    whose: str, two_months: UUID, roots: Path, tmp_path: Path, superuser: psycopg.Connection
) -> None:
    key = Ed25519PrivateKey.generate()
    if whose != "mallory's key":
        key = root_files.load_private_key(config.get().seal_key)
    rewrite_history(superuser, two_months)
    resign_roots(superuser, key)
    newest = statements.of_agent(two_months)[0].reference
    assert rules.seal(statements.document(statements.find(newest))) == statements.find(newest).hash, (
        "all fits"
    )
    release()

    found = [bad for finding in examine() if finding.number == 12 for bad in finding.bad]
    assert f"root 2: differs from its exported file in the seals of {newest}" in found
    release()

    for file in write(tmp_path, two_months):
        done = verify_elsewhere(file, "--roots", roots)
        assert done.returncode == 1
        assert f"root 2: holds another seal of {newest}" in done.stdout


def test_without_exported_roots_a_stolen_key_would_hide_it(
    two_months: UUID, roots: Path, superuser: psycopg.Connection
) -> None:
    """Why roots must leave the machine: with the key and the database alone everything fits again."""
    rewrite_history(superuser, two_months)
    resign_roots(superuser, root_files.load_private_key(config.get().seal_key))
    roots.rename(roots.with_name("taken-away"))
    try:
        assert [bad for finding in examine() if finding.number == 12 for bad in finding.bad] == []
    finally:
        roots.with_name("taken-away").rename(roots)


def test_every_statement_is_read_in_batches(two_months: UUID) -> None:
    found = [row.number for batch in queries.in_batches(1) for row in batch]
    assert found == [1, 2]
