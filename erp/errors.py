"""What people and programs see when something is refused or breaks: a sentence and a request id, never a trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from flask import Flask, Response, g, json, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from erp import config
from erp.kernel.db import db
from erp.kernel.errors import DomainError, ErrorKind
from erp.kernel.sentences import Sentence
from erp.language import say
from erp.problem_titles import title_of

STATUS = {
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.INVALID: 422,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.TOO_MANY: 429,
    ErrorKind.UNAVAILABLE: 503,
}
SENTENCES = {
    400: Sentence("The request could not be understood. Go back, check what you sent, and try again."),
    404: Sentence("There is nothing at this address. Check it, or start from the menu."),
    405: Sentence("This address does not accept that kind of request."),
    413: Sentence("That is too large: 16 MB at most."),
    415: Sentence("This content type is not accepted here."),
    429: Sentence("Too many requests. Wait a moment and try again."),
    500: Sentence(
        "Something broke on our side. Nothing was half done. Try again, and tell support the number below."
    ),
}
OTHERWISE = Sentence("This request cannot be answered. Check it, and try again.")
log = structlog.get_logger()


def register(app: Flask) -> None:
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(Exception, _crash)


def _domain_error(error: DomainError) -> Any:
    return answer(STATUS[error.kind], error.code, error.said, fields=error.fields, **error.details)


def _csrf_error(_error: CSRFError) -> Any:
    """A token is as old as its session: the sign-in has ended, or began anew in another tab. An open page asks for it."""
    if "HX-Request" in request.headers:
        return answer(
            401,
            "sign_in_expired",
            Sentence("Your sign-in has expired. Sign in again, then repeat what you did."),
        )
    return answer(
        400, "form_expired", Sentence("The form is out of date. Reload the page and send it again.")
    )


def _http_error(error: HTTPException) -> Any:
    status = error.code or 500
    response = answer(status, error.name.lower().replace(" ", "_"), SENTENCES.get(status, OTHERWISE))
    for name in ("Retry-After", "Allow"):
        for header, value in error.get_headers():
            if header == name:
                response.headers[name] = value
    return response


def _unstorable(_error: DataError) -> Any:
    """Somebody sent what no column can hold: a NUL byte, a number of thirty digits."""
    db.session.rollback()
    return answer(400, "bad_request", SENTENCES[400])


def _crash(error: Exception) -> Any:
    db.session.rollback()
    log.error("request.crashed", error=type(error).__name__, exc_info=True)
    return answer(500, "internal_error", SENTENCES[500])


def answer(
    status: int, code: str, said: Sentence, fields: Mapping[str, Sentence] | None = None, **details: Any
) -> Response:
    """The refusal in the form the caller reads: problem+json, an htmx fragment or a page."""
    if request.path.startswith(("/api/", "/webhooks/")):
        return problem(status, code, said, fields, **details)
    part = request.headers.get("HX-Request-Type") == "partial"
    template = "errors/_error.html" if part else "errors/error.html"
    html = render_template(
        template, status=status, code=code, sentence=say(said), request_id=g.get("request_id")
    )
    return Response(html, status, mimetype="text/html")


def problem(
    status: int, code: str, said: Sentence, fields: Mapping[str, Sentence] | None = None, **details: Any
) -> Response:
    """RFC 9457: `code` for programs, `detail` for people, `fields` for what to mend in the request."""
    body = {
        "type": "about:blank",
        "title": say(title_of(code)),
        "status": status,
        "code": code,
        "detail": say(said),
        "request_id": g.get("request_id"),
    }
    if fields:
        body["fields"] = {name: say(wrong) for name, wrong in fields.items()}
    body.update({key: value for key, value in details.items() if key not in body})
    answered = Response(json.dumps(body), status, mimetype="application/problem+json")
    answered.headers["Ref-Mode"] = (
        config.get().mode
    )  # also where no part of the API answers, as for an unknown path
    return answered
