"""`ref bench NAME`: a benchmark of `benchmarks/`, on a throw-away database of its own.

Benchmarks know nothing of the domain. What they measure is handed to them here: the verbs, and the engine's SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from benchmarks import accrual, ledger, pages, replay
from benchmarks.accrual import Ours
from benchmarks.ground import NOW
from benchmarks.measure import dump
from erp.app import create_app
from erp.commands.bench_replay import replaying
from erp.commands.bench_site import open_site
from erp.domain import commissions, integrations
from erp.domain.commissions import engine
from erp.domain.commissions import invariants as of_commissions
from erp.domain.commissions.alone import BOOK_ALONE
from erp.domain.commissions.facts import FACTS_OF_EVENTS
from erp.domain.integrations import NewEvent
from erp.domain.integrations.actions import RECORD
from erp.domain.ledger import invariants as of_ledger
from erp.kernel import outbox
from erp.kernel.actor import Actor
from erp.kernel.db import db, rows
from erp.kernel.transaction import rehearsal, transaction

BY = Actor.system("benchmark")
PROOFS = (
    of_ledger.transactions_balance,
    of_ledger.balances_are_sums,
    of_commissions.lines_are_single,
    of_commissions.corrections_stay_within,
)
"""That both sides left the books whole."""
AMOUNTS = f"""
with {engine.BOOKED}, {FACTS_OF_EVENTS}, {engine.LINES}
select l.*, e.source_id as told, l.occurred_at + make_interval(days => l.hold_days::integer) as available_at,
       case when l.kind = 'accrual' or h.commission_id is not null then 'pending' else 'available' end as account
from line l join event e on e.id = l.cause_id left join hold h on h.commission_id = l.accrual_id
"""


@click.command()
@click.argument("name", type=click.Choice(("accrual", "ledger", "pages", "replay")))
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1, 100))
@click.option(
    "--lines",
    default=1_000_000,
    show_default=True,
    type=click.IntRange(10_000),
    help="For accrual and ledger: lines already there.",
)
@click.option(
    "--requests",
    default=100,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="For pages: how many a round of one side has.",
)
@click.option(
    "--events",
    default=1_000_000,
    show_default=True,
    type=click.IntRange(10_000),
    help="For replay: how long the history is.",
)
def command(name: str, as_json: bool, rounds: int, lines: int, requests: int, events: int) -> None:
    """Measure against a yardstick, in interleaved rounds."""
    if name == "accrual":
        found = accrual.run(accruing, rounds=rounds, lines=lines)
        click.echo(dump(found) if as_json else accrual.tell(found))
    elif name == "replay":
        found = replay.run(replaying, rounds=rounds, events=events)
        click.echo(dump(found) if as_json else replay.tell(found))
    elif name == "ledger":
        found = ledger.run(writing, rounds=rounds, lines=lines)
        click.echo(dump(found) if as_json else ledger.tell(found))
    else:
        found = pages.run(open_site, rounds=rounds, requests=requests)
        click.echo(dump(found) if as_json else pages.tell(found))


@contextmanager
def accruing() -> Iterator[Ours]:
    """The verbs of accrual on the configured database."""
    aside = (
        create_app()
    )  # its engine has connections of its own: rolling back makes a driver forget its plans

    def amounts(facts: Sequence[NewEvent]) -> Sequence[Any]:
        with aside.app_context(), rehearsal():
            return rows(AMOUNTS, event_ids=integrations.record_events(facts))

    with create_app().app_context():
        yield Ours(
            NewEvent,
            _book,
            amounts,
            _findings,
            {
                "record": RECORD,
                "lock": engine.LOCK,
                "book": engine.BOOK_COMMON,
                "book_alone": BOOK_ALONE,
            },
        )


@contextmanager
def writing() -> Iterator[ledger.Ours]:
    """The same verbs for many threads at once."""
    app = create_app()

    @contextmanager
    def writer() -> Iterator[Callable[[Sequence[NewEvent]], None]]:
        with app.app_context():
            yield _book

    with app.app_context():
        yield ledger.Ours(NewEvent, writer, _findings)


def _book(facts: Sequence[NewEvent]) -> None:
    """Record facts, leave the news of them, and accrue: one transaction. Known facts are looked at again."""
    with transaction():
        ids = [id for id in integrations.record_events(facts) if id is not None]
        if ids:
            outbox.enqueue_many("erp.jobs.commissions.accrue", ids)
            commissions.accrue(ids, by=BY, now=NOW)


def _findings() -> Mapping[str, Mapping[str, Any]]:
    found = [prove() for prove in PROOFS]
    db.session.rollback()
    return {str(one.number): {"examined": one.examined, "bad": list(one.bad[:10])} for one in found}
