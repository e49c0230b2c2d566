"""Cursor pages: the client follows `next` until it is null and never computes a place in a list itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from erp.kernel.errors import Invalid
from erp.kernel.paging import Page
from erp.kernel.sentences import Sentence

MOST = 100


class PageQuery(BaseModel):
    limit: int = Field(50, ge=1, le=MOST, description="How many at most")
    cursor: str | SkipJsonSchema[None] = Field(
        None, max_length=1000, description="`next` of the page before; the other parameters stay the same"
    )


def page_number(query: PageQuery) -> int:
    """Which page the cursor stands for, in lists that are paged by number."""
    return int(place(query) or 1)


def place(query: PageQuery) -> int | str | None:
    """Where in its list the cursor stands: a page number, or the id that the page before ended with.

    None without a cursor. Raises `Invalid` for a cursor of another list, or one that we never gave.
    """
    if query.cursor is None:
        return None
    try:
        asked, at = _signer().loads(query.cursor)
    except BadData:
        raise _not_ours() from None
    if asked != _list_asked():
        raise _not_ours()
    return at if isinstance(at, int) else str(at)


def after(page: Page) -> str | None:
    """The cursor of the page that follows this one, or None at the end."""
    return _cursor(page.page + 1) if page.page < page.pages else None


def cut(rows: Sequence[Any], query: PageQuery) -> tuple[Sequence[Any], str | None]:
    """The page and its `next`, from rows sorted by id of which one more than the limit was asked for."""
    page = rows[: query.limit]
    if len(rows) <= query.limit:
        return page, None
    last = page[-1].id
    return page, _cursor(last if isinstance(last, int) else str(last))


def _cursor(at: int | str) -> str:
    text = _signer().dumps([_list_asked(), at])
    return text.decode() if isinstance(text, bytes) else text


def _list_asked() -> str:
    filters = sorted((name, value) for name, value in request.args.items(multi=True) if name != "cursor")
    return "&".join([request.path, *(f"{name}={value}" for name, value in filters)])


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="page of a list")


def _not_ours() -> Invalid:
    return Invalid(
        Sentence(
            "This cursor does not belong to this list. Ask for the list without a cursor and start again."
        ),
        fields={"cursor": Sentence("Not a cursor of this list.")},
    )
