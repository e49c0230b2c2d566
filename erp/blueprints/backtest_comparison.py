"""Saved back-tests side by side: what each of their versions costs, month by month, and how many win and lose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from erp.blueprints.backtest_report import Measure, measures_of, named
from erp.blueprints.columns import Column, Count, Day, Money, Words
from erp.blueprints.exports import keep
from erp.blueprints.forms import attempt
from erp.blueprints.presentation import format_moment, format_money, format_month
from erp.blueprints.responses import seen_other
from erp.domain import backtests
from erp.kernel import bulk
from erp.kernel.permissions import Permission, requires

bp = Blueprint("backtest_comparison", __name__, url_prefix="/back-tests/comparison")


class Side(NamedTuple):
    """One back-test: its columns are what there was and each of its versions; `costs` by month and position."""

    test: Any
    versions: Sequence[Any]
    baseline: Any
    measures: dict[str, Measure]
    months: dict[dt.date, Any]

    @property
    def heads(self) -> list[str]:
        return [gettext("As it was"), *map(named, self.versions)]

    @property
    def positions(self) -> list[int]:
        return [0, *(version.position for version in self.versions)]


class Line(NamedTuple):
    """A line of the comparison: a cell, an address and whether it is a sum for each column of each side."""

    label: str
    cells: list[tuple[str, str]]
    is_sum: bool = False


@bp.post("")
@requires(Permission.PROGRAMMES_READ)
def choose() -> Any:
    """From the rows that were ticked in the list to their comparison, or back with the reason why not."""
    ids = [bulk.id_of(id) for id in request.form.getlist("row")]
    references = backtests.references(ids)
    with attempt() as tried:
        backtests.compared(references)
    if tried.refusal:
        flash(tried.refusal, "error")
        return seen_other(url_for("backtests.index"))
    return seen_other(url_for("backtest_comparison.show", test=references))


@bp.get("")
@requires(Permission.PROGRAMMES_READ)
def show() -> Any:
    """Those that the address names; without any, where they are chosen."""
    asked = request.args.getlist("test")
    sides = [_side(test) for test in backtests.compared(asked)] if asked else []
    return render_template(
        "backtests/comparison.html",
        sides=sides,
        totals=list(_totals(sides)),
        by_month=list(_by_month(sides)),
        notes=list(_notes(sides)),
        references=[side.test.reference for side in sides],
    )


def _side(test: Any) -> Side:
    versions, baseline = backtests.versions(test.id), backtests.baseline(test.id)
    measures = {measure.label: measure for measure in measures_of(test, versions, baseline)}
    return Side(test, versions, baseline, measures, {row.month: row for row in backtests.months(test.id)})


def _totals(sides: Sequence[Side]) -> Iterator[Line]:
    """Every measure that one of them has, in the order of the first."""
    for label in dict.fromkeys(label for side in sides for label in side.measures):
        cells, is_sum = [], False
        for side in sides:
            measure = side.measures.get(label)
            texts = measure.cells if measure else ["—"] * len(side.heads)
            urls = measure.urls if measure and measure.urls else [""] * len(side.heads)
            cells += list(zip(texts, urls, strict=True))
            is_sum = is_sum or bool(measure and measure.is_sum)
        yield Line(label, cells, is_sum)


def _by_month(sides: Sequence[Side]) -> Iterator[Line]:
    for month in sorted({month for side in sides for month in side.months}):
        cells = [
            (format_money(_cost(side, month, position), side.test.currency), "")
            for side in sides
            for position in side.positions
        ]
        yield Line(format_month(month), cells)


def _cost(side: Side, month: dt.date, position: int) -> int:
    row = side.months.get(month)
    return row.costs.get(str(position), 0) if row else 0


def _notes(sides: Sequence[Side]) -> Iterator[str]:
    """Where they did not look at quite the same."""
    tests = [side.test for side in sides]
    if len({frozenset(test.agent_ids or ()) for test in tests}) > 1:
        yield gettext("They were asked for different agents, so compare shares rather than sums.")
    if len({(test.last_event_id, test.last_referral_id) for test in tests}) > 1:
        known = ", ".join(f"{test.reference}: {format_moment(test.asked_at)}" for test in tests)
        yield gettext(
            "Each knows the history up to the moment at which it was asked for; what became known later is in the later ones alone. %(known)s.",
            known=known,
        )


class Row(NamedTuple):
    """A column of the page as rows of a file: its totals (no month), and each month."""

    test: str
    note: str
    terms: str
    month: dt.date | None
    currency: str
    received: int
    accrued: int | None
    taken_back: int | None
    cost: int
    difference: int
    winners: int | None
    losers: int | None
    same: int | None


COLUMNS = (
    Column("test", _("Back-test")),
    Column("note", _("Note"), Words()),
    Column("terms", _("Terms")),
    Column("month", _("Month"), Day()),
    Column("received", _("Received, less what went back"), Money()),
    Column("accrued", _("Commissions earned"), Money()),
    Column("taken_back", _("Taken back"), Money()),
    Column("cost", _("Total cost"), Money()),
    Column("difference", _("Difference"), Money()),
    Column("winners", _("Agents who would earn more"), Count()),
    Column("losers", _("Agents who would earn less"), Count()),
    Column("same", _("Agents who would earn the same"), Count()),
)


@bp.post("/export")
@requires(Permission.PROGRAMMES_READ)
def export() -> Any:
    references = request.args.getlist("test")
    rows = [row for test in backtests.compared(references) for row in _rows(_side(test))]
    with attempt() as tried:
        return keep(
            "back-tests-compared",
            gettext("Back-tests side by side"),
            COLUMNS,
            len(rows),
            lambda: [rows],
            request.form.get("format", "csv"),
            filters={"tests": ", ".join(references)},
        )
    flash(str(tried.refusal), "error")
    return seen_other(url_for("backtest_comparison.show", test=references))


def _rows(side: Side) -> Iterator[Row]:
    movers = {row.position: row for row in backtests.movers(side.test.id)}
    for head, position, one in zip(side.heads, side.positions, [side.baseline, *side.versions], strict=True):
        counted = movers.get(position)
        name = (side.test.reference, side.test.note, head)
        yield Row(
            *name,
            None,
            side.test.currency,
            side.baseline.received,
            one.accrued,
            one.taken_back,
            one.cost,
            one.cost - side.baseline.cost,
            counted and counted.winners,
            counted and counted.losers,
            counted and counted.same,
        )
        for month, row in side.months.items():
            cost = _cost(side, month, position)
            yield Row(
                *name,
                month,
                side.test.currency,
                row.received,
                None,
                None,
                cost,
                cost - _cost(side, month, 0),
                None,
                None,
                None,
            )
