"""Where Chromium is and how it starts without a screen: for what is measured, pictured and tested in it."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Debian's names for it. The first is the same engine without a desktop around it: it opens a page several times
sooner."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def path() -> str:
    """CHROMIUM, or the first of its names that can be run."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError("There is no Chromium: install it (make chromium), or name yours in CHROMIUM.")
    return found
