"""The HTTP client of the SMS gateway."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import httpx

from erp.config import Settings
from erp.gateways.outside import NOTHING_WAS_SENT, UnsafeGateway, client, is_loopback, refuse_open_transaction

READ_SECONDS = 10


class SmsError(Exception):
    """A text was not handed over. Never raised itself."""


class SmsRefused(SmsError):
    """The gateway will not send this text; `code` is its reason."""

    def __init__(self, code: str):
        super().__init__(f"the SMS gateway refused: {code}")
        self.code = code


class SmsUnknown(SmsError):
    """The gateway may have sent the text; its answer did not come or made no sense."""


class SmsUnreachable(SmsError):
    """No connection to the gateway: nothing was sent."""


class Sms:
    """The SMS gateway. Texts and phones never reach the log."""

    def __init__(
        self,
        *,
        mode: Literal["mock", "live"],
        environment: Literal["simulator", "live"],
        url: str,
        token: str,
    ):
        _refuse_mismatch(mode, environment, url)
        self._client = client(url, read_seconds=READ_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    def from_settings(cls, settings: Settings) -> Sms:
        """Raises `UnsafeGateway` where mode, environment and address do not belong together."""
        return cls(
            mode=settings.mode,
            environment=settings.sms_environment,
            url=settings.sms_url,
            token=settings.sms_token.get_secret_value(),
        )

    def send(self, to: str, text: str) -> str:
        """Hand `text` over for the phone `to` (+7…); returns the gateway's id of the message."""
        refuse_open_transaction()
        try:
            response = self._client.post("/send", json={"to": to, "text": text}, headers=self._headers)
        except NOTHING_WAS_SENT as error:
            raise SmsUnreachable(f"no connection to the SMS gateway: {type(error).__name__}") from error
        except httpx.RequestError as error:
            raise SmsUnknown(type(error).__name__) from error
        return _message_id(response)


def _message_id(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        body = None
    fields = body if isinstance(body, dict) else {}
    if 400 <= response.status_code < 500:
        raise SmsRefused(str(fields.get("error", f"http_{response.status_code}")))
    if response.status_code != 200 or not isinstance(fields.get("id"), str):
        raise SmsUnknown(f"HTTP {response.status_code}")
    return str(fields["id"])


def _refuse_mismatch(mode: str, environment: str, url: str) -> None:
    if (mode == "live") != (environment == "live"):
        raise UnsafeGateway(f"a {mode} database does not admit the SMS environment {environment}")
    parts = urlsplit(url)
    if environment == "simulator" and not is_loopback(parts.hostname or ""):
        raise UnsafeGateway(f"the SMS simulator runs on loopback only, not on {url!r}")
    if environment == "live" and (parts.scheme != "https" or is_loopback(parts.hostname or "")):
        raise UnsafeGateway(f"a live SMS gateway needs an https address, not {url!r}")
