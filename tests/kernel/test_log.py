"""Logs say which request or job a line belongs to, and nothing about people."""

import json

import pytest
import structlog
from flask.testing import FlaskClient
from rq import SimpleWorker

from erp.kernel import log, outbox
from erp.kernel.transaction import transaction
from erp.worker import QUEUES


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]


def test_a_request_is_one_line_with_its_id_and_without_its_address(
    client: FlaskClient, capfd: pytest.CaptureFixture[str]
) -> None:
    log.configure("INFO")
    answer = client.get("/sign-in?next=/agents?q=%2B79161234567")
    (line,) = [line for line in lines(capfd) if line["event"] == "request"]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["endpoint"] == "sessions.new"
    assert "79161234567" not in json.dumps(line)


def test_values_under_personal_names_are_hidden(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure("INFO")
    structlog.get_logger("test").info("signed_in", phone="+79161234567", code="123456", agent="AGT-1")
    (line,) = lines(capfd)
    assert (line["phone"], line["code"], line["agent"]) == ("hidden", "hidden", "AGT-1")


def test_a_job_logs_under_its_name_and_id(
    context: None, redis: object, capfd: pytest.CaptureFixture[str]
) -> None:
    log.configure("INFO")
    with transaction():
        outbox.enqueue("tests.kernel.test_log.say_so", 1)
    outbox.handed_over()
    SimpleWorker(QUEUES, connection=redis).work(burst=True, logging_level="WARNING")
    (line,) = [line for line in lines(capfd) if line["event"] == "said"]
    assert line["job"] == "tests.kernel.test_log.say_so"
    assert line["job_id"]


def say_so(_subjects: list[str]) -> None:
    structlog.get_logger("test").info("said")
