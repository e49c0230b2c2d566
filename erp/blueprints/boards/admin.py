"""The administrator's dashboard: whether everything runs, and the rest in short."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext

from erp.blueprints.boards import manager, period
from erp.blueprints.boards.figures import Figure, liabilities
from erp.blueprints.presentation import format_count
from erp.domain import analytics
from erp.kernel import outbox, schedule


def board() -> dict[str, Any]:
    chosen = period.chosen()
    days = chosen.days
    rows = analytics.movement(days.first, days.last, "day", period.zone())
    after, before = analytics.moved(days.span), analytics.moved(chosen.before.span)
    return {
        "period": chosen,
        "lengths": period.LENGTHS,
        "health": _health(),
        "slots": schedule.slots(),
        "moved": manager.moved(days, after, before, rows),
        "liabilities": liabilities(),
    }


def _health() -> list[Figure]:
    counted, workers = outbox.counts(), outbox.workers()
    return [
        Figure(
            gettext("Workers"),
            format_count(workers),
            "",
            gettext("do the work") if workers else gettext("nobody does the work: start one"),
            tone="" if workers else "bad",
        ),
        Figure(
            gettext("Given up"),
            format_count(counted["given_up"]),
            url_for("jobs.index", state="given_up"),
            gettext("jobs that wait for a person"),
            tone="bad" if counted["given_up"] else "",
        ),
        Figure(
            gettext("Will be retried"),
            format_count(counted["retrying"]),
            url_for("jobs.index", state="retrying"),
            gettext("jobs that failed and come again by themselves"),
            tone="wait" if counted["retrying"] else "",
        ),
        Figure(
            gettext("Waiting"),
            format_count(counted["waiting"]),
            url_for("jobs.index", state="waiting"),
            gettext("jobs whose turn comes"),
        ),
    ]
