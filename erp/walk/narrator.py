"""Says what happens and what it proves; a proof that fails ends the walk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from erp.kernel.sentences import Amount, formatted


class Failed(Exception):
    """Something on the way was not as promised; the message says what."""


class Narrator:
    """The voice of the walk."""

    def __init__(self, console: Console):
        self.console = console
        self.proved = 0

    def chapter(self, number: int, title: str) -> None:
        self.console.print(f"\n[bold]{number}. {title}[/bold]", highlight=False)

    def tell(self, text: str) -> None:
        self.console.print(f"   {text}", highlight=False, markup=False)

    def prove(self, holds: object, claim: str, seen: object = "") -> None:
        """`claim` is shown with a tick, or the walk ends with what was seen instead."""
        if not holds:
            raise Failed(f"{claim}: not so{f' ({seen})' if seen != '' else ''}")
        self.proved += 1
        self.console.print("   [green]✓[/green] ", end="")
        self.console.print(claim, highlight=False, markup=False)

    def table(self, title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        shown = Table(*head, title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
        for row in rows:
            shown.add_row(*(str(cell) for cell in row))
        self.console.print(shown)


def rubles(amount: int) -> str:
    """Kopecks as the pages write them."""
    return formatted(Amount(amount, "RUB"), "en")
