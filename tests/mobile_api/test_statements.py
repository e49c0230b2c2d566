"""GET /statements: what an agent's month came to, sealed."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from erp import config
from erp.jobs import statements as jobs
from erp.kernel import clock
from erp.kernel.transaction import release
from tests.mobile_api.conftest import Business, Caller, move_clock, signed_in


def let_a_month_pass(business: Business) -> None:
    with business.app.app_context():
        now = clock.now()
        release()
    end = (now.replace(day=1) + dt.timedelta(days=32)).replace(day=2)
    move_clock(business.app, days=(end - now).days + 1)
    with business.app.app_context():
        jobs.seal()


@pytest.fixture
def earner(business: Business, alice: Caller) -> Caller:
    """Alice, after a month in which she earned something."""
    business.sign_up("superapp-1", alice)
    business.receive(150_000, "invoice-1", "superapp-1")
    let_a_month_pass(business)
    return signed_in(business.app, "+79012345601", "Alice Ivanova")


def test_before_the_first_month_is_over_there_is_none(alice: Caller) -> None:
    assert alice.get("/statements").json == {"items": [], "next": None}


def test_a_statement_tells_each_line_and_why(earner: Caller) -> None:
    (listed,) = earner.get("/statements").json["items"]
    shown = earner.get(f"/statements/{listed['reference']}").json
    assert shown["mode"] == "mock"
    assert {name: shown[name] for name in ("number", "hash", "since", "until")} == {
        name: listed[name] for name in ("number", "hash", "since", "until")
    }
    (account,) = shown["accounts"]
    (line,) = account["lines"]
    assert (account["account"], account["opening"], account["closing"]) == ("pending", 0, 7_500)
    assert (line["kind"], line["change"], line["balance"]) == ("accrual", 7_500, 7_500)
    assert any("tier Bronze" in sentence for sentence in line["why"])


def test_the_words_are_in_the_agents_language_and_the_seal_is_the_same(earner: Caller) -> None:
    (listed,) = earner.get("/statements").json["items"]
    earner.patch("/me", {"language": "ru"})
    shown = earner.get(f"/statements/{listed['reference']}").json
    assert any("уровень" in sentence.casefold() for sentence in shown["accounts"][0]["lines"][0]["why"])
    assert shown["hash"] == listed["hash"]


def test_the_answer_kept_as_a_file_is_verified_offline(earner: Caller, tmp_path: Path) -> None:
    (listed,) = earner.get("/statements").json["items"]
    file = tmp_path / "statement.json"
    file.write_text(earner.get(f"/statements/{listed['reference']}").text)
    command = [sys.executable, "-m", "erp.cli", "statement", "verify", str(file)]
    command += ["--roots", str(config.get().roots_folder)]
    done = subprocess.run(
        command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(file.read_text())
    told["accounts"][0]["closing"] += 1
    file.write_text(json.dumps(told))
    assert (
        subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False).returncode
        == 1
    )


@pytest.mark.parametrize(
    ("format", "begins"), [("pdf", b"%PDF-"), ("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf"), ("json", b"{")]
)
def test_a_statement_can_be_kept_as_a_file(earner: Caller, format: str, begins: bytes) -> None:
    (listed,) = earner.get("/statements").json["items"]
    kept = earner.get(f"/statements/{listed['reference']}/file?format={format}")
    assert kept.status_code == 200
    assert kept.data.startswith(begins)
    assert f"-mock.{format}" in kept.headers["Content-Disposition"]
    assert kept.headers["Ref-Mode"] == "mock"


def test_the_csv_is_verified_offline(earner: Caller, tmp_path: Path) -> None:
    (listed,) = earner.get("/statements").json["items"]
    file = tmp_path / "statement.csv"
    file.write_bytes(earner.get(f"/statements/{listed['reference']}/file?format=csv").data)
    command = [sys.executable, "-m", "erp.cli", "statement", "verify", str(file)]
    command += ["--roots", str(config.get().roots_folder)]
    assert subprocess.run(command, env={"PATH": os.environ["PATH"]}, check=False).returncode == 0


def test_an_unknown_form_is_refused(earner: Caller) -> None:
    (listed,) = earner.get("/statements").json["items"]
    assert earner.get(f"/statements/{listed['reference']}/file?format=docx").status_code == 422


def test_statements_come_in_pages_newest_first(business: Business, earner: Caller) -> None:
    for _ in range(2):
        let_a_month_pass(business)
    earner = signed_in(business.app, "+79012345601", "Alice Ivanova")
    first = earner.get("/statements?limit=2").json
    second = earner.get(f"/statements?limit=2&cursor={first['next']}").json
    assert [one["number"] for one in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next"] is None


def test_a_strangers_statement_does_not_exist(earner: Caller, bob: Caller) -> None:
    (listed,) = earner.get("/statements").json["items"]
    assert bob.get("/statements").json["items"] == []
    assert bob.get(f"/statements/{listed['reference']}").status_code == 404
    assert bob.get(f"/statements/{listed['reference']}/file").status_code == 404
