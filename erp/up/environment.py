"""What an instance's processes find in their environment: addresses of servers, secrets, ports."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from erp import embedded
from erp.embedded import EmbeddedError, Guard, Servers
from erp.up import secrets

DEFAULT_PORTS = {"web": 8470, "tbank": 8471, "sms": 8472}
RUNNING = "running.json"
ADDRESSES = ("REF_PUBLIC_URL", "REF_TBANK_URL", "REF_SMS_URL")


@dataclass(frozen=True)
class Prepared:
    """A complete environment, and the servers behind it when they are ours."""

    variables: dict[str, str]
    servers: Servers | None
    guard: Guard
    ports: dict[str, int]
    """By process; a vendor whose address was given has no simulator and no port here."""
    logs: Path


def prepare(
    given: Mapping[str, str], var: Path, *, free_ports: bool = False, durable: bool = True
) -> Prepared:
    """Complete what was given: start servers when none are named, make a mock instance's secrets, find ports.

    Raises `EmbeddedError` when an instance already runs from this `var`.
    """
    names_its_servers = _names_its_servers(given)
    ports = _choose_ports(given, free_ports)
    _make_folders(var)
    servers = None if names_its_servers else embedded.start(var, durable)
    if servers and not servers.processes:
        servers.stop()
        raise EmbeddedError(
            f"{var} is in use: {_who_runs(var)}. Stop it first, or set REF_VAR to another folder."
        )
    made = secrets.missing(given, var / "secrets")
    variables = _addresses(ports) | (servers.urls if servers else {}) | dict(given) | made
    variables |= {"REF_VAR": str(var), "REF_WEB_PORT": str(ports["web"]), "PYTHONUNBUFFERED": "1"}
    return Prepared(variables, servers, servers.guard if servers else Guard({}), ports, var / "log")


def attach(var: Path) -> None:
    """Give a command of this process the environment of the instance whose data lie in `var`.

    Unless servers are named, shares those of a running instance, or starts them for the command's duration. On named
    servers it makes no secrets: it takes those that `ref up` made there, if any.
    """
    var = var.resolve()
    if not _names_its_servers(os.environ):
        _make_folders(var)
        os.environ.update(embedded.start(var).urls | _running(var) | dict(os.environ))
    elif not (var / "secrets").is_dir():
        return
    os.environ.update(secrets.missing(os.environ, var / "secrets") | {"REF_VAR": str(var)})


def _running(var: Path) -> dict[str, str]:
    """Addresses that the instance now running from `var` wrote down."""
    note = var / RUNNING
    return json.loads(note.read_text()) if note.exists() else {}


def _who_runs(var: Path) -> str:
    address = _running(var).get("REF_PUBLIC_URL")
    return f"Ref already runs at {address}" if address else "another command of Ref is working there"


def without_settings(given: Mapping[str, str]) -> dict[str, str]:
    """An environment that says nothing of any instance."""
    named = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SUPERUSER_URL")
    return {name: value for name, value in given.items() if name not in named and not name.startswith("REF_")}


def _names_its_servers(given: Mapping[str, str]) -> bool:
    named = [name for name in ("DATABASE_URL", "REDIS_URL") if given.get(name)]
    if len(named) == 1:
        missing = {"DATABASE_URL", "REDIS_URL"} - set(named)
        raise EmbeddedError(
            f"{named[0]} is set and {missing.pop()} is not. Set both to use servers of your own, or neither, and Ref"
            " starts its own."
        )
    return bool(named)


def _choose_ports(given: Mapping[str, str], free_ports: bool) -> dict[str, int]:
    ports = {"web": _web_port(given, free_ports)}
    if given.get("REF_MODE", "mock") == "mock":
        for vendor in ("tbank", "sms"):
            simulated = given.get(f"REF_{vendor.upper()}_ENVIRONMENT", "simulator") == "simulator"
            if simulated and not given.get(f"REF_{vendor.upper()}_URL"):
                ports[vendor] = _port(vendor, free_ports)
    return ports


def _web_port(given: Mapping[str, str], free_ports: bool) -> int:
    if not given.get("REF_WEB_PORT"):
        return _port("web", free_ports)
    wanted = int(given["REF_WEB_PORT"])
    if not _is_free(wanted):
        raise EmbeddedError(f"Port {wanted} (REF_WEB_PORT) is taken by another program. Name another one.")
    return wanted


def _port(process: str, free_ports: bool) -> int:
    usual = DEFAULT_PORTS[process]
    return usual if not free_ports and _is_free(usual) else _any_free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _make_folders(var: Path) -> None:
    try:
        for name in ("log", "simulators"):
            (var / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"Cannot write to {var}: {error.strerror}. Start Ref as the folder's owner."
        ) from error


def _addresses(ports: Mapping[str, int]) -> dict[str, str]:
    names = {"web": "REF_PUBLIC_URL", "tbank": "REF_TBANK_URL", "sms": "REF_SMS_URL"}
    return {names[process]: f"http://127.0.0.1:{port}" for process, port in ports.items()}
