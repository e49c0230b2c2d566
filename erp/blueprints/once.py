"""Parts of pages that are drawn once: what is the same for everybody who reads the same language.

`{% call once("heads", list.face) %}…{% endcall %}` draws what is inside once for its key, which names all that it depends
on: nothing of a person, of the moment or of the data may be in it. What differs stands in slots, which are filled each
time: `{% call once("bar", csrf=csrf_token()) %}… {{ slot("csrf") }} …{% endcall %}`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from flask import Flask, current_app
from markupsafe import Markup, escape

from erp.language import locale

KEPT = "ref_once"
MOST = 500
"""Parts that are kept; those not used for longest are forgotten."""


class Face:
    """All that several parts of a page depend on. It is looked up for each of them, and hashed once."""

    __slots__ = ("_hash", "of")

    def __init__(self, of: Hashable):
        self.of = of
        self._hash = hash(of)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Face) and self.of == other.of


def register(app: Flask) -> None:
    """Let the templates of `app` draw once."""
    app.extensions[KEPT] = OrderedDict()
    app.jinja_env.globals.update(once=once, slot=slot)


def once(part: str, of: Hashable, *, caller: Callable[[], Markup], **slots: Any) -> Markup:
    """The `part` as it was drawn for the same `of`; None is something too rare to be kept."""
    drawn = caller() if of is None else _kept((part, of, locale().language), caller)
    for name, value in slots.items():
        drawn = drawn.replace(slot(name), escape(value))
    return drawn


def slot(name: str) -> Markup:
    """Where `once` writes what it is given under this name; no page has such characters in it."""
    return Markup(f"\0{name}\0")


def _kept(key: Hashable, draw: Callable[[], Markup]) -> Markup:
    kept: OrderedDict[Hashable, Markup] = current_app.extensions[KEPT]
    drawn = kept.pop(key, None)
    if drawn is None:
        drawn = draw()
        if len(kept) >= MOST:
            kept.popitem(last=False)
    kept[key] = drawn
    return drawn
