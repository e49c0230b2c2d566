"""The description of the API, generated from the views and their types, and completed with what is always true."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, json
from flask_openapi import Info, OpenAPI

from erp.kernel.permissions import public
from mobile_api.answers import finish
from mobile_api.errors import Problem
from mobile_api.nouns import PREFIX

VERSION = "1.0"
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
MEANING = """\
Agents bring customers to the owner's product and earn commissions. An **agent** finds an establishment, **books**
it, works it through its stages, and is attributed when it **signs up**; what the customer pays earns
**commissions**, which after their hold are **paid out**. The owner's product reports sign-ups and orders.

* Amounts are integers of minor units with a currency. Moments are RFC 3339 in UTC.
* A refusal is `application/problem+json`; its `code` is stable.
* What belongs to somebody else does not exist: 404.
* Lists come in pages: follow `next` until it is null.
* Version 1 only grows: ignore fields and values that you do not know.
* Header `Ref-Mode: mock` marks an instance that moves no real money.
"""
SECURITY_SCHEMES = {
    "agentToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "An agent's access token, from `POST /api/v1/auth/sessions`",
    },
    "productKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "refk_…",
        "description": "An API key of the owner's product, made by an administrator",
    },
}
REFUSALS = {
    "400": "The body is not valid JSON",
    "401": "No valid access token or API key",
    "403": "A suspended or closed agent may not do this",
    "404": "Nothing of yours under this reference",
    "409": "A rule says no in the present state; `code` says which",
    "413": "The body is too large",
    "415": "The body is not `application/json`",
    "422": "Values that cannot be accepted; `fields` says which",
    "429": "Too many requests; wait for `Retry-After` seconds",
    "503": "A service that we depend on is away; try again later",
}
LIMIT_HEADERS = {
    "X-RateLimit-Limit": "Requests allowed in the window",
    "X-RateLimit-Remaining": "Requests left in it",
    "X-RateLimit-Reset": "When it ends, in seconds since 1970",
    "Retry-After": "Seconds until it ends",
}

blueprint = Blueprint("api_description", __name__, url_prefix=PREFIX)
blueprint.after_request(finish)


@blueprint.get("/openapi.json")
@public("whoever builds a client reads it; it holds no data")
def description() -> Response:
    return Response(json.dumps(described(current_app)), mimetype="application/json")  # type: ignore[arg-type]


def described(app: OpenAPI) -> dict[str, Any]:
    """The whole description as OpenAPI 3.1."""
    kept: dict[str, Any] = app.extensions.setdefault("ref_api_description", {})
    if not kept:
        app.info = Info(title="Ref API", version=VERSION, description=MEANING)
        app.security_schemes = dict(SECURITY_SCHEMES)
        app.validation_error_model = Problem
        app.generate_spec_json()
        for path in [path for path in app.spec_json["paths"] if not path.startswith(PREFIX)]:
            del app.spec_json["paths"][path]  # the probes of a balancer
        for path in app.spec_json["paths"].values():
            for method, operation in path.items():
                _complete(method, operation)
        app.spec_json["components"]["headers"] = {
            name: {"description": meaning, "schema": {"type": "integer"}}
            for name, meaning in LIMIT_HEADERS.items()
        }
        kept.update(app.spec_json)
    return kept


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Add the refusals that follow from what an operation takes, and the headers of every answer."""
    answers = operation["responses"]
    del answers["422"]  # the library adds one in a form of its own
    for status in _refusals(operation) | {status for status in answers if status in REFUSALS}:
        answers[status] = {"description": REFUSALS[status], "content": PROBLEM}
    if method == "get":
        answers["304"] = {"description": "Unchanged since the `ETag` sent in `If-None-Match`"}
    for status in answers:
        if status.startswith("2") or status == "429":
            answers[status]["headers"] = {
                name: {"$ref": f"#/components/headers/{name}"} for name in LIMIT_HEADERS
            }
    operation["responses"] = dict(sorted(answers.items()))
    operation["description"] = operation.get("description", "").replace("<br/>", "\n").strip()


def _refusals(operation: dict[str, Any]) -> set[str]:
    found = {"429"}
    if operation.get("security"):
        found.add("401")
    if operation.get("requestBody"):
        found |= {"400", "413", "415", "422"}
    for parameter in operation.get("parameters", []):
        found.add("422")
        if parameter["name"] == "Idempotency-Key":
            found.add("409")
    return found
