"""Named refusals. A door turns the kind into a status; the sentence tells a person what to do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from erp.kernel.sentences import Sentence

NEEDED = Sentence("This is needed.")
"""Of a value that is missing."""


class ErrorKind(StrEnum):
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A rule said no. `code` is stable for programs, `said` is for people, `fields` says of each bad input why.

    As text, in logs and on the command line, it is English; a door words it in the reader's language.
    """

    code = "refused"
    kind = ErrorKind.CONFLICT
    sentence = Sentence("This cannot be done now.")

    def __init__(
        self, said: Sentence | None = None, *, fields: Mapping[str, Sentence] | None = None, **details: Any
    ):
        self.said = said or self.sentence
        super().__init__(self.said.plain())
        self.fields = fields or {}
        self.details = details


class NotFound(DomainError):
    """Also what a stranger's object looks like."""

    code = "not_found"
    kind = ErrorKind.NOT_FOUND
    sentence = Sentence("There is nothing here under this reference. Check it, or search for it.")


class Invalid(DomainError):
    """Input that cannot be accepted; `fields` says what to mend."""

    code = "invalid"
    kind = ErrorKind.INVALID
    sentence = Sentence("Some of the values cannot be accepted.")


class Forbidden(DomainError):
    code = "forbidden"
    kind = ErrorKind.FORBIDDEN
    sentence = Sentence("Your role does not allow this. Ask an administrator.")


class SamePerson(Forbidden):
    """What one person asked for, another one decides."""

    code = "same_person"
    sentence = Sentence("You asked for this yourself. A different person must decide it.")


class Unauthenticated(DomainError):
    code = "unauthenticated"
    kind = ErrorKind.UNAUTHENTICATED
    sentence = Sentence("Sign in first.")
