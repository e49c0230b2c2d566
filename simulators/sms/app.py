"""The simulated SMS gateway: one door for the product, an inbox for people and tests."""

from __future__ import annotations

import hmac
import re
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, render_template, request

from simulators.clock import Clock
from simulators.faults import ANSWER_FAULTS, Faults
from simulators.journal import Journal
from simulators.web import bare_app, json_body, misbehave_door, spoil_after, spoil_before

PHONE = re.compile(r"\+\d{9,15}")
LONGEST_TEXT = 1000
SHOWN = 100


@dataclass(frozen=True)
class Message:
    id: str
    to: str
    text: str
    at: str


class Outbox:
    """Every text ever accepted, oldest first, each on the disk before it was answered for."""

    def __init__(self, journal: Path, clock: Clock):
        self._clock = clock
        self._lock = threading.Lock()
        self._journal = Journal(journal)
        self._messages = [Message(**entry) for entry in self._journal.replay()]

    def accept(self, to: str, text: str) -> Message:
        with self._lock:
            number = len(self._messages) + 1
            message = Message(f"sms-{number}", to, text, self._clock.now().isoformat())
            self._journal.append([asdict(message)])
            self._messages.append(message)
        return message

    def newest_first(self, to: str | None) -> list[Message]:
        with self._lock:
            return [message for message in reversed(self._messages) if to in (None, message.to)]


def create_app(journal: Path, token: str, clock: Clock) -> Flask:
    outbox = Outbox(journal, clock)
    faults = Faults({"send": ANSWER_FAULTS}, subject="to")
    app = bare_app(__name__)
    app.register_blueprint(gateway_door(outbox, faults, token))
    app.register_blueprint(inbox_door(outbox))
    app.register_blueprint(misbehave_door(faults))
    return app


def gateway_door(outbox: Outbox, faults: Faults, token: str) -> Blueprint:
    door = Blueprint("gateway", __name__)

    @door.post("/send")
    def send() -> Response:
        if not hmac.compare_digest(
            request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()
        ):
            return _refusal("unauthorized", 401)
        body = json_body() or {}
        if not _is_text_to_a_phone(body):
            return _refusal("bad_request", 400)
        fault = faults.take("send", body["to"])
        if spoiled := spoil_before(fault, lambda code: _refusal(code, 422)):
            return spoiled
        return spoil_after(fault, jsonify(id=outbox.accept(body["to"], body["text"]).id))

    return door


def inbox_door(outbox: Outbox) -> Blueprint:
    door = Blueprint("inbox", __name__, template_folder="templates")

    @door.get("/")
    @door.get("/inbox")
    def page() -> str:
        return render_template("inbox.html", messages=outbox.newest_first(_asked_phone())[:SHOWN])

    @door.get("/inbox.json")
    def messages() -> Response:
        return jsonify(messages=[asdict(message) for message in outbox.newest_first(_asked_phone())])

    return door


def _asked_phone() -> str | None:
    """`?to=+7…`; a plus sign that was not escaped in the address arrives as a space."""
    to = request.args.get("to", "").strip()
    return f"+{to.lstrip('+')}" if to else None


def _is_text_to_a_phone(body: dict[str, Any]) -> bool:
    to, text = body.get("to"), body.get("text")
    if not isinstance(to, str) or not isinstance(text, str):
        return False
    return PHONE.fullmatch(to) is not None and 0 < len(text) <= LONGEST_TEXT


def _refusal(code: str, status: int) -> Response:
    response = jsonify(error=code)
    response.status_code = status
    return response
