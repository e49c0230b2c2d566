"""What an agent can expect: which day frees how much, what debts take of it, and when a payout can hold it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from erp.domain import commissions, ledger
from erp.domain.payouts import rules
from erp.domain.payouts.queries import Candidate, candidate
from erp.domain.payouts.rules import LeftOut
from erp.kernel.db import Row, row


@dataclass(frozen=True)
class Release:
    """A day on which holds end: of `net`, `repays` goes into the debt; `available` is what there is then."""

    day: dt.date
    commissions: int
    net: int
    repays: int
    available: int


@dataclass(frozen=True)
class Prospect:
    """The next payout: from how much on there is one, and the first day on which that much is there, if it is known.

    `obstacle` is what somebody must put right before, whatever the day. `under_way` is the payout that has to end first.
    """

    minimum: int
    day: dt.date | None
    obstacle: LeftOut | None
    under_way: Row | None


@dataclass(frozen=True)
class Forecast:
    """One currency of an agent, or what is given to them as credit in it. Amounts in minor units, days of the zone asked for.

    `available` below zero is a debt. `conditions` and `decisions` are rows of `commissions.forecast`: what waits for a
    customer's first payment until a deadline, and what is frozen. Credit is never paid out and has no `prospect`.
    """

    currency: str
    in_credit: bool
    available: int
    releases: Sequence[Release]
    conditions: Sequence[Row]
    decisions: Sequence[Row]
    prospect: Prospect | None

    @property
    def debt(self) -> int:
        return max(0, -self.available)

    @property
    def is_empty(self) -> bool:
        return not (self.releases or self.conditions or self.decisions or self.available)


def forecast(agent_id: UUID, zone: str, now: dt.datetime) -> list[Forecast]:
    """What is known now, per currency, money before credit; what new payments earn comes on top."""
    held = {
        key: list(found)
        for key, found in groupby(
            commissions.forecast(zone, now, agent_id=agent_id), lambda row: (row.currency, row.in_credit)
        )
    }
    today = now.astimezone(ZoneInfo(zone)).date()
    found = []
    for currency in ledger.currencies(agent_id):
        balances = ledger.balances([agent_id], currency)[agent_id]
        found.append(_of_money(agent_id, currency, held.get((currency, False), []), today))
        credit = _expected(currency, held.get((currency, True), []), balances["credit"], in_credit=True)
        if not credit.is_empty:
            found.append(credit)
    return found


def _of_money(agent_id: UUID, currency: str, held: Sequence[Row], today: dt.date) -> Forecast:
    known, under_way = candidate(agent_id, currency), _under_way(agent_id, currency)
    prepared = under_way.amount if under_way and under_way.state == "prepared" else 0
    found = _expected(currency, held, known.available, in_credit=False)
    return replace(found, prospect=_prospect(found, known, under_way, prepared, today))


def _expected(currency: str, held: Sequence[Row], available: int, *, in_credit: bool) -> Forecast:
    waiting = {
        what: [row for row in held if row.waits_for == what] for what in ("time", "condition", "decision")
    }
    return Forecast(
        currency,
        in_credit,
        available,
        list(_releases(waiting["time"], available)),
        waiting["condition"],
        waiting["decision"],
        None,
    )


def _releases(held: Sequence[Row], available: int) -> Iterator[Release]:
    for day, found in groupby(held, lambda row: row.day):
        parts = list(found)
        net = sum(part.net for part in parts)
        repays = min(net, max(0, -available))
        available += net
        yield Release(day, sum(part.commissions for part in parts), net, repays, available)


def _prospect(
    money: Forecast, agent: Candidate, under_way: Row | None, prepared: int, today: dt.date
) -> Prospect:
    """What was prepared for a payout already is not there for the next one."""
    reached = [(today, money.available)] + [(release.day, release.available) for release in money.releases]
    return Prospect(
        agent.minimum,
        next((day for day, amount in reached if amount - prepared >= agent.minimum), None),
        agent.obstacle,
        under_way,
    )


def _under_way(agent_id: UUID, currency: str) -> Row | None:
    return row(
        """select reference, state, amount from payout
           where agent_id = :agent_id and currency = :currency and state <> all(:ended)""",
        agent_id=agent_id,
        currency=currency,
        ended=sorted(rules.ENDED),
    )
