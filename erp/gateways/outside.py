"""What every gateway does first: nobody waits for the outside world with a database transaction open."""

from __future__ import annotations

import ipaddress
import ssl
from functools import cache

import httpx

from erp.kernel.transaction import TransactionOpen, is_open

NOTHING_WAS_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Failures before the first byte of a request left; after any other one the far side may have acted."""


class UnsafeGateway(Exception):
    """Mode, environment, address and credentials do not belong together; the message says which and why."""


def refuse_open_transaction() -> None:
    """Raises `TransactionOpen` if the session holds one, even for reading."""
    if is_open():
        raise TransactionOpen(
            "a gateway was called inside a database transaction; commit or release it first"
        )


def client(base_url: str, *, read_seconds: float) -> httpx.Client:
    """A client that opens a fresh connection for each call: none is stale, none is shared with a forked worker.

    Proxies named in the environment are ignored: where money goes is settled by our own settings alone.
    """
    return httpx.Client(
        base_url=base_url,
        verify=_trusted_authorities(),
        timeout=httpx.Timeout(connect=5, read=read_seconds, write=10, pool=5),
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
        trust_env=False,
    )


@cache
def _trusted_authorities() -> ssl.SSLContext:
    """Read once a process: loading them takes longer than a call on a fast line."""
    return httpx.create_ssl_context(trust_env=False)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
