"""What a statement is: its cut, its lines, its months, and the text that its seal covers. No database, no clock."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

FORMAT = "ref-statement-1"


@dataclass(frozen=True)
class Line:
    """One leg of an entry on an agent's account, in minor units. `against` is the account on its other side.

    `why` is for people, in some language; the seal does not cover it.
    """

    seq: int
    transaction: int
    line: int
    kind: str
    reference: str
    against: str
    change: int
    balance: int
    occurred_at: dt.datetime
    booked_at: dt.datetime
    why: Sequence[str] = ()


@dataclass(frozen=True)
class Account:
    """An account of the agent over a period: from after entry `after` up to entry `upto`, from `opening` to `closing`."""

    kind: str
    currency: str
    after: int
    upto: int
    opening: int
    closing: int
    lines: Sequence[Line] = ()

    @property
    def came(self) -> int:
        return sum(line.change for line in self.lines if line.change > 0)

    @property
    def went(self) -> int:
        return -sum(line.change for line in self.lines if line.change < 0)


@dataclass(frozen=True)
class Root:
    """Which exported root a seal is in."""

    number: int
    hash: str


@dataclass(frozen=True)
class Document:
    """A statement with all its lines, as it is sealed, exported and verified. `hash` is None while the period is open."""

    instance: str
    mode: str
    statement: str
    agent: str
    number: int
    zone: str
    since: dt.datetime
    until: dt.datetime
    previous: str | None
    accounts: Sequence[Account] = field(default_factory=tuple)
    hash: str | None = None
    sealed_at: dt.datetime | None = None
    root: Root | None = None

    @property
    def is_sealed(self) -> bool:
        return self.hash is not None

    @property
    def lines(self) -> int:
        return sum(len(account.lines) for account in self.accounts)

    @property
    def last_day(self) -> dt.date:
        """The last day of the period in its own zone."""
        return last_day(self.until, self.zone)

    @property
    def first_day(self) -> dt.date:
        return self.since.astimezone(ZoneInfo(self.zone)).date()

    def explained(self, why: Callable[[Line], Iterable[str]]) -> Document:
        """The same with words: `why` answers the sentences of a line."""
        accounts = [
            replace(account, lines=[replace(line, why=list(why(line))) for line in account.lines])
            for account in self.accounts
        ]
        return replace(self, accounts=accounts)


def last_day(until: dt.datetime, zone: str) -> dt.date:
    """The day of `zone` that ends with a moment, or is under way then."""
    return (until - dt.timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()


def month_of(at: dt.datetime, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """The calendar month of `zone` that holds a moment: its first instant, and that of the next one."""
    first = at.astimezone(ZoneInfo(zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    following = (first.replace(tzinfo=None) + dt.timedelta(days=32)).replace(day=1, tzinfo=ZoneInfo(zone))
    return first.astimezone(dt.UTC), following.astimezone(dt.UTC)


def moment(at: dt.datetime) -> str:
    """A moment in the one form that is hashed: 2026-11-22T04:30:00.000000Z"""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(document: Document) -> str:
    """The text whose SHA-256 is the seal: one compact JSON array a line, ASCII alone (docs/statements.md)."""
    return "".join(json.dumps(part, separators=(",", ":")) + "\n" for part in _parts(document))


def seal(document: Document) -> str:
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def _parts(document: Document) -> Iterator[list[Any]]:
    yield [FORMAT, document.instance, document.mode]
    yield ["statement", document.statement, document.agent, document.number]
    yield ["period", moment(document.since), moment(document.until), document.zone]
    yield ["previous", document.previous]
    for account in document.accounts:
        of = [account.kind, account.currency]
        yield ["account", *of, account.after, account.opening, account.upto, account.closing]
        for line in account.lines:
            yield [
                *[
                    "entry",
                    *of,
                    line.seq,
                    line.transaction,
                    line.line,
                    line.kind,
                    line.reference,
                    line.against,
                ],
                *[line.change, line.balance, moment(line.occurred_at), moment(line.booked_at)],
            ]
