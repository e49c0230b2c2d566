"""What an agent can expect and when, each sum with the list of the commissions that it is made of."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from flask import url_for

from erp.blueprints.address import to
from erp.blueprints.boards import period
from erp.blueprints.present import now
from erp.blueprints.roles import ROLES
from erp.blueprints.states import state_of
from erp.domain import agents, payouts
from erp.kernel.permissions import Role

MOST_DAYS = 14
"""Days that are told one by one; what comes after them is one sum."""


class Release(NamedTuple):
    """Holds that end on `day`, or after it when it is the `rest`; `available` is what there is then."""

    day: dt.date
    rest: bool
    commissions: int
    net: int
    repays: int
    available: int
    url: str


class Condition(NamedTuple):
    """What waits for a customer's first payment until `day`."""

    day: dt.date
    commissions: int
    net: int
    url: str


class Decision(NamedTuple):
    """What is frozen: who `decides` until `day`, and what happens if nobody does."""

    day: dt.date
    rule: str
    commissions: int
    net: int
    since: dt.datetime
    decides: list[str]
    otherwise: list[str]
    url: str


class Told(NamedTuple):
    """One currency of an agent, or their credit in it."""

    known: payouts.Forecast
    releases: list[Release]
    conditions: list[Condition]
    decisions: list[Decision]


def told_forecasts(agent: agents.Profile) -> list[Told]:
    """Those in which there is something to be told."""
    found = payouts.forecast(agent.id, period.zone(), now())
    return [_told(agent.reference, known) for known in found if not known.is_empty]


def _told(reference: str, known: payouts.Forecast) -> Told:
    lists = Lists(reference, "credit" if known.in_credit else "money")
    first, rest = known.releases[:MOST_DAYS], known.releases[MOST_DAYS:]
    releases = [
        Release(
            day.day,
            False,
            day.commissions,
            day.net,
            day.repays,
            day.available,
            lists.on_hold("release", day.day),
        )
        for day in first
    ]
    if rest:
        releases.append(
            Release(
                first[-1].day,
                True,
                sum(day.commissions for day in rest),
                sum(day.net for day in rest),
                sum(day.repays for day in rest),
                rest[-1].available,
                lists.on_hold_after(first[-1].day),
            )
        )
    return Told(
        known,
        releases,
        [
            Condition(row.day, row.commissions, row.net, lists.on_hold("deadline", row.day))
            for row in known.conditions
        ],
        [
            Decision(
                row.day,
                row.rule,
                row.commissions,
                row.net,
                row.since,
                [str(ROLES[Role(role)]) for role in row.roles],
                [str(state_of(f"freeze.{outcome}").label) for outcome in row.outcomes],
                lists.of("frozen", "decision", row.day, row.day, rule=row.rule),
            )
            for row in known.decisions
        ],
    )


class Lists(NamedTuple):
    """Addresses of an agent's commissions."""

    reference: str
    paid_as: str

    def on_hold(self, by: str, day: dt.date) -> str:
        """Of one day; on this one also what was due before and has not been carried out."""
        return self.of("on_hold", by, None if day <= period.today() else day, day)

    def on_hold_after(self, day: dt.date) -> str:
        return self.of("on_hold", "release", day + dt.timedelta(days=1), None)

    def of(self, state: str, by: str, since: dt.date | None, until: dt.date | None, rule: str = "") -> str:
        asked = {
            "q": self.reference,
            "state": state,
            "rule": rule,
            "paid_as": self.paid_as,
            "by": by,
            "since": since.isoformat() if since else "",
            "until": until.isoformat() if until else "",
        }
        return to(url_for("commissions.index"), [pair for pair in asked.items() if pair[1]])
