"""The benchmark runs, says what it measured, and leaves the books whole. How fast it was is nobody's test."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(name: str, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "erp.cli", "bench", name, "--json", "--rounds", "1", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return run("accrual", "--lines", "10000")


def test_it_answers_one_object(found: dict[str, Any]) -> None:
    assert list(found) == ["name", "at", "machine", "parameters", "measures", "ratios"]
    assert found["name"] == "accrual"
    assert set(found["ratios"]) == {"batched", "single", "reversals"}
    assert all(ratio > 0 for ratio in found["ratios"].values())


def test_it_shows_both_sql_texts(found: dict[str, Any]) -> None:
    sql = found["parameters"]["sql"]
    assert "commission_book" in sql["ours"]["book"]
    assert "insert into commission" in sql["raw"]


def test_both_sides_leave_the_books_whole(found: dict[str, Any]) -> None:
    proofs = found["measures"]["findings"]
    assert set(proofs) == {"1", "2", "3", "7"}
    for proof in proofs.values():
        assert proof["examined"] > 0
        assert proof["bad"] == []


def test_many_writers_on_one_programme_are_compared_with_as_many_on_as_many() -> None:
    found = run("ledger", "--lines", "10000")
    assert set(found["ratios"]) == {"hot_programme"}
    assert found["ratios"]["hot_programme"] > 0
    assert found["parameters"]["writers"] == 16
    proofs = found["measures"]["findings"]
    assert all(proofs[number]["examined"] > 0 for number in ("1", "2", "3"))
    assert [proof["bad"] for proof in proofs.values()] == [[], [], [], []]


def test_pages_are_compared_with_the_same_bytes_written_by_hand() -> None:
    found = run("pages", "--requests", "2")
    assert set(found["ratios"]) == {"list_page", "guard", "json_read"}
    assert 0.9 <= found["measures"]["bytes_list_page_over_by_hand"] <= 1.1


def test_a_back_test_is_measured_over_a_window_function() -> None:
    found = run("replay", "--events", "10000")
    assert set(found["ratios"]) == {"replay"}
    measures = found["measures"]
    assert measures["results_written"] > 0
    assert measures["peak_process_mb"] > 0
    assert measures["peak_backend_mb"] > 0
    assert "concerned" in found["parameters"]["sql"]["ours"]
    assert "range '90 days' preceding" in found["parameters"]["sql"]["windowed"]
