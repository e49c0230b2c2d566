"""Named refusals. A door turns the kind into a status; the sentence tells a person what to do."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class ErrorKind(StrEnum):
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A rule said no. `code` is stable for programs, the message is for people, `fields` names bad inputs."""

    code = "refused"
    kind = ErrorKind.CONFLICT
    sentence = "This cannot be done now."

    def __init__(self, sentence: str | None = None, *, fields: dict[str, str] | None = None, **details: Any):
        super().__init__(sentence or self.sentence)
        self.fields = fields or {}
        self.details = details


class NotFound(DomainError):
    """Also what a stranger's object looks like."""

    code = "not_found"
    kind = ErrorKind.NOT_FOUND
    sentence = "There is nothing here under this reference. Check it, or search for it."


class Invalid(DomainError):
    """Input that cannot be accepted; `fields` says what to mend."""

    code = "invalid"
    kind = ErrorKind.INVALID
    sentence = "Some of the values cannot be accepted."


class Forbidden(DomainError):
    code = "forbidden"
    kind = ErrorKind.FORBIDDEN
    sentence = "Your role does not allow this. Ask an administrator."


class Unauthenticated(DomainError):
    code = "unauthenticated"
    kind = ErrorKind.UNAUTHENTICATED
    sentence = "Sign in first."
