"""Who acts in the load: programs and people who try again when a process dies under their request, as they would."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from erp.walk.pages import Page, Staff
from erp.walk.programs import PATIENCE, Agent, Program

Answer = TypeVar("Answer")
PAUSE = 0.5
"""Seconds before a request is sent again."""


def again(deed: Callable[[], Answer]) -> Answer:
    """What `deed` answers, once nobody dies under it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return deed()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)


class Product(Program):
    """The owner's product: repeats a request under the same key until it is told how it went."""

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
        asked = options | {"headers": headers | options.pop("headers", {})}
        deadline = time.monotonic() + 3 * PATIENCE  # a step at the bank that died is left alone for a minute
        while True:
            answer = again(lambda: super(Product, self).ask(method, path, **asked))
            if not _says_try_again(answer) or time.monotonic() > deadline:
                return answer
            time.sleep(PAUSE)


def _says_try_again(answer: httpx.Response) -> bool:
    return answer.status_code == 503 or (
        answer.status_code == 409 and answer.json()["code"] == "payment_being_opened"
    )


class Phone(Agent, Product):
    """RefAPP, which repeats its requests in the same way."""


class Clerk(Staff):
    """Somebody of the staff, who opens a page again when it did not come."""

    def open(self, path: str) -> Page:
        return again(lambda: super(Clerk, self).open(path))
