"""One blueprint a noun, all alike: under /api/v1, JSON in and out, limited, tagged, without forms' CSRF."""

from __future__ import annotations

from typing import Any

from flask_openapi import APIBlueprint, Tag

from erp.extensions import csrf
from mobile_api import limits
from mobile_api.answers import finish
from mobile_api.errors import require_json

PREFIX = "/api/v1"
Security = dict[str, list[Any]]
AGENT: Security = {"agentToken": []}
PRODUCT: Security = {"productKey": []}


def noun(name: str, meaning: str, *, security: Security | None = AGENT) -> APIBlueprint:
    """The blueprint of `name`; `meaning` is its sentence in the API description."""
    blueprint = APIBlueprint(
        f"api_{name}",
        __name__,
        url_prefix=PREFIX,
        abp_tags=[Tag(name=name, description=meaning)],
        abp_security=[security] if security else [],
        operation_id_callback=_operation_id,
    )
    csrf.exempt(blueprint)
    limit = limits.per_caller if security else limits.per_address
    limit(blueprint)
    blueprint.before_request(require_json)
    blueprint.after_request(finish)
    return blueprint


def _operation_id(name: str, path: str, method: str) -> str:
    return name
