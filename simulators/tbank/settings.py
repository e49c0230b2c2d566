"""How the simulated bank is started, from arguments or REF_TBANK_* variables, and when it refuses to."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from simulators.web import refuse_beyond_loopback

REAL_BANK_DOMAINS = ("tinkoff.ru", "tbank.ru")


class RealBank(Exception):
    """Something configured for the simulator points at the real bank."""


@dataclass(frozen=True)
class BankSettings:
    """`serial` of the certificate is read from the file; seconds are the bank's own clock."""

    host: str
    port: int
    journal: Path
    terminal: str
    password: str
    payout_terminal: str
    payout_password: str
    payout_certificate: Path | None
    clock_database: str | None
    notification_url: str
    payout_notification_url: str
    sign_digest_once: bool
    accept_repeated_orders: bool
    notify_deadline: bool
    refund_notification_amount: str
    check_seconds: float
    completing_seconds: float

    def refuse_unsafe(self, environment: Mapping[str, str]) -> None:
        """Loopback only, and no real bank anywhere near: not in our arguments, not in the product's settings."""
        refuse_beyond_loopback(self.host)
        for url in (
            self.notification_url,
            self.payout_notification_url,
            environment.get("REF_TBANK_URL", ""),
        ):
            host = urlsplit(url).hostname or ""
            if any(host == domain or host.endswith(f".{domain}") for domain in REAL_BANK_DOMAINS):
                raise RealBank(f"the simulator does not run beside a real bank host ({host})")


def read(arguments: Sequence[str] | None = None) -> BankSettings:
    return BankSettings(**vars(_parser(os.environ).parse_args(arguments)))


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m simulators.tbank", description=__doc__)

    def option(name: str, default: str | None, text: str, **more: object) -> None:
        variable = "REF_TBANK_" + name.upper().replace("-", "_")
        more.setdefault("default", environment.get(variable, default))
        parser.add_argument(f"--{name}", help=f"{text} [{variable}]", **more)  # type: ignore[arg-type]

    def switch(name: str, text: str) -> None:
        parser.add_argument(f"--{name}", help=text, action="store_true")

    option("host", "127.0.0.1", "loopback address to listen on")
    option("port", "8471", "port to listen on", type=int)
    option("journal", "var/simulators/tbank.jsonl", "file that remembers everything", type=Path)
    terminal = environment.get("REF_TBANK_TERMINAL_KEY", "TinkoffBankTest")
    option("terminal", terminal, "acquiring terminal; also REF_TBANK_TERMINAL_KEY")
    option("password", "TinkoffBankTest", "its password")
    payout_terminal = environment.get("REF_TBANK_PAYOUT_TERMINAL_KEY", "TinkoffBankTestE2C")
    option("payout-terminal", payout_terminal, "payout terminal; also REF_TBANK_PAYOUT_TERMINAL_KEY")
    option("payout-password", "TinkoffBankTest", "password that signs payout notifications")
    option("payout-certificate", None, "PEM certificate that payout requests are verified with", type=Path)
    option("clock-database", None, "postgresql:// URL whose ref_now() is the clock")
    option("notification-url", "", "the terminal's notification address, when Init names none")
    option("payout-notification-url", "", "the payout terminal's notification address")
    option("check-seconds", "0", "how long a payout stays CHECKING", type=float)
    option("completing-seconds", "0.5", "how long a payout stays COMPLETING", type=float)
    option(
        "refund-notification-amount",
        "refunded",
        "what Amount means when part was refunded",
        choices=["refunded", "rest"],
    )
    switch("sign-digest-once", "the merchant signs the digest without hashing it again")
    switch("accept-repeated-orders", "Init accepts an OrderId that has a live payment")
    switch("notify-deadline", "also send DEADLINE_EXPIRED")
    return parser
