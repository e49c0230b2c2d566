"""The `ref` command. Exit codes: 0 fine, 1 a finding, 2 wrong use, 3 the environment."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from erp.config import BadSettings
from erp.kernel.mode import WrongInstance

FINDING, WRONG_USE, ENVIRONMENT = 1, 2, 3
COMMANDS = {
    "up": ("erp.commands.up", "Start everything of one instance and stay in the foreground."),
    "migrate": ("erp.commands.migrate", "Bring the database to the newest schema and stamp a new one."),
    "demo": ("erp.commands.demo", "Lay down the demo: catalogue, staff, programme, keys."),
    "walk": ("erp.commands.walk", "Play the main job over HTTP in front of the reader."),
    "check": ("erp.commands.check", "Prove the invariants of the books."),
    "import": ("erp.commands.import_", "Bring outside data in."),
    "staff": ("erp.commands.staff", "Add people who work in RefERP."),
    "bench": ("erp.commands.bench", "Measure against a yardstick."),
}


class Commands(click.Group):
    """Commands by name, each in a file of its own that is loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name][0]).command
        command.short_help = COMMANDS[name][1]
        return command


@click.group(cls=Commands)
def ref() -> None:
    """Ref: the system behind a referral programme."""


def main() -> None:
    try:
        ref()
    except (BadSettings, WrongInstance) as problem:
        click.echo(f"ref cannot start: {problem}", err=True)
        sys.exit(ENVIRONMENT)


if __name__ == "__main__":
    main()
