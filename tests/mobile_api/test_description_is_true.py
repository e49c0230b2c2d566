"""Every operation, with everything that its description allows and with much that it does not.

Schemathesis makes up the requests; the answers must be described: their status, their type, their form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from erp.jobs import statements as statement_jobs
from tests.mobile_api.conftest import Business, Caller, move_clock, signed_in

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance, content_type_conformance]
EXAMPLES = 15
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Stage:
    """Who calls, and what there is to be found, by the path that finds it."""

    agent: Caller
    product: Caller
    known: dict[str, dict[str, object]]

    def credential(self, operation: Any) -> str | None:
        schemes = {name for one in operation.definition.raw.get("security", []) for name in one}
        callers = {"agentToken": self.agent, "productKey": self.product}
        return next((callers[name].credential for name in schemes), None)


@pytest.fixture
def stage(
    app: Flask, business: Business, alice: Caller, places: list[str], monkeypatch: pytest.MonkeyPatch
) -> Stage:
    """One of everything, and nobody is slowed down."""
    rates = {"api_rate": "1000000 per minute", "auth_rate": "1000000 per minute"}
    monkeypatch.setitem(app.config, "REF", app.config["REF"].model_copy(update=rates))
    business.sign_up("superapp-1", alice)
    business.receive(150_000, "invoice-1", "superapp-1")
    booking = alice.post(f"/establishments/{places[0]}/booking").json["reference"]
    commission = alice.get("/commissions").json["items"][0]["id"]
    referral = alice.get("/referrals").json["items"][0]["reference"]
    move_clock(app, days=32)
    with app.app_context():
        statement_jobs.seal()
    alice = signed_in(app, "+79012345601", "Alice Ivanova")
    statement = alice.get("/statements").json["items"][0]["reference"]
    dispute = alice.post("/disputes", {"kind": "missing", "message": "Where is it?"}).json["reference"]
    known = {
        "/establishments/{reference}": {"reference": places[1]},
        "/establishments/{reference}/booking": {"reference": places[0]},
        "/bookings/{reference}": {"reference": booking},
        "/commissions/{id}": {"id": commission},
        "/referrals/{reference}/terms": {"reference": referral},
        "/statements/{reference}": {"reference": statement},
        "/statements/{reference}/file": {"reference": statement},
        "/disputes/{reference}": {"reference": dispute},
        "/sign-ups/{external_id}": {"external_id": "superapp-1"},
        "/orders/{external_id}": {"external_id": "invoice-1"},
    }
    return Stage(
        alice, business.product, {f"/api/v1{path}": parameters for path, parameters in known.items()}
    )


def _operations(app: Flask) -> list[Any]:
    """All of them, signing out last."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    found = [result.ok() for result in schema.get_all_operations()]
    return sorted(found, key=lambda operation: operation.path.endswith("/auth/session"))


def _call_many_times(cases: st.SearchStrategy[Any], call: Callable[[Any], Any]) -> None:
    @BOUNDED
    @given(case=cases)
    def check(case: Any) -> None:
        call(case)

    check()


def _headers(credential: str | None) -> dict[str, str]:
    """Without compression: the client asks for what it cannot read itself when the application runs beside it."""
    plain = {"Accept-Encoding": "identity"}
    return plain | {"Authorization": f"Bearer {credential}"} if credential else plain


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_described(
    app: Flask, stage: Stage, subtests: pytest.Subtests, mode: GenerationMode
) -> None:
    for operation in _operations(app):
        headers = _headers(stage.credential(operation))
        with subtests.test(operation.label):
            _call_many_times(
                operation.as_strategy(generation_mode=mode),
                lambda case, headers=headers: case.call_and_validate(checks=CHECKS, headers=headers),
            )


def test_every_answer_about_what_exists_is_described(
    app: Flask, stage: Stage, subtests: pytest.Subtests
) -> None:
    statuses = set()

    def call(case: Any, operation: Any, headers: dict[str, str]) -> None:
        case.path_parameters = stage.known.get(operation.path, case.path_parameters)
        if operation.label == "POST /api/v1/orders":
            case.body |= {"customer": "superapp-1", "total": {"amount": 150_000, "currency": "RUB"}}
        answer = case.call_and_validate(checks=CHECKS, headers=headers)
        statuses.add((operation.label.removeprefix("GET /api/v1"), answer.status_code))

    for operation in _operations(app):
        headers = _headers(stage.credential(operation))
        with subtests.test(operation.label):
            _call_many_times(
                operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
                lambda case, operation=operation, headers=headers: call(case, operation, headers),
            )
    for path in stage.known:
        place = path.removeprefix("/api/v1")
        assert (place, 200) in statuses or place.endswith("/booking"), place
    assert ("POST /api/v1/orders", 201) in statuses


def test_a_secured_operation_opens_to_nobody_else(
    app: Flask, stage: Stage, subtests: pytest.Subtests
) -> None:
    for operation in _operations(app):
        if not stage.credential(operation):
            continue
        for credential in (None, "refa_invented", "refk_invented"):
            with subtests.test(operation.label, credential=credential):
                case = operation.Case(path_parameters=dict.fromkeys(("reference", "id", "external_id"), "1"))
                answer = case.call_and_validate(checks=CHECKS, headers=_headers(credential))
                assert answer.status_code == 401
