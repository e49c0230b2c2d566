"""`ref up`: one whole instance in the foreground."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from erp import up


@click.command()
@click.option(
    "--demo", is_flag=True, help="Lay down the demo if there is none, play the main job, prove the books."
)
def command(demo: bool) -> None:
    """Start everything of one instance and stay in the foreground."""
    sys.exit(up.up(Path(os.environ.get("REF_VAR", "var")), demo=demo, announce=click.echo))
