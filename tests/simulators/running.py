"""Simulators as separate processes on free ports, and a merchant's web server that hears what the bank says."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from simulators.tbank.protocol import token

REPOSITORY = Path(__file__).parents[2]
TERMINAL = PASSWORD = "TinkoffBankTest"
PAYOUT_TERMINAL, PAYOUT_PASSWORD = "TinkoffBankTestE2C", "payout-password"
GOOD_CARD, POOR_CARD, CHALLENGED_CARD = "2200770239097761", "2201382000000831", "2201382000000047"


@dataclass(frozen=True)
class Key:
    """A throw-away key with its self-signed certificate, as files."""

    key: rsa.RSAPrivateKey
    serial: str
    key_file: Path
    certificate_file: Path


def make_key(folder: Path) -> Key:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ref test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "key.pem", folder / "certificate.pem"
    private = serialization.PrivateFormat.PKCS8
    pem = serialization.Encoding.PEM
    key_file.write_bytes(key.private_bytes(pem, private, serialization.NoEncryption()))
    certificate_file.write_bytes(certificate.public_bytes(pem))
    return Key(key, str(certificate.serial_number), key_file, certificate_file)


PORTS_OF_A_WORKER = 2_000
FIRST_PORT = 12_000 + PORTS_OF_A_WORKER * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Below those that the kernel gives away; two workers that each ask it for a free one may hear the same."""
_steps = itertools.count(
    random.randrange(PORTS_OF_A_WORKER)
)  # another run beside this one has the same workers


def free_port() -> int:
    for _ in range(PORTS_OF_A_WORKER):
        port = FIRST_PORT + next(_steps) % PORTS_OF_A_WORKER
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("no port of this worker is free")


def eventually(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """The first true value of `condition`; fails the test when none comes in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


class Simulator:
    """One simulator process; its journal outlives it."""

    def __init__(self, module: str, *arguments: object):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [sys.executable, "-m", module, "--port", str(self.port), *map(str, arguments)]
        self.http = httpx.Client(base_url=self.url, timeout=10, trust_env=False)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
        eventually(self._is_up, 20)

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=10)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=10)

    def misbehave(self, operation: str, fault: str, **more: object) -> None:
        order = {"operation": operation, "fault": fault, **more}
        assert self.http.post("/_control/misbehave", json=order).status_code == 201

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()[1]
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False


class SimulatedBank(Simulator):
    """The bank, and the raw protocol spoken to it: requests are signed here by hand."""

    def __init__(self, journal: Path, key: Key, *arguments: object):
        self.key = key
        super().__init__(
            "simulators.tbank",
            *("--journal", journal, "--terminal", TERMINAL, "--password", PASSWORD),
            *("--payout-terminal", PAYOUT_TERMINAL, "--payout-password", PAYOUT_PASSWORD),
            *("--payout-certificate", key.certificate_file),
            *arguments,
        )

    def call(self, method: str, **fields: object) -> dict[str, Any]:
        request = {"TerminalKey": TERMINAL, **fields}
        return self.post(f"/v2/{method}", {**request, "Token": token(request, PASSWORD)})

    def call_payouts(self, path: str, **fields: object) -> dict[str, Any]:
        return self.post(f"/a2c/sbp/{path}", self.signed({"TerminalKey": PAYOUT_TERMINAL, **fields}))

    def signed(self, fields: dict[str, Any], *, twice: bool = True) -> dict[str, Any]:
        scalars = {name: value for name, value in fields.items() if not isinstance(value, dict)}
        text = "".join(str(scalars[name]) for name in sorted(scalars))
        digest = hashlib.sha256(text.encode()).digest()
        to_hash = digest if twice else text.encode()
        signature = self.key.key.sign(to_hash, padding.PKCS1v15(), hashes.SHA256())
        return {
            **fields,
            "DigestValue": base64.b64encode(digest).decode(),
            "SignatureValue": base64.b64encode(signature).decode(),
            "X509SerialNumber": self.key.serial,
        }

    def post(self, path: str, body: object) -> dict[str, Any]:
        response = self.http.post(path, json=body)
        assert response.status_code == 200
        return response.json()

    def init(self, order_id: str, amount: int = 150_000, **more: object) -> str:
        """A new payment's id."""
        answer = self.call("Init", OrderId=order_id, Amount=amount, **more)
        assert answer["Success"], answer
        return answer["PaymentId"]

    def pay(self, payment_id: str, pan: str = GOOD_CARD, **form: str) -> httpx.Response:
        assert self.http.get(f"/pay/{payment_id}").status_code == 200
        return self.http.post(f"/pay/{payment_id}", data={"pan": pan, **form})

    def paid(self, order_id: str, amount: int = 150_000, **more: object) -> str:
        """A payment's id that was paid."""
        payment_id = self.init(order_id, amount, **more)
        self.pay(payment_id)
        assert self.status(payment_id) == "CONFIRMED"
        return payment_id

    def status(self, payment_id: str) -> str:
        return self.call("GetState", PaymentId=payment_id)["Status"]

    def check(self, order_id: str, phone: str = "79990000001", amount: int = 50_000) -> dict[str, Any]:
        return self.call_payouts(
            "v2/Init", OrderId=order_id, PhoneNumber=phone, SbpMemberId="100000000004", Amount=amount
        )

    def operations(self, order_id: str) -> dict[str, list[dict[str, Any]]]:
        return self.http.get("/operations", params={"order_id": order_id}).json()


@dataclass
class Merchant:
    """A merchant's web server: keeps every notification and answers them as `answer` says (status, body)."""

    port: int = 0
    answer: Callable[[dict[str, Any]], tuple[int, str]] = lambda body: (200, "OK")
    heard: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, text = merchant.answer(body)
                merchant.heard.append(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Tests print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/tbank"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def statuses(self, order_id: str) -> list[str]:
        return [body["Status"] for body in self.heard if body["OrderId"] == order_id]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
