"""`ref up` in a process of its own: it answers, it stops everything, however it ends, and it says what is wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from erp import embedded, up
from erp.config import Settings
from erp.embedded import watchdog
from erp.up import environment
from tests.support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("instance")  # they take the usual ports


class Up:
    """`ref up` with its data in `var`."""

    def __init__(self, var: Path, **settings: str) -> None:
        base = environment.without_settings(os.environ)
        self.log = var.parent / f"up-{id(self)}.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "erp.cli", "up"],
                env={**base, "REF_VAR": str(var), "REF_WEB_PROCESSES": "1", "REF_WORKERS": "1", **settings},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait_until_it_answers(self) -> None:
        wait_until(lambda: "Ref is at http" in self.said() or self.process.poll() is not None, seconds=120)
        assert self.process.poll() is None, self.said()

    def family(self) -> list[int]:
        """Everybody it started, and whom they started."""
        return [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]

    def said(self) -> str:
        return self.log.read_text()


@pytest.fixture
def var() -> Iterator[Path]:
    with embedded.temporary_var() as folder:
        yield folder


def refusal(var: Path, **settings: str) -> tuple[int, str]:
    refused = Up(var, **settings)
    return refused.process.wait(), refused.said()


def test_nothing_outlives_an_instance_killed_or_stopped_and_it_starts_again(var: Path) -> None:
    killed = Up(var)
    killed.wait_until_it_answers()
    family = killed.family()
    assert len(family) >= 8  # watchdog, two servers, two simulators, web, worker, scheduler
    killed.process.kill()
    killed.process.wait()
    wait_until(lambda: not any(watchdog.alive(pid) for pid in family))

    again = Up(var)
    again.wait_until_it_answers()
    family = again.family()
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait() == 0
    assert [pid for pid in family if watchdog.alive(pid)] == []


def test_a_second_instance_on_the_same_data_is_refused_with_the_address_of_the_first(
    instance: up.Instance,
) -> None:
    code, said = refusal(Path(instance.env["REF_VAR"]))
    assert code == 3
    assert f"Ref already runs at {instance.url}" in said


def test_one_named_server_without_the_other_is_refused(var: Path) -> None:
    code, said = refusal(var, DATABASE_URL="postgresql://ref_app@elsewhere/ref")
    assert code == 3
    assert "DATABASE_URL is set and REDIS_URL is not" in said


def test_a_taken_port_is_named(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refusal(var, REF_WEB_PORT=str(port))
    assert code == 3
    assert f"Port {port} (REF_WEB_PORT) is taken" in said


OWN_SERVERS = {"DATABASE_URL": "postgresql://ref_app@elsewhere/ref", "REDIS_URL": "redis://elsewhere"}


def test_a_mock_instance_on_servers_of_yours_gets_the_secrets_it_was_not_given(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = OWN_SERVERS | {"REF_SECRET_KEY": "mine" * 8}
    variables = environment.prepare(given, var, free_ports=True).variables
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.secret_key.get_secret_value() == "mine" * 8
    assert settings.tbank_payout_private_key.exists()
    assert Path(variables["REF_TBANK_PAYOUT_CERTIFICATE"]).exists()
    again = environment.prepare(given, var, free_ports=True).variables
    assert again["REF_MASTER_KEY"] == variables["REF_MASTER_KEY"]


def test_nothing_secret_is_made_up_for_a_live_instance_nor_for_a_real_bank(var: Path) -> None:
    live = environment.prepare(OWN_SERVERS | {"REF_MODE": "live"}, var, free_ports=True).variables
    assert not any("KEY" in name or "PASSWORD" in name for name in live)
    assert not (var / "secrets").exists()
    bank_test = OWN_SERVERS | {"REF_TBANK_ENVIRONMENT": "bank-test"}
    assert "REF_TBANK_PASSWORD" not in environment.prepare(bank_test, var, free_ports=True).variables


def test_killed_processes_come_back(instance: up.Instance) -> None:
    before = instance.processes
    for name in ("web", "worker", "scheduler", "tbank", "sms"):
        instance.kill(name)
    wait_until(lambda: all(instance.processes[name] != pid for name, pid in before.items()))
    instance.wait_until_ready()
    assert httpx.get(f"{instance.url}/readyz").json() == {"database": "ok", "redis": "ok"}


def test_secrets_are_made_once_and_are_nobody_elses(instance: up.Instance) -> None:
    folder = Path(instance.env["REF_VAR"]) / "secrets"
    assert folder.stat().st_mode & 0o077 == 0
    assert {file.stat().st_mode & 0o077 for file in folder.iterdir()} == {0}
    assert (folder / "REF_MASTER_KEY").read_text() == instance.env["REF_MASTER_KEY"]
