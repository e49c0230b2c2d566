"""Mock and live do not meet: every way to cross over is tried, by settings, keys, host, command, job, page, API and SQL.

The gateways one by one are in tests/gateways/test_safety.py, the stamp's rows in tests/kernel/test_clock_and_mode.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from erp import config
from erp.app import create_app
from erp.config import BadSettings, WrongInstance
from erp.domain.payments.invariants import bank_references_agree
from erp.gateways.sms import Sms
from erp.gateways.tbank import Acquiring, Payouts, UnsafeGateway
from erp.invariants import one_stamp
from erp.jobs import payments as payment_jobs
from erp.jobs import payouts as payout_jobs
from erp.kernel.db import db
from erp.kernel.permissions import Role
from tests.pages.conftest import Desk
from tests.support.office import Office

ROOT = Path(__file__).resolve().parents[2]
THE_BANK = "https://securepay.tinkoff.ru"
LIVE = {
    "REF_MODE": "live",
    "REF_TBANK_ENVIRONMENT": "bank-live",
    "REF_TBANK_URL": THE_BANK,
    "REF_TBANK_TERMINAL_KEY": "1234567890",
    "REF_TBANK_PAYOUT_TERMINAL_KEY": "1234567890E2C",
    "REF_SMS_ENVIRONMENT": "live",
    "REF_SMS_URL": "https://sms.example.com",
    "REF_PUBLIC_URL": "https://ref.example.com",
}
"""Settings that are sound in themselves, for another database than the tests' mock one."""


