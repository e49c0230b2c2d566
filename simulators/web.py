"""What every simulator's web side shares: the bare app, the dropped connection, the safe server."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.serving import make_server

from simulators.faults import BadOrder, Fault, Faults

STATIC = Path(__file__).parent / "static"


class NotLoopback(Exception):
    """A simulator was asked to listen where others than this machine could reach it."""


def bare_app(name: str) -> Flask:
    app = Flask(name, static_folder=str(STATIC), static_url_path="/static")
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.add_url_rule("/healthz", "healthz", lambda: {"status": "ok"})
    app.after_request(_restrict)
    return app


def _restrict(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; base-uri 'none'"
    response.headers["Cache-Control"] = "no-store"
    return response


def json_body() -> dict[str, Any] | None:
    """The request's JSON object, or None when it is anything else."""
    body = request.get_json(force=True, silent=True)
    return body if isinstance(body, dict) else None


def misbehave_door(faults: Faults) -> Blueprint:
    """`POST` orders a fault, `GET` lists what is outstanding, `DELETE` forgets all."""
    door = Blueprint("misbehave", __name__)

    @door.post("/_control/misbehave")
    def order() -> tuple[Response, int]:
        try:
            faults.order(json_body() or {})
        except (BadOrder, ValueError, TypeError) as error:
            return jsonify(error=str(error)), 400
        return jsonify(faults=faults.listing()), 201

    @door.get("/_control/misbehave")
    def listing() -> Response:
        return jsonify(faults=faults.listing())

    @door.delete("/_control/misbehave")
    def forget() -> Response:
        faults.clear()
        return jsonify(faults=[])

    return door


def spoil_before(fault: Fault | None, refuse: Callable[[str], Response]) -> Response | None:
    """What goes out instead of doing the work, if the fault says so."""
    if fault is None:
        return None
    if fault.fault == "timeout_before":
        time.sleep(fault.seconds)
        return drop_connection()
    if fault.fault == "http_500":
        return Response("Internal Server Error", status=500, mimetype="text/plain")
    if fault.fault == "error":
        return refuse(fault.error_code)
    return None


def spoil_after(fault: Fault | None, answer: Response) -> Response:
    """The work is done and remembered; what becomes of the answer?"""
    if fault is None:
        return answer
    time.sleep(fault.seconds)
    return drop_connection() if fault.fault == "timeout_after" else answer


def drop_connection() -> Response:
    """Hang up on the client: whatever is returned from here finds the socket closed."""
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response(status=500)


def client_is_gone() -> bool:
    """Whether the client of this request hung up or died while we kept it waiting."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def serve(app: Flask, host: str, port: int, name: str) -> None:
    """Listen on loopback until told to stop."""
    refuse_beyond_loopback(host)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(host, port, app, threaded=True)
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: threading.Thread(target=server.shutdown).start())
    logging.getLogger(__name__).info("%s listens on http://%s:%s", name, host, server.port)
    server.serve_forever(poll_interval=0.05)


def refuse_beyond_loopback(host: str) -> None:
    if not _is_loopback(host):
        raise NotLoopback(f"a simulator listens on loopback only, not on {host}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
