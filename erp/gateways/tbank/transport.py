"""One exchange with the bank: a JSON object there, a JSON object back, and an honest name for anything else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from erp.gateways.outside import NOTHING_WAS_SENT, client, refuse_open_transaction
from erp.gateways.tbank.outcomes import BankRefused, BankUnknown, BankUnreachable, leaves_money_unclear

READ_SECONDS = 20

log = structlog.get_logger()


@dataclass(frozen=True)
class Answer:
    """What the bank said. The readers raise `BankUnknown` when a field is missing or not what it should be."""

    fields: dict[str, Any]

    def accepted(self, *, moves_money: bool = False) -> Answer:
        """This answer if the bank said yes. Raises `BankRefused` if it said no, and nothing moved for certain."""
        if self.fields["Success"]:
            return self
        code, message = str(self.fields.get("ErrorCode", "")), self.message()
        if moves_money and self.fields.get("Status") != "REJECTED" and leaves_money_unclear(code):
            raise BankUnknown(f"refused with {code} {message}".strip(), code)
        raise BankRefused(code, message, self.optional_text("PaymentId"))

    def tells_state(self) -> bool:
        return self.fields.get("PaymentId") is not None and bool(self.fields.get("Status"))

    def about(self, **expected: str | int) -> Answer:
        """This answer if it speaks of what we asked about; somebody else's answer proves nothing."""
        for name, value in expected.items():
            given = self.fields.get(name)
            if given is not None and str(given) != str(value):
                raise BankUnknown(f"the answer is about another {name}")
        return self

    def text(self, name: str) -> str:
        """A text; identifiers may come as numbers."""
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise BankUnknown(f"the answer has no {name}")
        return str(value)

    def optional_text(self, name: str) -> str | None:
        return None if self.fields.get(name) in (None, "") else self.text(name)

    def kopecks(self, name: str) -> int:
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise BankUnknown(f"the answer has no {name}")
        return value

    def objects(self, name: str) -> list[Answer]:
        value = self.fields.get(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise BankUnknown(f"the answer has no {name}")
        return [Answer(item) for item in value]

    def message(self) -> str:
        parts = (str(self.fields.get(name) or "") for name in ("Message", "Details"))
        return ": ".join(part for part in parts if part)


class Transport:
    """Posts to one bank address. Errors of the line become `BankUnreachable` or `BankUnknown`."""

    def __init__(self, base_url: str):
        self._client = client(base_url, read_seconds=READ_SECONDS)

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        refuse_open_transaction()
        answer = _read(self._send(path, fields))
        log.info(
            "bank.answered",
            path=path,
            order_id=fields.get("OrderId"),
            payment_id=answer.fields.get("PaymentId", fields.get("PaymentId")),
            status=answer.fields.get("Status"),
            error_code=answer.fields.get("ErrorCode"),
        )
        return answer

    def _send(self, path: str, fields: dict[str, Any]) -> httpx.Response:
        try:
            return self._client.post(path, json=fields)
        except NOTHING_WAS_SENT as error:
            raise BankUnreachable(f"no connection to the bank: {type(error).__name__}") from error
        except httpx.RequestError as error:
            raise BankUnknown(type(error).__name__) from error


def _read(response: httpx.Response) -> Answer:
    """The bank answers HTTP 200 even when it refuses; a refusal is believed with any status below 500."""
    if response.status_code >= 500:
        raise BankUnknown(f"HTTP {response.status_code}")
    try:
        fields = json.loads(response.content)
    except ValueError as error:
        raise BankUnknown(f"HTTP {response.status_code} without JSON") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("Success"), bool):
        raise BankUnknown(f"HTTP {response.status_code} without Success")
    if fields["Success"] and response.status_code != 200:
        raise BankUnknown(f"HTTP {response.status_code} with Success")
    return Answer(fields)
