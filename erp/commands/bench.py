"""`ref bench NAME`: a benchmark of `benchmarks/`, on a throw-away database of its own."""

from __future__ import annotations

from importlib import import_module

import click

NAMES = ("accrual",)


@click.command()
@click.argument("name", type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1, 100))
@click.option("--lines", default=1_000_000, show_default=True, type=click.IntRange(1000), help="Lines already there.")
def command(name: str, as_json: bool, rounds: int, lines: int) -> None:
    """Measure against a yardstick, in interleaved rounds."""
    benchmark = import_module(f"benchmarks.{name}")
    found = benchmark.run(rounds=rounds, lines=lines)
    click.echo(benchmark.dump(found) if as_json else benchmark.tell(found))
