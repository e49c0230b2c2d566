"""A clean clone installs exactly what the locks say, from wherever the reader's registry is."""

from __future__ import annotations

import json
import re
import subprocess
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON_LOCKS = [ROOT / "requirements.lock", ROOT / "erp/assets/node.lock"]
PIN = re.compile(r"^([a-z0-9._-]+)(\[[a-z,]+\])?==\S+", re.MULTILINE)


def test_python_locks_pin_every_package_by_hash_and_name_no_host() -> None:
    for lock in PYTHON_LOCKS:
        text = lock.read_text()
        pins = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
        unhashed = [pin.splitlines()[0] for pin in pins if PIN.match(pin) and "--hash=sha256:" not in pin]
        assert PIN.search(text)
        assert unhashed == []
        assert "://" not in text


def test_the_lock_holds_every_dependency_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = {match[0] for match in PIN.findall((ROOT / "requirements.lock").read_text())}
    assert {re.split(r"[\[<>=; ]", requirement)[0] for requirement in named} <= locked


def test_the_npm_lock_proves_integrity_and_names_no_registry() -> None:
    packages = json.loads((ROOT / "erp/assets/package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed
    assert [name for name, package in installed.items() if "integrity" not in package] == []
    assert [name for name, package in installed.items() if "resolved" in package] == []


def test_setup_does_nothing_in_under_two_seconds_when_nothing_changed() -> None:
    subprocess.run(["make", "setup"], cwd=ROOT, capture_output=True, check=True)
    started = time.monotonic()
    done = subprocess.run(["make", "setup"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert time.monotonic() - started < 2
    assert "Nothing to be done" in done.stdout


def test_help_lists_the_promised_commands() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for command in ("setup", "demo", "run", "test", "lint", "check"):
        assert f"make {command}" in listed
