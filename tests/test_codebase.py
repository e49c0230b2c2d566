"""What must hold of the code itself."""

import re
from pathlib import Path

import pytest
from flask import Flask

from erp import access
from erp.jobs.schedule import SCHEDULE
from erp.kernel import outbox

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    path
    for folder in ("erp", "mobile_api")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "node_modules" not in path.parts
]
NAMED_JOBS = sorted(
    {name for path in SOURCES for name in re.findall(r'"(erp\.jobs\.\w+\.\w+)"', path.read_text())}
    | {entry.job for entry in SCHEDULE}
)


@pytest.mark.parametrize("name", NAMED_JOBS)
def test_a_job_that_is_named_exists(name: str) -> None:
    assert callable(outbox.resolve(name))


def test_only_one_file_commits() -> None:
    committing = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if re.search(r"session\(?\)?\.commit\(", path.read_text())
    }
    assert committing == {"erp/kernel/transaction.py"}


def test_every_route_says_whom_it_is_for(app: Flask) -> None:
    silent = [
        rule.endpoint for rule in app.url_map.iter_rules() if access.declared(app, rule.endpoint) is None
    ]
    assert silent == []


def test_the_domain_reads_no_clock_of_its_own() -> None:
    reading = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if "domain" in path.parts and re.search(r"\bnow\(\)|utcnow|time\.time\(", path.read_text())
    ]
    assert reading == []
