"""What a served request gets: JSON with a tag for conditional requests and the mode of the instance."""

from __future__ import annotations

from flask import Response, request
from pydantic import BaseModel

from erp import config


def answer(body: BaseModel, status: int = 200) -> Response:
    return Response(body.model_dump_json(), status, mimetype="application/json")


def nothing() -> Response:
    """Done, and there is nothing to show."""
    return Response(status=204)


def finish(response: Response) -> Response:
    """Headers that every answer of the API carries; an unchanged GET becomes 304."""
    response.headers["Ref-Mode"] = config.get().mode
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Authorization")
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if response.status_code == 429 and response.is_json and "retry_after" in response.get_json():
        response.headers["Retry-After"] = response.get_json()["retry_after"]
    if request.method in ("GET", "HEAD") and response.status_code == 200:
        response.add_etag()
        response.make_conditional(request)
    return response
