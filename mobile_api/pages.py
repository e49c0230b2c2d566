"""Cursor pages: the client follows `next` until it is null and never computes a place in a list itself."""

from __future__ import annotations

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from erp.kernel.errors import Invalid
from erp.kernel.paging import Page

MOST = 100


class PageQuery(BaseModel):
    limit: int = Field(50, ge=1, le=MOST, description="How many at most")
    cursor: str | SkipJsonSchema[None] = Field(
        None, max_length=500, description="`next` of the page before; the other parameters stay the same"
    )


def number(query: PageQuery) -> int:
    """Which page the cursor stands for. A cursor of another list, or one that we never gave, is refused."""
    if query.cursor is None:
        return 1
    try:
        asked, page = _signer().loads(query.cursor)
    except BadData:
        raise _not_ours() from None
    if asked != _list_asked():
        raise _not_ours()
    return int(page)


def after(page: Page) -> str | None:
    """The cursor of the next page, or None at the end."""
    if page.page >= page.pages:
        return None
    return _signer().dumps([_list_asked(), page.page + 1])


def _list_asked() -> str:
    filters = sorted((name, value) for name, value in request.args.items(multi=True) if name != "cursor")
    return "&".join([request.path, *(f"{name}={value}" for name, value in filters)])


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="page of a list")


def _not_ours() -> Invalid:
    return Invalid(
        "This cursor does not belong to this list. Ask for the list without a cursor and start again.",
        fields={"cursor": "not a cursor of this list"},
    )
