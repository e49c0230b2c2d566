"""How a process of Ref loads its code."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Nothing of what is loaded in the block is garbage, and all of it stays: it is not looked through for garbage, now
    (which takes a fifth of a process's start) or ever (which would stop a request that meets it)."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
