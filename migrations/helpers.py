"""What migrations say often: what the application may do with a table, and what nobody may."""

import re
from importlib import import_module

from alembic import op

APP = "ref_app"


def grant(table: str, privileges: str) -> None:
    """What the application role may do with `table`, such as "select, insert, update"."""
    op.execute(f'grant {privileges} on "{table}" to {APP}')


def append_only(table: str) -> None:
    """Rows of `table` are never changed or removed, by anybody; the application may read and add."""
    grant(table, "select, insert")
    refuse_changes(table)


def refuse_changes(table: str) -> None:
    """A trigger refuses UPDATE, DELETE and TRUNCATE even to the owner of `table`."""
    op.execute(
        f'create trigger {table}_is_append_only before update or delete or truncate on "{table}"'
        " for each statement execute function refuse_change()"
    )


def audited(table: str, *, of: str = "") -> None:
    """A transaction that writes `table` commits only with an audit row of its own.

    `of` narrows updates to these columns, for a table that also notes when it was last looked at.
    """
    columns = f" of {of}" if of else ""
    op.execute(
        f'create constraint trigger {table}_is_audited after insert or update{columns} or delete on "{table}"'
        " deferrable initially deferred for each row execute function refuse_unaudited()"
    )


def as_made_by(migration: str, function: str) -> str:
    """The text with which an earlier migration made a function, to go back to."""
    texts: str = import_module(f"migrations.versions.{migration}").FUNCTIONS
    made = re.search(rf"create (?:or replace )?function {function}\(.*?end \$\$;", texts, re.DOTALL)
    assert made is not None
    return re.sub(r"^create function", "create or replace function", made[0])
