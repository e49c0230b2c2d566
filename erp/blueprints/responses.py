"""What a page answers: the whole page or the part htmx asked for, a refusal with what was typed, a way onward."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Response, make_response, redirect, render_template, request, url_for

from erp.blueprints.waiting import count_anew

HTMX_HEADERS = ("HX-Request", "HX-Request-Type")


def wants_part() -> bool:
    """Whether htmx asks for a fragment. Going back in history asks for the whole page."""
    return request.headers.get("HX-Request-Type") == "partial"


def page_or_part(page_template: str, part_template: str, *, status: int = 200, **context: Any) -> Response:
    """The fragment when htmx asks for a part, otherwise the whole page that includes the same fragment."""
    if wants_part():
        body = render_template(part_template, **context) + render_template("layouts/_toasts.html")
    else:
        body = render_template(page_template, **context)
    return varied(make_response(body, status))


def refused(page_template: str, part_template: str, **context: Any) -> Response:
    """422 with the same form, holding what was typed and saying beside each field what to mend."""
    return page_or_part(page_template, part_template, status=422, **context)


def done(url: str, part_template: str, **context: Any) -> Response:
    """The deed is done: htmx gets the renewed part in place, anybody else is sent to the page that shows it."""
    if not wants_part():
        return seen_other(url)
    count_anew()
    body = render_template(part_template, **context) + render_template("layouts/_after_deed.html")
    return varied(make_response(body))


def seen_other(url: str) -> Response:
    """Send the reader on after a deed was done: 303, which htmx would follow into a fragment, so it gets HX-Redirect."""
    count_anew()
    if request.headers.get("HX-Request") == "true":
        return varied(Response(status=204, headers={"HX-Redirect": url}))
    return varied(make_response(redirect(url, 303)))


def local_url(url: str | None) -> str:
    """Where to go on to: the address that was asked for, but never another site."""
    parts = urlsplit((url or "").replace("\\", "/"))
    is_path = parts.path.startswith("/") and not parts.path.startswith("//")
    return url if url and is_path and not (parts.scheme or parts.netloc) else url_for("home.show")


def varied(response: Response) -> Response:
    """Tell caches that one URL has two bodies."""
    response.vary.update(HTMX_HEADERS)
    return response
