"""POST and GET /disputes, POST /disputes/<reference>/messages."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from erp.domain import disputes
from erp.kernel import clock
from erp.kernel.db import scalar
from erp.kernel.transaction import transaction
from tests.mobile_api.conftest import TESTS, Business, Caller


@pytest.fixture
def commission(business: Business, alice: Caller) -> int:
    business.sign_up("superapp-1", alice)
    business.receive(150_000, "invoice-1", "superapp-1")
    id: int = alice.get("/commissions").json["items"][0]["id"]
    return id


def raised(agent: Caller, key: str = "", **given: Any) -> Any:
    body = {"kind": "missing", "message": "Where is it?", **given}
    return agent.post("/disputes", body, headers={"Idempotency-Key": key} if key else {})


def test_an_agent_raises_one_and_reads_it(alice: Caller, commission: int) -> None:
    answer = raised(alice, kind="wrong", commission=commission, expected=15_000, message="It was\n15 %")
    assert answer.status_code == 201
    made = answer.json
    assert (made["kind"], made["state"], made["commission"]) == ("wrong", "open", commission)
    assert made["expected"] == {"amount": 15_000, "currency": "RUB"}
    assert (made["decided_by"], made["otherwise"]) == ("finance", "stay")
    assert [(one["author"], one["text"]) for one in made["messages"]] == [("agent", "It was\n15 %")]
    assert alice.get(f"/disputes/{made['reference']}").json == made
    (listed,) = alice.get("/disputes").json["items"]
    assert listed == {name: value for name, value in made.items() if name != "messages"}


def test_the_same_key_raises_it_once(app: Flask, alice: Caller) -> None:
    first, again = raised(alice, "one"), raised(alice, "one")
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert raised(alice, "one", message="Another").json["code"] == "idempotency_key_reused"
    with app.app_context():
        assert scalar("select count(*) from dispute") == 1


def test_one_is_open_about_a_commission(alice: Caller, commission: int) -> None:
    raised(alice, kind="wrong", commission=commission)
    again = raised(alice, kind="wrong", commission=commission)
    assert (again.status_code, again.json["code"]) == (409, "already_disputed")


def test_what_is_somebody_elses_is_not_there(alice: Caller, bob: Caller, commission: int) -> None:
    refused = raised(bob, kind="wrong", commission=commission)
    assert (refused.status_code, set(refused.json["fields"])) == (422, {"commission"})
    reference = raised(alice).json["reference"]
    assert bob.get(f"/disputes/{reference}").status_code == 404
    assert bob.post(f"/disputes/{reference}/messages", {"message": "Mine"}).status_code == 404
    assert bob.get("/disputes").json["items"] == []


def test_both_write_and_the_decision_is_read_in_the_agents_language(app: Flask, alice: Caller) -> None:
    reference = raised(alice).json["reference"]
    with app.app_context(), transaction():
        disputes.write(disputes.find(reference).id, "Which day?", by=TESTS, now=clock.now())
    written = alice.post(f"/disputes/{reference}/messages", {"message": "Monday"})
    assert [one["author"] for one in written.json["messages"]] == ["agent", "system", "agent"]
    with app.app_context(), transaction():
        id = disputes.find(reference).id
        disputes.decide(id, "partly", "late_fact", "Half of it", by=TESTS, now=clock.now())
    shown = alice.get(f"/disputes/{reference}", headers={"Accept-Language": "ru"}).json
    assert (shown["state"], shown["reason"]) == ("partly", "late_fact")
    assert shown["reason_text"] == "не хватало факта, его добавили"
    assert shown["messages"][-1] | {"written_at": ""} == {
        "author": "system",
        "kind": "decision",
        "text": "Half of it",
        "written_at": "",
    }
    refused = alice.post(f"/disputes/{reference}/messages", {"message": "But!"})
    assert (refused.status_code, refused.json["code"]) == (409, "dispute_decided")
    assert [
        one["reference"] for one in alice.get("/disputes", query_string={"state": "decided"}).json["items"]
    ]
    assert alice.get("/disputes", query_string={"state": "open"}).json["items"] == []
