"""The load of many agents ends with the same ledger whether or not processes are killed and Valkey is wiped under it.

`CHAOS_AGENTS` says how many agents (8; `make chaos` takes 200). `docs/chaos.md` tells what is disturbed and how.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import click

from erp import up
from tests.chaos import equal
from tests.chaos.disturb import Blow, Saboteur
from tests.chaos.equal import Books
from tests.chaos.load import SETTINGS, Load

AGENTS = int(os.environ.get("CHAOS_AGENTS", "8"))
WORKERS = 2


@dataclass
class Played:
    """What one run left behind."""

    books: Books
    at_bank: Counter[tuple[str, str, int]]
    """Money that the bank itself says has moved."""
    blows: list[Blow]
    chapters: dict[str, float]
    hands: int
    """Processes of the worker pool at the end, the pool itself included."""
    check: int
    """Exit code of `ref check`."""


def test_kills_and_wipes_change_nothing_in_the_ledger() -> None:
    with ThreadPoolExecutor(2) as both:
        undisturbed, disturbed = both.map(play, (False, True))
    assert equal.differences(undisturbed.books, disturbed.books) == []
    assert undisturbed.at_bank == disturbed.at_bank
    assert undisturbed.at_bank.total() == 7 * AGENTS, (
        "four payments, two refunds and one transfer for each agent"
    )
    assert (undisturbed.check, disturbed.check) == (0, 0)
    landed = [blow for blow in disturbed.blows if blow.hit_a_job]
    assert sum(not blow.is_wipe for blow in landed) >= 5
    assert sum(blow.is_wipe for blow in landed) >= 2
    assert disturbed.hands == undisturbed.hands == 1 + WORKERS, "a killed worker leaves no helper behind"


def test_ledgers_that_differ_in_one_leg_or_one_balance_are_not_equal() -> None:
    leg = ("agent-001", "pending", "credit", "accrual", "agent-001.order-1 payment", 100, "RUB", 2)
    books = Books(Counter({leg: 1}), {("agent-001", "pending", "RUB"): 100})
    twice = Books(Counter({leg: 2}), {("agent-001", "pending", "RUB"): 200})
    assert equal.differences(books, books) == []
    assert len(equal.differences(books, twice)) == len(equal.differences(twice, books)) == 2


def play(disturbed: bool) -> Played:
    """The whole load on an instance of its own, proved by `ref check`; tells what it did."""
    with up.alone(settings={**SETTINGS, "REF_WORKERS": str(WORKERS)}) as instance:
        assert instance.ref("demo", "--ground") == 0
        load = Load(instance, AGENTS)
        saboteur = Saboteur(instance, thorough=AGENTS >= 100, outlast_leases=lambda: load.let_pass(minutes=2))
        began = time.monotonic()
        load.play(saboteur.beside) if disturbed else load.play()
        seconds = time.monotonic() - began
        played = Played(
            equal.read(instance.env["DATABASE_URL"], load.names()),
            load.money_moved(),
            saboteur.blows,
            load.seconds,
            saboteur.hands(),
            instance.ref("check"),  # nobody freezes or takes back by hand here: two of its proofs find no row
        )
    tell(played, "disturbed" if disturbed else "undisturbed", seconds)
    return played


def tell(played: Played, how: str, seconds: float) -> None:
    """Figures for a person; pytest shows them with -s."""
    legs, accounts = sum(played.books.legs.values()), len(played.books.balances)
    click.echo(f"\n{how}: {AGENTS} agents, {seconds:.0f} s, {legs} legs and {accounts} balances to compare")
    click.echo("  " + ", ".join(f"{chapter} {took:.1f} s" for chapter, took in played.chapters.items()))
    for blow in played.blows:
        click.echo(f"  {blow}")
