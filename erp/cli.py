"""The `ref` command. Exit codes: 0 fine, 1 a finding, 2 wrong use, 3 the environment."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

import click

from erp import up
from erp.config import BadSettings, WrongInstance
from erp.kernel.loading import loading

FINDING, WRONG_USE, ENVIRONMENT = 1, 2, 3
COMMANDS = {
    "up": ("erp.commands.up", "Start everything of one instance and stay in the foreground."),
    "migrate": ("erp.commands.migrate", "Bring the database to the newest schema and stamp a new one."),
    "demo": ("erp.commands.demo", "Lay the demo down: people, places, and a year of history."),
    "walk": ("erp.commands.walk", "Play the main job over HTTP in front of the reader."),
    "check": ("erp.commands.check", "Prove the invariants of the books."),
    "statement": ("erp.commands.statement", "Verify an exported statement offline."),
    "import": ("erp.commands.import_", "Bring outside data in."),
    "staff": ("erp.commands.staff", "Add people who work in RefERP."),
    "bench": ("erp.commands.bench", "Measure against a yardstick."),
}

ON_THEIR_OWN = ("up", "walk", "bench", "statement")
"""Commands that bring up what they need, or need nothing; the others work on the instance in REF_VAR or the servers that are named."""


class Commands(click.Group):
    """Commands by name, each in a file of its own that is loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        with loading():
            command: click.Command = import_module(COMMANDS[name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists them without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_module, text) in COMMANDS.items()])


@click.group(cls=Commands)
@click.pass_context
def ref(context: click.Context) -> None:
    """Ref: the system behind a referral programme."""
    if context.invoked_subcommand not in ON_THEIR_OWN and "--help" not in sys.argv:
        up.attach(Path(os.environ.get("REF_VAR", "var")))


def main() -> None:
    try:
        ref()
    except (BadSettings, WrongInstance, up.EmbeddedError) as problem:
        click.echo(f"ref cannot start: {problem}", err=True)
        sys.exit(ENVIRONMENT)


if __name__ == "__main__":
    main()
