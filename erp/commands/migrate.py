"""`ref migrate`: the newest schema, as `ref_owner`; stamps a database that is new."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
import sqlalchemy as sa
from alembic import command as alembic
from alembic.config import Config

from erp import config
from erp.config import BadSettings
from erp.kernel import mode

ROOT = Path(__file__).resolve().parents[2]


@click.command()
@click.option(
    "--clock-start", type=click.DateTime(), help="Mock only: the moment a new database starts at (UTC)."
)
def command(clock_start: dt.datetime | None) -> None:
    """Bring the database to the newest schema and stamp a new one."""
    settings = config.get()
    offset = clock_start.replace(tzinfo=dt.UTC) - dt.datetime.now(dt.UTC) if clock_start else dt.timedelta()
    migrate(settings, clock_offset=offset)
    click.echo("The schema is the newest.")


def migrate(
    settings: config.Settings, *, to: str = "head", clock_offset: dt.timedelta = dt.timedelta()
) -> None:
    """Run every missing migration in one transaction, then stamp the database if nobody has."""
    if settings.database_owner_url is None:
        raise BadSettings("DATABASE_OWNER_URL: migrations run as ref_owner; set it for this command")
    url = settings.database_owner_url.replace("postgresql://", "postgresql+psycopg://", 1)
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as owner:
        alembic.upgrade(alembic_config(owner), to)
        if to == "head":
            mode.stamp(owner, settings, clock_offset)


def alembic_config(owner: sa.Connection) -> Config:
    """Alembic on an open connection of `ref_owner`."""
    made = Config(ROOT / "alembic.ini")
    made.set_main_option("script_location", str(ROOT / "migrations"))
    made.attributes["connection"] = owner
    return made
