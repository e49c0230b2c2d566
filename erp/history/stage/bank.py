"""The simulated bank, told of the past: the real requests of the real gateway, each with the moment it was made."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from erp.config import Settings
from erp.gateways.outside import refuse_open_transaction
from erp.gateways.tbank import Acquiring, BankUnknown, Payouts, token
from erp.gateways.tbank.transport import Answer, Transport

PAY, STATE = "/a2c/sbp/v2/Payment", "/a2c/sbp/GetState"
ARRIVES_AFTER = dt.timedelta(seconds=2)
"""How long after it was sent the bank tells that a transfer has arrived."""


class TheBankIsAway(Exception):
    """No simulated bank of this instance answers; the message says where."""


@dataclass(frozen=True)
class Request:
    """One request at the bank's counter, at the payment page or in its cabinet."""

    at: dt.datetime
    path: str
    body: dict[str, Any]


@dataclass(frozen=True)
class News:
    """What the bank posts to us, at that moment, to an address of ours."""

    at: dt.datetime
    path: str
    body: bytes


class PastBank:
    """Takes many requests at once and keeps the news that follows. Exists on mock instances with a simulator only."""

    def __init__(self, settings: Settings):
        if settings.mode != "mock" or settings.tbank_environment != "simulator":
            raise TheBankIsAway("a history is told to a simulated bank only")
        self._settings = settings
        self._http = httpx.Client(base_url=settings.tbank_url, timeout=60, trust_env=False)
        self._news: list[News] = []

    def tell(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        """What the bank answered to each, in the order given; they happen in the order of time."""
        refuse_open_transaction()
        if not requests:
            return []
        order = sorted(range(len(requests)), key=lambda number: requests[number].at)
        told = [
            {
                "at": requests[number].at.isoformat(),
                "path": requests[number].path,
                "body": requests[number].body,
            }
            for number in order
        ]
        answered = self._post(told)
        for news in answered["news"]:
            path, body = urlsplit(news["url"]).path, json.dumps(news["body"]).encode()
            self._news.append(News(dt.datetime.fromisoformat(news["at"]), path, body))
        answers: dict[int, dict[str, Any]] = dict(zip(order, answered["answers"], strict=True))
        return [answers[number] for number in range(len(requests))]

    def greet(self, at: dt.datetime) -> None:
        """Raises `TheBankIsAway` unless the bank of this instance answers."""
        self.tell([self.ask(at, "CheckOrder", OrderId="anybody there")])

    def take_news(self) -> list[News]:
        taken, self._news = self._news, []
        return taken

    def misbehave(self, operation: str, order_id: str) -> None:
        """From now on the bank fails to answer such requests about this order."""
        order = {"operation": operation, "fault": "http_500", "order_id": order_id, "times": 1_000_000}
        self._http.post("/_control/misbehave", json=order).raise_for_status()

    def ask(self, at: dt.datetime, method: str, **fields: Any) -> Request:
        """A request to the acquirer, with its Token."""
        body = {"TerminalKey": self._settings.tbank_terminal_key, **fields}
        body["Token"] = token.make(body, self._settings.tbank_password.get_secret_value())
        return Request(at, f"/v2/{method}", body)

    def acquiring(self, clock: Callable[[], dt.datetime]) -> Acquiring:
        """The gateway that workers use, its requests made at the moment that `clock` tells."""
        return Acquiring.from_settings(self._settings, PastTransport(self, clock))

    def payouts(self, clock: Callable[[], dt.datetime], silent_about: Callable[[str], bool]) -> Payouts:
        """The same for payouts; told to pay those orders, the bank pays and does not answer."""
        return Payouts.from_settings(self._settings, PastTransport(self, clock, silent_about))

    def _post(self, told: list[dict[str, Any]]) -> dict[str, Any]:
        try:
            response = self._http.post("/_control/past", json={"requests": told})
        except httpx.TransportError as error:
            raise TheBankIsAway(f"{self._settings.tbank_url}: {type(error).__name__}") from error
        if response.status_code != 200:
            raise ValueError(f"this cannot have been: {response.text}")
        answered: dict[str, Any] = response.json()
        for answer in answered["answers"]:
            if answer.get("ErrorCode") in ("204", "205", "411"):
                raise TheBankIsAway(f"{self._settings.tbank_url} is the bank of another instance")
        return answered


class PastTransport(Transport):
    """Takes the gateway's requests to the past. Whether money has arrived is asked together with the payment, so
    that the bank's own clock, which is ahead, does not bring it about in between."""

    def __init__(
        self,
        bank: PastBank,
        clock: Callable[[], dt.datetime],
        silent_about: Callable[[str], bool] = lambda order_id: False,
    ):
        self._bank, self._clock, self._silent_about = bank, clock, silent_about
        self._orders: dict[str, str] = {}
        self._known: dict[str, Answer] = {}

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        payment_id = str(fields.get("PaymentId", ""))
        if path == STATE and payment_id in self._known:
            return self._known.pop(payment_id)
        requests = [Request(self._clock(), path, fields)]
        if path == PAY:
            if self._silent_about(self._orders[payment_id]):
                self._bank.tell(requests)
                raise BankUnknown("it does not answer")
            requests.append(Request(self._clock() + ARRIVES_AFTER, STATE, fields))
        answers = [Answer(answer) for answer in self._bank.tell(requests)]
        if path == PAY:
            self._known[payment_id] = answers[1]
        elif "OrderId" in fields:
            self._orders[str(answers[0].fields.get("PaymentId"))] = fields["OrderId"]
        return answers[0]
