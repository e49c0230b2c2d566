"""The moment that a page is made at."""

from __future__ import annotations

import datetime as dt

from flask import g

from erp.kernel import clock


def as_of(moment: dt.datetime) -> None:
    """Have this page, which only reads, show how things stand at a moment that was asked for already."""
    g.now = moment.astimezone(dt.UTC)


def now() -> dt.datetime:
    """The clock's moment, the same all over one page."""
    if "now" not in g:
        g.now = clock.now()
    moment: dt.datetime = g.now
    return moment
