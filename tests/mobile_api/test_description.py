"""GET /openapi.json: valid, complete, and the marks of access survive the library's wrapping."""

import re

from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from erp import access
from tests.mobile_api.conftest import Caller

SCHEMES = {"agent": [{"agentToken": []}], "product": [{"productKey": []}], "public": None}


def _operations(stranger: Caller) -> dict[tuple[str, str], dict[str, object]]:
    paths = stranger.get("/openapi.json").json["paths"]
    return {(method, path): operation for path, item in paths.items() for method, operation in item.items()}


def test_the_description_is_valid_openapi_3_1(stranger: Caller) -> None:
    description = stranger.get("/openapi.json").json
    assert description["openapi"] == "3.1.0"
    validate(description, cls=OpenAPIV31SpecValidator)


def test_every_route_of_the_api_is_described(app: Flask, stranger: Caller) -> None:
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule != "/api/v1/openapi.json"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == set(_operations(stranger))


def test_what_is_described_as_open_is_open_and_nothing_else(app: Flask, stranger: Caller) -> None:
    """The library wraps each view; the mark that closes it must still be on what Flask calls."""
    described = _operations(stranger)
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if operation := described.get((method.lower(), path)):
                declared = access.declared(app, rule.endpoint)
                assert declared is not None, rule.endpoint
                assert operation.get("security") == SCHEMES[declared.audience], rule.endpoint


def test_every_operation_has_a_name_a_summary_a_tag_and_its_refusals(stranger: Caller) -> None:
    operations = _operations(stranger)
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    for where, operation in operations.items():
        assert operation["summary"], where
        assert len(operation["tags"]) == 1, where
        answers = operation["responses"]
        assert "429" in answers, where
        assert ("401" in answers) == bool(operation.get("security")) or "/auth/" in where[1], where
        for status, answer in answers.items():
            assert answer["description"], (where, status)
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], (where, status)


def test_every_field_of_the_schemas_that_carries_money_is_an_integer(stranger: Caller) -> None:
    schemas = stranger.get("/openapi.json").json["components"]["schemas"]
    assert schemas["Money"]["properties"]["amount"]["type"] == "integer"
    floats = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, kind in schema.get("properties", {}).items()
        if '"number"' in str(kind).replace("'", '"')
    ]
    assert floats == ["Establishment.lat", "Establishment.lon"]


def test_the_description_is_not_sent_again_when_unchanged(stranger: Caller) -> None:
    tag = stranger.get("/openapi.json").headers["ETag"]
    assert stranger.get("/openapi.json", headers={"If-None-Match": tag}).status_code == 304
