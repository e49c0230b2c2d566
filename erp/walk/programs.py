"""The programs on the other side of the API: an agent's phone, the owner's product, the bank's customer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from erp.walk.narrator import Failed

Seen = TypeVar("Seen")
PATIENCE = 60.0
"""Seconds the walk waits for workers before it calls something broken."""


def until(look: Callable[[], Seen | None], what: str, seconds: float = PATIENCE) -> Seen:
    """Look again and again until there is something to see."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.2)
    raise Failed(f"{what} did not happen within {seconds:.0f} s")


class Program:
    """A client of the JSON API."""

    def __init__(self, url: str, token: str = ""):
        self.http = httpx.Client(base_url=f"{url}/api/v1", timeout=30, trust_env=False)
        self.token = token

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST":
            headers["Idempotency-Key"] = uuid4().hex
        return self.http.request(method, path, headers=headers | options.pop("headers", {}), **options)

    def get(self, path: str, **params: Any) -> Any:
        return self._good(self.ask("GET", path, params=params))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._good(self.ask("POST", path, json=body or {}))

    def _good(self, answer: httpx.Response) -> Any:
        if answer.status_code >= 400:
            raise Failed(f"{answer.request.method} {answer.request.url.path} answered {answer.text[:400]}")
        return answer.json() if answer.content else None


class Agent(Program):
    """RefAPP on somebody's phone."""

    def __init__(self, url: str, sms_url: str, phone: str, name: str):
        super().__init__(url)
        self.sms_url, self.phone, self.name = sms_url, phone, name
        self._sign_in()
        self.me = self.get("/me")
        self.code: str = self.me["code"]
        self.reference: str = self.me["reference"]

    def _sign_in(self) -> None:
        self.token = ""
        seen = self.messages()
        self.post("/auth/codes", {"phone": self.phone})
        code = until(lambda: self._code(seen), "the one-time code by SMS")
        self._keep(self.post("/auth/sessions", {"phone": self.phone, "code": code, "name": self.name}))

    def messages(self) -> list[dict[str, Any]]:
        """What the SMS gateway's inbox holds for this phone, newest first."""
        inbox = httpx.get(
            f"{self.sms_url}/inbox.json", params={"to": self.phone}, timeout=10, trust_env=False
        )
        messages: list[dict[str, Any]] = inbox.raise_for_status().json()["messages"]
        return messages

    def _code(self, seen: list[dict[str, Any]]) -> str | None:
        """The code in the newest message, when it came after those that were `seen`."""
        messages = self.messages()
        found = re.search(r"\b\d{6}\b", messages[0]["text"]) if len(messages) > len(seen) else None
        return found and found[0]

    def _keep(self, session: dict[str, Any]) -> None:
        self.token, self.refresh = session["access_token"], session["refresh_token"]

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """As RefAPP does: when the access token has run out, renew it, or sign in again, and ask once more."""
        answer = super().ask(method, path, **options)
        if answer.status_code == 401 and self.token:
            renewed = self.http.post("/auth/refresh", json={"refresh_token": self.refresh})
            if renewed.status_code == 401:
                self._sign_in()
            else:
                self._keep(self._good(renewed))
            answer = super().ask(method, path, **options)
        return answer

    def balance(self) -> dict[str, int]:
        """Kopecks per account."""
        found = self.get("/balance")["items"]
        of_rubles: dict[str, int] = next((one for one in found if one["currency"] == "RUB"), {})
        return {name: of_rubles.get(name, 0) for name in ("pending", "available", "frozen", "in_payout")}


class Bank:
    """What a customer and the bank's own people do at the simulated bank."""

    def __init__(self, url: str):
        self.http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def pay(self, payment_url: str, card: str = "2200770239097761") -> None:
        """Open the bank's payment page and pay with a test card."""
        page = self.http.get(payment_url)
        if page.status_code != 200:
            raise Failed(f"the payment page answered {page.status_code}")
        answer = self.http.post(payment_url, data={"pan": card})
        if answer.status_code not in (200, 303):
            raise Failed(f"paying by card answered {answer.status_code}")

    def name_recipient(self, phone: str, short_name: str) -> None:
        """The name under which the recipient's bank knows the owner of a phone."""
        self._order("recipient", phone=phone, short_name=short_name)

    def misbehave(self, operation: str, fault: str, **more: Any) -> None:
        """Have the simulator do something wrong the next time."""
        self._order("misbehave", operation=operation, fault=fault, **more)

    def _order(self, what: str, **how: Any) -> None:
        self.http.post(f"/_control/{what}", json=how).raise_for_status()

    def operations(self, order_id: str = "") -> Any:
        """All that the bank holds, or what concerns one order."""
        params = {"order_id": order_id} if order_id else {}
        return self.http.get("/operations", params=params).raise_for_status().json()
