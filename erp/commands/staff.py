"""`ref staff add`: the first people of an instance, before anybody can sign in."""

from __future__ import annotations

import click

from erp.base import create_base
from erp.domain import staff
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.permissions import Role
from erp.kernel.transaction import transaction


@click.group("staff")
def command() -> None:
    """People who work in RefERP."""


@command.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option(
    "--role", "roles", type=click.Choice([role.value for role in Role]), multiple=True, required=True
)
@click.password_option()
def add(email: str, name: str, roles: tuple[str, ...], password: str) -> None:
    """Add a member of staff."""
    with create_base().app_context(), transaction():
        staff.add(email, name, password, list(roles), by=Actor.system("ref staff add"), now=clock.now())
    click.echo(f"{email} may sign in as {', '.join(roles)}.")