@pytest.fixture
def setting(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`setting(REF_MODE="live")`: what this process is told, until the test is over."""

    def told(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        _forget()

    yield told
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    config.get.cache_clear()
    payment_jobs.edge.cache_clear()
    payout_jobs.edge.cache_clear()


# by configuration


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"REF_TBANK_ENVIRONMENT": "bank-live"}, "REF_TBANK_ENVIRONMENT"),
        ({"REF_SMS_ENVIRONMENT": "live"}, "REF_SMS_ENVIRONMENT"),
        ({"REF_MODE": "live"}, "REF_TBANK_ENVIRONMENT"),
        ({**LIVE, "REF_SMS_ENVIRONMENT": "simulator"}, "REF_SMS_ENVIRONMENT"),
        ({**LIVE, "REF_TBANK_ENVIRONMENT": "bank-test"}, "bank-test"),
        ({**LIVE, "REF_TBANK_TERMINAL_KEY": "1234DEMO"}, "DEMO"),
        ({**LIVE, "REF_PUBLIC_URL": "http://ref.example.com"}, "https"),
    ],
)
def test_half_a_crossing_is_no_settings(
    setting: Callable[..., None], told: dict[str, str], named: str
) -> None:
    setting(**told)
    with pytest.raises(BadSettings, match=named):
        config.get()


def test_sound_live_settings_do_not_open_a_mock_database(setting: Callable[..., None]) -> None:
    setting(**LIVE)
    with pytest.raises(WrongInstance, match="the database is mock but REF_MODE is live"):
        create_app()


def test_mock_settings_do_not_open_a_live_database(
    setting: Callable[..., None], superuser: psycopg.Connection
) -> None:
    superuser.execute("set session_replication_role = replica")
    superuser.execute("update instance set mode = 'live'")
    with pytest.raises(WrongInstance, match="the database is live but REF_MODE is mock"):
        create_app()


# by credentials


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REF_MASTER_KEY", "a" * 64),
        ("REF_LOOKUP_KEY", "b" * 64),
        ("REF_TBANK_TERMINAL_KEY", "AnotherTerminal"),
        ("REF_TBANK_PAYOUT_TERMINAL_KEY", "AnotherE2C"),
    ],
)
def test_another_instances_keys_do_not_open_it(setting: Callable[..., None], name: str, value: str) -> None:
    setting(**{name: value})
    with pytest.raises(WrongInstance, match="stamped with other keys"):
        create_app()


# by host


@pytest.mark.parametrize("gateway", [Acquiring, Payouts])
@pytest.mark.parametrize(
    "url", [THE_BANK, "http://10.0.0.5:8471", "https://127.0.0.1.example.com", "http://localhost.example.com"]
)
def test_a_mock_instance_reaches_no_bank_by_its_host(
    setting: Callable[..., None], gateway: type, url: str
) -> None:
    setting(REF_TBANK_URL=url)
    with pytest.raises(UnsafeGateway):
        gateway.from_settings(config.get())


def test_a_mock_instance_texts_nobody_by_another_host(setting: Callable[..., None]) -> None:
    setting(REF_SMS_URL="https://sms.example.com")
    with pytest.raises(UnsafeGateway):
        Sms.from_settings(config.get())


# by command and job


@pytest.mark.parametrize(
    "command", [["check"], ["import", "establishments", "demo/helsinki_osm_establishments.csv"]]
)
def test_no_command_starts_on_the_other_side(database: str, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "erp.cli", *command],
        cwd=ROOT,
        env={**os.environ, **LIVE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "the database is mock but REF_MODE is live" in done.stderr


def test_no_worker_starts_on_the_other_side(database: str) -> None:
    code = "from erp.worker import application; application()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **LIVE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "the database is mock but REF_MODE is live" in done.stderr


@pytest.mark.parametrize("edge", [payment_jobs.edge, payout_jobs.edge])
def test_a_job_gets_no_gateway_to_the_bank(
    context: None, setting: Callable[..., None], edge: Callable[[], object]
) -> None:
    setting(REF_TBANK_URL=THE_BANK)
    with pytest.raises(UnsafeGateway):
        edge()


# by SQL


@pytest.mark.parametrize("role", ["DATABASE_URL", "DATABASE_OWNER_URL"])
@pytest.mark.parametrize(
    "sql",
    [
        "update instance set mode = 'live'",
        "update instance set fingerprint = 'another'",
        "delete from instance",
        "truncate instance",
        "insert into instance (one, id, mode, fingerprint, stamped_at) values (false, gen_random_uuid(), 'live', '', now())",
    ],
)
def test_nobody_changes_the_stamp(database: str, role: str, sql: str) -> None:
    with (
        psycopg.connect(os.environ[role]) as connection,
        pytest.raises(
            (
                psycopg.errors.InsufficientPrivilege,
                psycopg.errors.RestrictViolation,
                psycopg.errors.CheckViolation,
                psycopg.errors.UniqueViolation,
            )
        ),
    ):
        connection.execute(sql)


def test_a_stamp_that_a_superuser_changed_is_named(context: None, superuser: psycopg.Connection) -> None:
    superuser.execute("set session_replication_role = replica")
    superuser.execute("update instance set mode = 'live'")
    assert any("REF_MODE is mock" in bad for bad in one_stamp().bad)


def test_a_payment_of_the_real_terminal_in_mock_books_is_named(
    app: Flask,
    office: Office,
    superuser: psycopg.Connection,
) -> None:
    superuser.execute("set session_replication_role = replica")
    superuser.execute(
        "update payment set terminal_key = '1234567890' where reference = %s", (office.payment,)
    )
    with app.app_context():
        assert any("of terminal 1234567890" in bad for bad in bank_references_agree().bad)
        db.session.rollback()


# what a mock instance shows and hands out


def test_every_screen_says_that_it_is_mock(desk: Callable[[Role], Desk], office: Office) -> None:
    finance = desk(Role.FINANCE)
    for url in ("/", "/ledger", "/ledger/journal", f"/payments/{office.payment}", "/nothing-here"):
        page = finance.get(url).text
        assert "No real money moves here" in page, url
    assert "No real money moves here" in finance.client.application.test_client().get("/sign-in").text


@pytest.mark.parametrize("url", ["/ledger/journal", "/settlements", "/write-offs", "/payments", "/payouts"])
def test_every_file_says_so(desk: Callable[[Role], Desk], office: Office, url: str) -> None:
    finance = desk(Role.FINANCE)
    for format in ("csv", "xlsx"):
        kept = finance.post(f"{url}/export", format=format)
        assert f"-mock.{format}" in kept.headers["Content-Disposition"]
    assert ",mock" in finance.post(f"{url}/export", format="csv").text


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/orders/none", "/api/v1/nothing", "/api/v1/banks"])
def test_every_answer_of_the_api_says_so_refusals_too(app: Flask, database: str, path: str) -> None:
    answer = app.test_client().get(path)
    assert answer.headers["Ref-Mode"] == "mock", answer.status
