"""`ref import establishments FILE`: a list of places (CSV) into the catalogue, again and again without doubles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from erp.base import create_base
from erp.domain import catalogue
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

BY = Actor.system("ref import establishments")
SHOWN = 50
"""Problems printed at once, unless all are asked for."""


def _mapping(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given]
    for name, equals, title in pairs:
        if not (name and equals and title):
            raise click.BadParameter(f"“{name}{equals}{title}” is not FIELD=COLUMN, such as name=title")
    return {name.strip(): title.strip() for name, _, title in pairs}


@click.command("establishments")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option(
    "--map",
    "mapping",
    multiple=True,
    callback=_mapping,
    metavar="FIELD=COLUMN",
    help=f"Which column holds a field. Repeat it. Fields: {', '.join(catalogue.COLUMNS)}.",
)
@click.option(
    "--source", help="Whose list it is; ids are unique within it. Known by itself for OpenStreetMap: osm."
)
@click.option("--all-problems", is_flag=True, help=f"Print every problem, not only the first {SHOWN}.")
def command(file: Path, mapping: dict[str, str], source: str | None, all_problems: bool) -> None:
    """Bring a list of places (CSV, UTF-8) into the catalogue.

    The first line names the columns. A list may be imported again: rows already known are brought up to date.
    """
    console = Console()
    try:
        with catalogue.TableFile(file, mapping) as table, create_base().app_context():
            done = _import(table, source or _source_of(table), console)
    except catalogue.BadFile as problem:
        raise click.UsageError(str(problem)) from None
    _report(console, done, None if all_problems else SHOWN)


def _source_of(table: catalogue.TableFile) -> str:
    if "osm_id" not in table.titles:
        raise click.UsageError("Whose list is it? Give it a name with --source, and the same name next time.")
    return "osm"


def _import(table: catalogue.TableFile, source: str, console: Console) -> catalogue.Imported:
    """Each batch in a transaction of its own: a huge list locks nothing for long, and a broken one can go on."""
    total, seen = catalogue.Imported(), set[str]()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Establishments", total=table.size)
        for batch in _batches(table):
            with transaction():
                total += catalogue.import_establishments(
                    batch, source=source, by=BY, now=clock.now(), seen=seen
                )
            progress.update(task, completed=table.position)
    return total


def _batches(rows: Iterable[catalogue.Row]) -> Iterator[list[catalogue.Row]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, catalogue.BATCH)):
        yield batch


def _report(console: Console, done: catalogue.Imported, most: int | None) -> None:
    for problem in done.problems[:most]:
        verdict = "left out" if problem.refused else "imported"
        console.print(f"line {problem.line}: {problem.text} ({verdict})", markup=False, highlight=False)
    if most is not None and len(done.problems) > most:
        console.print(f"… and {len(done.problems) - most} more; --all-problems prints them.")
    console.print(
        f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged, {done.refused} left out."
    )
