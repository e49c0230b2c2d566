"""`ref walk`: plays the main job over HTTP on a running mock instance, or on one of its own."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click
import httpx
from rich.console import Console

from erp import up
from erp.walk import Failed, walk
from erp.walk.story import Places

CONSOLE = Console(width=120)


@click.command()
@click.option(
    "--url", help="Where the instance answers. Credentials come from REF_VAR/demo.json or REF_WALK_*."
)
@click.option("--alone", is_flag=True, help="Bring up an instance of its own, walk, check, take it down.")
def command(url: str | None, alone: bool) -> None:
    """Play the main job over HTTP in front of the reader. Exit code 1: something was not as promised."""
    if alone and url:
        raise click.UsageError("--alone brings its own instance; leave out --url.")
    if alone:
        sys.exit(_walk_alone())
    var = Path(os.environ.get("REF_VAR", "var"))
    sys.exit(play(_places(var, url)))


def _walk_alone() -> int:
    with up.alone(announce=click.echo) as instance:
        if code := instance.ref("demo", "--ground"):
            return code
        var = Path(instance.env["REF_VAR"])
        return play(_places(var, instance.url)) or instance.ref("check", "--require-all")


def play(places: Places) -> int:
    """Walk and tell how it ended."""
    try:
        _refuse_live(places.url)
        proved = walk(places, CONSOLE)
    except Failed as failure:
        CONSOLE.print(f"\n[red bold]The walk ends here:[/red bold] {failure}", highlight=False)
        return 1
    CONSOLE.print(f"\n[bold]The whole way holds:[/bold] {proved} claims proven.", highlight=False)
    return 0


def _refuse_live(url: str) -> None:
    try:
        mode = httpx.get(f"{url}/healthz", timeout=10, trust_env=False).raise_for_status().json()["mode"]
    except httpx.HTTPError as error:
        raise click.UsageError(f"Nothing answers at {url}: {error}. Start it with `make run`.") from None
    if mode != "mock":
        raise click.UsageError(f"{url} is live. The walk makes up customers and payments, so it refuses.")


def _places(var: Path, url: str | None) -> Places:
    running = _read(var / "running.json")
    demo = _read(var / "demo.json") | _from_environment()
    addresses = {
        name: os.environ.get(name) or running.get(name)
        for name in ("REF_PUBLIC_URL", "REF_TBANK_URL", "REF_SMS_URL")
    }
    addresses["REF_PUBLIC_URL"] = url or addresses["REF_PUBLIC_URL"]
    missing = [name for name, value in addresses.items() if not value]
    if missing or "staff" not in demo:
        raise click.UsageError(
            f"Not known: {', '.join(missing) or 'who may sign in'}. Run `ref demo` on a running instance first, or set"
            " REF_WALK_STAFF and REF_WALK_PRODUCT_KEY."
        )
    staff: dict[str, list[tuple[str, str]]] = {}
    for login in demo["staff"]:
        for role in login["roles"]:
            staff.setdefault(role, []).append((login["email"], login["password"]))
    public, tbank, sms = (str(address).rstrip("/") for address in addresses.values())
    return Places(public, tbank, sms, demo["product_key"], staff)


def _read(note: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(note.read_text()) if note.exists() else {}
    return found


def _from_environment() -> dict[str, Any]:
    """REF_WALK_STAFF is the same JSON list as `staff` of demo.json."""
    names = {"staff": "REF_WALK_STAFF", "product_key": "REF_WALK_PRODUCT_KEY"}
    given = {key: os.environ[name] for key, name in names.items() if name in os.environ}
    return given | ({"staff": json.loads(given["staff"])} if "staff" in given else {})
