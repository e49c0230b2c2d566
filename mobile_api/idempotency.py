"""POSTs that may be sent twice: with the same `Idempotency-Key` the first answer is given again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, g, request
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from erp.kernel import idempotency
from erp.kernel.transaction import transaction

View = Callable[..., Response]


class IdempotencyHeader(BaseModel):
    key: str | SkipJsonSchema[None] = Field(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern=r"^[!-~]+$",
        description="Any text of your own. The same key with the same request is answered as the first time, byte"
        " for byte, with `Idempotent-Replayed: true`; with another request it is refused.",
        examples=["booking-2026-11-22-0001"],
    )


def idempotent(view: View) -> View:
    """Open the view's transaction, so that its effect and the answer that is kept for its key are one.

    A refusal rolls both back: the same request may be tried again with the same key.
    """

    @wraps(view)
    def once(header: IdempotencyHeader, **inputs: Any) -> Response:
        with transaction():
            if header.key is None:
                return view(**inputs)
            return _answer_again(header.key) or _answer_first(header.key, view(**inputs))

    once.__annotations__ = {**view.__annotations__, "header": IdempotencyHeader}
    return once


def _answer_again(key: str) -> Response | None:
    fingerprint = b"\n".join([request.method.encode(), request.full_path.encode(), request.get_data()])
    kept = idempotency.begin(str(g.actor), key, fingerprint)
    if kept is None:
        return None
    response = Response(kept.body, kept.status, mimetype="application/json")
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _answer_first(key: str, response: Response) -> Response:
    kept = idempotency.Answer(response.status_code, response.get_data())
    idempotency.finish(str(g.actor), key, kept)
    return response
