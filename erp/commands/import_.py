"""`ref import`: outside data."""

from __future__ import annotations

import click

from erp.commands import import_establishments


@click.group("import")
def command() -> None:
    """Bring outside data in."""


command.add_command(import_establishments.command)
