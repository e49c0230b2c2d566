"""What a wrong request gets: a named refusal that says which values to mend, and never a trace."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import current_app, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from erp.kernel.errors import DomainError, ErrorKind, Invalid
from erp.kernel.sentences import Sentence
from mobile_api.wrong_values import wrong


class Problem(BaseModel):
    """A refusal (RFC 9457): `code` for programs, `detail` for people, `fields` for what to mend."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Already booked",
                    "status": 409,
                    "code": "already_booked",
                    "detail": "This establishment is booked by another agent.",
                    "request_id": "8f14e45fceea167a",
                }
            ]
        },
    )

    type: str = Field(description="Always about:blank: the code tells the kind")
    title: str = Field(description="The code in words")
    status: int = Field(description="The HTTP status again")
    code: str = Field(description="Stable snake_case name of the refusal")
    detail: str = Field(description="A sentence that a person can act on")
    request_id: str | None = Field(description="What to tell support")
    fields: dict[str, str] | None = Field(None, description="Which values to mend, and why")


def refuse_values(error: ValidationError) -> NoReturn:
    """Say which values of the request cannot be accepted. Raises `Invalid`, a 422."""
    raise Invalid(fields={_place(problem["loc"]): wrong(problem) for problem in error.errors()})


def _place(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location) or "body"


def require_json() -> None:
    """Refuse a body that is not JSON before the view reads it: 415 by its type, 400 by its syntax."""
    view = current_app.view_functions[request.endpoint or ""]
    if "body" not in view.__annotations__:
        return
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        body = request.get_json()
    except UnicodeDecodeError:
        raise BadRequest from None
    if not isinstance(body, dict):
        raise Invalid(fields={"body": Sentence("This should be an object.")})


class BankAway(DomainError):
    code = "bank_away"
    kind = ErrorKind.UNAVAILABLE
    sentence = Sentence("The bank does not answer at the moment. Nothing was lost: try again in a minute.")
