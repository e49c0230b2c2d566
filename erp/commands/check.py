"""`ref check`: proves the invariants on the configured database. Exit 1 names the rows that break one."""

from __future__ import annotations

import datetime as dt
import json
import sys

import click
from rich.console import Console
from rich.table import Table

from erp.base import create_base
from erp.invariants import examine
from erp.kernel.findings import Finding

SHOWN = 10
"""Broken rows printed per invariant, unless JSON is asked for."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every broken row.")
@click.option("--require-all", is_flag=True, help="Also fail when an invariant had no row to examine.")
def command(as_json: bool, require_all: bool) -> None:
    """Prove the invariants of the books."""
    with create_base().app_context():
        findings = examine()
    _print_json(findings) if as_json else _print_table(findings)
    unproven = require_all and any(finding.examined == 0 for finding in findings)
    sys.exit(1 if unproven or any(finding.bad for finding in findings) else 0)


def _print_json(findings: list[Finding]) -> None:
    invariants = [
        {"number": found.number, "title": found.title, "examined": found.examined, "bad": list(found.bad)}
        for found in findings
    ]
    report = {
        "name": "check",
        "at": dt.datetime.now(dt.UTC).isoformat(),
        "invariants": invariants,
    }
    click.echo(json.dumps(report, ensure_ascii=False, indent=2))


def _print_table(findings: list[Finding]) -> None:
    table = Table("", "Invariant", "Rows", "", box=None, padding=(0, 2, 0, 0))
    for found in findings:
        table.add_row(str(found.number), found.title, f"{found.examined:,}", _verdict(found))
    console = Console(highlight=False)
    console.print(table)
    for found in findings:
        for row in found.bad[:SHOWN]:
            console.print(f"{found.number}: {row}", markup=False)
        if len(found.bad) > SHOWN:
            console.print(f"{found.number}: … and {len(found.bad) - SHOWN} more; --json names them all")


def _verdict(found: Finding) -> str:
    if found.bad:
        return f"[red]{len(found.bad)} broken[/red]"
    return "[green]holds[/green]" if found.examined else "[yellow]not proven: nothing to examine[/yellow]"
