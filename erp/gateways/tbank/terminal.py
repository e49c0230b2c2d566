"""Where the bank is and who we are there; refuses every combination that could move the wrong money."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from erp.gateways.outside import UnsafeGateway, is_loopback

Mode = Literal["mock", "live"]
Environment = Literal["simulator", "bank-test", "bank-live"]

BANK_DOMAINS = ("tinkoff.ru", "tbank.ru")
TEST_HOSTS = frozenset({"rest-api-test.tinkoff.ru"})


def refuse_mismatch(mode: Mode, environment: Environment, url: str, terminal_key: str) -> None:
    """Mock admits the simulator and the bank's test side, live admits the live bank only (`UnsafeGateway`)."""
    if (mode == "live") != (environment == "bank-live"):
        raise UnsafeGateway(f"a {mode} database does not admit the bank environment {environment}")
    parts = urlsplit(url)
    host = parts.hostname or ""
    if environment == "simulator":
        if not is_loopback(host):
            raise UnsafeGateway(f"the bank simulator runs on loopback only, not on {host or url!r}")
        return
    if parts.scheme != "https" or not _is_bank(host):
        raise UnsafeGateway(f"{environment} needs an https address of the bank, not {url!r}")
    if environment == "bank-live":
        _refuse_test_side(host, terminal_key)
    else:
        _refuse_real_money(host, terminal_key)


def _refuse_test_side(host: str, terminal_key: str) -> None:
    if host in TEST_HOSTS:
        raise UnsafeGateway(f"{host} is the bank's test host; a live database does not use it")
    if "DEMO" in terminal_key.upper():
        raise UnsafeGateway(f"{terminal_key} is a DEMO terminal; a live database does not use it")


def _refuse_real_money(host: str, terminal_key: str) -> None:
    """On the production host only a DEMO terminal is play money."""
    if host not in TEST_HOSTS and "DEMO" not in terminal_key.upper():
        raise UnsafeGateway(
            f"{terminal_key} at {host} would move real money; bank-test needs a DEMO terminal"
        )


def _is_bank(host: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in BANK_DOMAINS)
