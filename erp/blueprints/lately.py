"""What changes seldom and is shown everywhere: asked of the database now and then, not for every page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from flask import current_app

FRESH_FOR = 15
"""Seconds for which an answer may be shown again."""
Answer = TypeVar("Answer")


def lately(ask: Callable[[], Answer]) -> Answer:
    """What `ask`, a function of a module, answered at most `FRESH_FOR` seconds ago in this process."""
    known = current_app.extensions.setdefault("ref_lately", {})
    until, answer = known.get(ask, (0.0, None))
    moment = time.monotonic()
    if moment >= until:
        answer = ask()
        known[ask] = (moment + FRESH_FOR, answer)
    kept: Answer = answer
    return kept
