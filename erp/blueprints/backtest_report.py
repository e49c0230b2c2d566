"""The report of a back-test: what each version costs beside what there was, month by month, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext, ngettext
from markupsafe import Markup

from erp.blueprints import charts
from erp.blueprints.charts import Chart, Point
from erp.blueprints.people import with_agent_names
from erp.blueprints.presentation import format_count, format_money, format_month
from erp.domain import backtests

SHOWN = 8
"""Agents whose earnings change most, that the report itself shows."""
Texts = list[str]


class Measure(NamedTuple):
    """A line of the comparison: its name, what there was, what each version makes of it; `urls` open the figures."""

    label: str
    cells: Sequence[str]
    urls: Sequence[str] = ()
    is_sum: bool = False


class Note(NamedTuple):
    """Something to know before one believes the figures."""

    text: str | Markup
    tone: str
    icon: str


class Report(NamedTuple):
    """All that the page shows; `chosen` is the version that is looked at closely."""

    test: Any
    versions: Sequence[Any]
    chosen: Any
    baseline: Any
    measures: Sequence[Measure]
    notes: Sequence[Note]
    by_month: Chart
    distribution: Chart
    moves: Sequence[Any]
    agents: Sequence[Any]


def report_of(test: Any, version: int) -> Report:
    """The report, looking closely at a version of the terms: the first one if it has no such `version`."""
    versions = backtests.versions(test.id)
    chosen = next((one for one in versions if one.version == version), versions[0])
    baseline = backtests.baseline(test.id)
    found = backtests.agents(test.id, chosen.position).first(SHOWN)
    return Report(
        test,
        versions,
        chosen,
        baseline,
        list(measures_of(test, versions, baseline)),
        list(_notes(test, versions, baseline)),
        _by_month(test, versions),
        _distribution(test, chosen),
        backtests.moves(test.id, chosen.position),
        with_agent_names(found, agent_name="agent_id"),
    )


def named(version: Any) -> str:
    return gettext("Version %(version)s", version=version.version)


def agents_url(test: Any, version: Any, way: str) -> str:
    """The agents of a back-test who would earn more, less or the same under a version."""
    return url_for("backtest_agents.index", reference=test.reference, version=version.version, way=way)


def measures_of(test: Any, versions: Sequence[Any], baseline: Any) -> list[Measure]:
    """What happened, and what each version would have made of it."""

    def money(amount: int) -> str:
        return format_money(amount, test.currency)

    kept = baseline.received - baseline.fee
    columns = [baseline, *versions]
    movers = {row.position: row for row in backtests.movers(test.id)}
    measures = [
        Measure(gettext("Received, less what went back"), [money(baseline.received)] * len(columns)),
        Measure(gettext("Commissions earned"), [money(one.accrued) for one in columns]),
        Measure(gettext("Taken back"), [money(one.taken_back) for one in columns]),
        Measure(gettext("Total cost"), [money(one.cost) for one in columns], is_sum=True),
        Measure(
            gettext("Difference"),
            ["—", *(_signed(one.cost - baseline.cost, test.currency) for one in versions)],
        ),
        Measure(
            gettext("Cost in percent of what was received"),
            [charts.percent(one.cost, baseline.received) for one in columns],
        ),
    ]
    if baseline.fee:
        measures.append(
            Measure(gettext("The bank's fee, by its tariff"), [money(baseline.fee)] * len(columns))
        )
    measures.append(Measure(gettext("Margin"), [money(kept - one.cost) for one in columns], is_sum=True))
    for label, name, way in (
        (gettext("Agents who would earn more"), "winners", "more"),
        (gettext("Agents who would earn less"), "losers", "less"),
        (gettext("Agents who would earn the same"), "same", "same"),
    ):
        counts = [getattr(movers[one.position], name) if one.position in movers else 0 for one in versions]
        urls = ["", *(agents_url(test, one, way) for one in versions)]
        measures.append(Measure(label, ["—", *map(format_count, counts)], urls))
    measures.append(Measure(gettext("Lines"), [format_count(one.lines) for one in columns]))
    return measures


def _signed(amount: int, currency: str) -> str:
    return f"+{format_money(amount, currency)}" if amount > 0 else format_money(amount, currency)


def _notes(test: Any, versions: Sequence[Any], baseline: Any) -> list[Note]:
    notes = [_proof(test, baseline)]
    if test.state == "cancelled":
        text = gettext(
            "It was cancelled: these are the figures of %(done)s agents of %(all)s.",
            done=format_count(test.agents_done),
            all=format_count(test.agents),
        )
        notes.insert(0, Note(text, "wait", "circle-alert"))
    for version in versions:
        notes += _notes_of(test, version, baseline)
    if not baseline.fee:
        text = gettext("The terms state no tariff of the bank, so its fee is not taken off the margin.")
        notes.append(Note(text, "", "info"))
    return notes


def _proof(test: Any, baseline: Any) -> Note:
    """Whether history under its own terms equals the books."""
    if not baseline.unequal:
        text = gettext(
            "Checked: replayed under their own terms, all %(lines)s lines equal the books to the last hundredth: %(sum)s.",
            lines=format_count(baseline.lines),
            sum=format_money(baseline.booked, test.currency),
        )
        return Note(text, "ok", "check")
    text = ngettext(
        "%(num)s event is booked otherwise than its own terms say, or is not booked yet. The books say %(booked)s, the replay %(cost)s.",
        "%(num)s events are booked otherwise than their own terms say, or are not booked yet. The books say %(booked)s, the replay %(cost)s.",
        baseline.unequal,
        booked=format_money(baseline.booked, test.currency),
        cost=format_money(baseline.cost, test.currency),
    )
    return Note(text, "bad", "triangle-alert")


def _notes_of(test: Any, version: Any, baseline: Any) -> list[Note]:
    notes, name = [], named(version)
    others = backtests.others(test, version.terms_id, test.asked_at)
    if others:
        text = ngettext(
            "%(version)s: %(num)s referral is pinned to other terms and keeps them. These figures are as if it were pinned to this version; in life it counts only for customers who sign up after it is activated.",
            "%(version)s: %(num)s referrals are pinned to other terms and keep them. These figures are as if they were pinned to this version; in life it counts only for customers who sign up after it is activated.",
            others,
            version=name,
        )
        notes.append(Note(text, "wait", "pin"))
    if test.since is not None:
        text = gettext(
            "%(version)s: for customers who signed up within the span alone it costs %(new)s instead of %(old)s. That is what new referrals would have made of it.",
            version=name,
            new=format_money(version.cost_of_new, test.currency),
            old=format_money(baseline.cost_of_new, test.currency),
        )
        notes.append(Note(text, "", "user-plus"))
    if version.retroactive:
        text = gettext(
            "%(version)s is retroactive: a tier that is reached counts for its whole window, so in life lines that are booked already would be trued up.",
            version=name,
        )
        notes.append(Note(text, "wait", "rewind"))
    if version.changed:
        text = gettext(
            "%(version)s was changed or thrown away since. These figures are of what it said then; repeat the back-test to see what it says now.",
            version=name,
        )
        notes.append(Note(text, "wait", "pencil"))
    return notes


def _by_month(test: Any, versions: Sequence[Any]) -> Chart:
    positions = [0, *(version.position for version in versions)]
    points = [
        Point(
            f"{row.month:%m.%y}",
            format_month(row.month),
            [row.costs.get(str(position), 0) for position in positions],
            day=row.month.isoformat(),
        )
        for row in backtests.months(test.id)
    ]
    return charts.lines(
        "by-month",
        gettext("Cost by month"),
        points,
        charts.amounts(test.currency),
        series=[gettext("As it was"), *map(named, versions)],
        heading=gettext("Month"),
    )


def _distribution(test: Any, version: Any) -> Chart:
    """How many agents would earn how much more or less."""
    counted = backtests.distribution(test.id, version.position)
    points = [
        Point(label, name, [number])
        for (label, name), number in zip(_steps(test.currency), counted, strict=True)
    ]
    return charts.bars(
        "distribution",
        gettext("How much more or less agents would earn"),
        points,
        charts.counts(),
        series=[gettext("Agents")],
        heading=gettext("Difference"),
    )


def _steps(currency: str) -> list[tuple[str, str]]:
    """(short, in full) of each step of the distribution."""
    short, full = charts.amounts(currency).short, lambda amount: format_money(amount, currency)
    lows, highs = [-edge for edge in backtests.EDGES[:3]], [edge - 1 for edge in backtests.EDGES[5:]]
    less = [
        (f"−{short(low)}", gettext("%(from)s to %(to)s less", **{"from": full(high), "to": full(low)}))
        for low, high in zip(lows, [*lows[1:], 1], strict=True)
    ]
    more = [
        (f"+{short(high)}", gettext("%(from)s to %(to)s more", **{"from": full(low), "to": full(high)}))
        for low, high in zip([1, *highs[:-1]], highs, strict=True)
    ]
    return [
        ("…", gettext("more than %(amount)s less", amount=full(lows[0]))),
        *less,
        ("0", gettext("the same")),
        *more,
        ("…", gettext("more than %(amount)s more", amount=full(highs[-1]))),
    ]
