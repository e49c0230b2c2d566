"""The one search over everything the reader may open. What is typed travels in a body, never in an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from flask_login import current_user

from erp.blueprints.navigation import AREAS, is_open
from erp.blueprints.people import agent_names, may_see_personal_data
from erp.blueprints.presentation import format_day, format_money, format_month
from erp.blueprints.responses import varied, wants_part
from erp.blueprints.roles import role_names
from erp.blueprints.tags import format_tag
from erp.domain import analytics, statements
from erp.kernel import clock
from erp.kernel.permissions import for_staff
from erp.kernel.personal import unveil, veil
from erp.kernel.transaction import snapshot

bp = Blueprint("search", __name__)
IN_PASSING = 5
"""Of each noun, while one types; the page of results shows `ON_THE_PAGE`."""
ON_THE_PAGE = 25


class Hit(NamedTuple):
    """One thing that was found. `similar`: it is not what was typed, but close to it."""

    url: str
    title: str
    note: str
    state: str
    similar: bool


class Group(NamedTuple):
    """What was found of one noun."""

    key: str
    label: str | LazyString
    icon: str
    hits: Sequence[Hit]


@bp.get("/search")
@for_staff("it finds what the reader's role may open, and nothing else")
def show() -> Any:
    text = unveil(request.args.get("of", "")) or ""
    return render_template("search/show.html", text=text, groups=_find(text, ON_THE_PAGE))


@bp.post("/search")
@for_staff("it finds what the reader's role may open, and nothing else")
def look() -> Any:
    """While one types: the nearest of each noun. Sent as a form: on to the page of results, whose address tells nothing."""
    text = request.form.get("q", "").strip()
    if not wants_part():
        return varied(make_response(redirect(url_for("search.show", of=veil(text) if text else None), 303)))
    found = render_template("search/_found.html", text=text, groups=_find(text, IN_PASSING))
    return varied(make_response(found))


def _find(text: str, limit: int) -> list[Group]:
    """What the reader may open of it, grouped; the groups that hold the very thing come first."""
    nouns = {noun: AREAS[list] for noun, (list, _dress) in SHOWN.items()}
    open_nouns = [noun for noun, area in nouns.items() if is_open(area, current_user.permissions)]
    with snapshot():
        found = analytics.search(
            text, open_nouns, personal=may_see_personal_data(), now=clock.now(), limit=limit
        )
    nearest = sorted((rows[0].distance, at, noun) for at, (noun, rows) in enumerate(found.items()) if rows)
    groups = [
        Group(noun, nouns[noun].label, nouns[noun].icon, SHOWN[noun][1](found[noun]))
        for _distance, _at, noun in nearest
    ]
    return [*_areas(text), *groups]


def _areas(text: str) -> list[Group]:
    """Pages by the beginning of a word of their name."""
    wanted = text.casefold()
    hits = [
        Hit(url_for(area.endpoint), str(area.label), "", "", similar=False)
        for area in AREAS.values()
        if is_open(area, current_user.permissions)
        and any(word.startswith(wanted) for word in str(area.label).casefold().split())
    ]
    return [Group("page", _("Pages"), "panels-top-left", hits)] if len(wanted) > 1 and hits else []


def _agents(rows: Sequence[Any]) -> list[Hit]:
    names = agent_names(row.id for row in rows)
    return [_hit(row, "agents.show", names[row.id], row.code, row.reference) for row in rows]


def _establishments(rows: Sequence[Any]) -> list[Hit]:
    return [
        _hit(row, "establishments.show", row.name, format_tag(row.kind), _address(row), row.reference)
        for row in rows
    ]


def _address(row: Any) -> str:
    return ", ".join(filter(None, [" ".join(filter(None, [row.street, row.house])), row.city]))


def _bookings(rows: Sequence[Any]) -> list[Hit]:
    names = agent_names(row.agent_id for row in rows)
    return [_hit(row, "bookings.show", row.name, names[row.agent_id], row.reference) for row in rows]


def _referrals(rows: Sequence[Any]) -> list[Hit]:
    return [
        _hit(row, "referrals.show", row.name or row.external_id, row.external_id, row.reference)
        for row in rows
    ]


def _customers(rows: Sequence[Any]) -> list[Hit]:
    return [
        _hit(row, "customers.show", row.name or row.external_id, row.external_id, row.reference)
        for row in rows
    ]


def _cases(rows: Sequence[Any]) -> list[Hit]:
    return [
        _hit(row, "cases.show", row.name or row.reference, row.referral_reference, row.reference)
        for row in rows
    ]


def _disputes(rows: Sequence[Any]) -> list[Hit]:
    names = agent_names(row.agent_id for row in rows)
    return [_hit(row, "disputes.show", row.reference, names[row.agent_id]) for row in rows]


def _reversals(rows: Sequence[Any]) -> list[Hit]:
    return [
        _hit(row, "reversals.show", _money(row), format_day(row.proposed_at), row.reference) for row in rows
    ]


def _payments(rows: Sequence[Any]) -> list[Hit]:
    return [
        _hit(row, "payments.show", _money(row), row.external_id, format_day(row.created_at), row.reference)
        for row in rows
    ]


def _payouts(rows: Sequence[Any]) -> list[Hit]:
    names = agent_names(row.agent_id for row in rows)
    return [
        _hit(row, "payouts.show", _money(row), names[row.agent_id], row.run_reference, row.reference)
        for row in rows
    ]


def _payout_runs(rows: Sequence[Any]) -> list[Hit]:
    return [
        _hit(row, "payout_runs.show", row.reference, format_day(row.prepared_at), row.note) for row in rows
    ]


def _statements(rows: Sequence[Any]) -> list[Hit]:
    names = agent_names(row.agent_id for row in rows)
    return [
        _hit(
            row,
            "statements.show",
            row.reference,
            names[row.agent_id],
            format_month(statements.last_day(row.until, row.zone)),
        )
        for row in rows
    ]


def _programmes(rows: Sequence[Any]) -> list[Hit]:
    return [_hit(row, "programmes.show", row.name, row.currency, row.reference) for row in rows]


def _rerates(rows: Sequence[Any]) -> list[Hit]:
    return [_hit(row, "rerates.show", row.reference, row.name, format_day(row.from_at)) for row in rows]


def _back_tests(rows: Sequence[Any]) -> list[Hit]:
    return [_hit(row, "backtests.show", row.reference, format_day(row.asked_at), row.note) for row in rows]


def _staff(rows: Sequence[Any]) -> list[Hit]:
    return [_hit(row, "staff.show", row.name, role_names(row.roles)) for row in rows]


SHOWN: dict[str, tuple[str, Callable[[Sequence[Any]], list[Hit]]]] = {
    "agent": ("agents.index", _agents),
    "establishment": ("establishments.index", _establishments),
    "booking": ("bookings.index", _bookings),
    "referral": ("referrals.index", _referrals),
    "customer": ("customers.index", _customers),
    "case": ("cases.index", _cases),
    "dispute": ("disputes.index", _disputes),
    "reversal": ("reversals.index", _reversals),
    "payment": ("payments.index", _payments),
    "payout": ("payouts.index", _payouts),
    "payout_run": ("payout_runs.index", _payout_runs),
    "statement": ("statements.index", _statements),
    "programme": ("programmes.index", _programmes),
    "rerate": ("rerates.index", _rerates),
    "back_test": ("backtests.index", _back_tests),
    "staff": ("staff.index", _staff),
}
"""Every noun that can be found: the list whose permission opens it, and how its rows look."""


def _hit(row: Any, endpoint: str, title: str, *notes: str | None) -> Hit:
    note = " · ".join(dict.fromkeys(filter(None, notes)))
    similar = row.distance == analytics.SIMILAR
    return Hit(url_for(endpoint, reference=row.reference), title, note, getattr(row, "state", ""), similar)


def _money(row: Any) -> str:
    return format_money(row.amount, row.currency)
