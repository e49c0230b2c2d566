"""Texts go to agents' phones, each once however often the work is handed over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from erp import config
from erp.domain import rerates
from erp.jobs import notices as job
from erp.kernel.db import db, rows
from erp.kernel.transaction import transaction
from tests.rerates.conftest import Proposed
from tests.simulators.running import Simulator
from tests.support.cast import NOW
from tests.support.earnings import FILIPP, agent, customer_of, days


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    sms = Simulator("simulators.sms", "--journal", tmp_path / "sms.jsonl", "--token", "sms-token")
    monkeypatch.setenv("REF_SMS_URL", sms.url)
    monkeypatch.setenv("REF_SMS_TOKEN", "sms-token")
    config.get.cache_clear()
    yield sms
    sms.stop()
    monkeypatch.undo()
    config.get.cache_clear()


def test_each_agent_gets_one_text_also_when_a_worker_dies_between_two(
    better: object, proposed: Proposed, gateway: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_of(agent(), days(-19))
    reference = proposed()
    with transaction():
        rerates.approve(reference, by=FILIPP, now=NOW)
    ids = [str(id) for (id,) in rows("select id from notice order by id")]
    db.session.rollback()
    assert len(ids) == 2
    job.tell(ids[:1])  # and dies
    job.tell(ids)
    job.tell(ids)
    sent = gateway.http.get("/inbox.json").json()["messages"]
    assert len(sent) == 2
    assert len({message["to"] for message in sent}) == 2
    assert all("earn by version 2 of the terms" in message["text"] for message in sent)
