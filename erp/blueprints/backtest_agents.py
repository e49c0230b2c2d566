"""The agents of a back-test, and the lines of one of them: what each earned, and what it would have earned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, g, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from erp.blueprints import address
from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Count, Kind, Moment, Money, Percent, To, Who, Words
from erp.blueprints.forms import Filters, choice
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import agent_names, dressed, with_agent_names
from erp.blueprints.presentation import format_bps, format_count, format_money
from erp.domain import agents, backtests
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission

bp = Blueprint("backtest_agents", __name__, url_prefix="/back-tests/<reference>/agents")
lines_bp = Blueprint("backtest_lines", __name__, url_prefix="/back-tests/<reference>/agents/<agent>")
TEXT = Kind()
WAYS = (("more", _("Would earn more")), ("less", _("Would earn less")), ("same", _("Would earn the same")))


class ResultFilters(Filters):
    """`version` is looked at, the first one if it is not said; `move` comes with a link from the report."""

    version = choice(_("Version"))
    way = choice(_("Everybody"))
    move = choice(_("Any move between tiers"))


class LineFilters(Filters):
    version = choice(_("Version"))
    way = choice(_("All lines"))


def _test() -> Any:
    """The back-test that the address names, read once a request."""
    if "back_test" not in g:
        g.back_test = backtests.find((request.view_args or {})["reference"])
        g.back_test_versions = backtests.versions(g.back_test.id)
    return g.back_test


def _version() -> Any:
    """The version that the address asks for."""
    _test()
    asked = address.args().get("version", "")
    found: Sequence[Any] = g.back_test_versions
    return next((version for version in found if str(version.version) == asked), found[0])


def _versions() -> list[tuple[str, str]]:
    _test()
    return [
        (str(version.version), gettext("Version %(version)s", version=version.version))
        for version in g.back_test_versions
    ]


def _moves() -> list[tuple[str, str]]:
    moves = backtests.moves(_test().id, _version().position)
    return [
        (f"{move.old_tier or ''}|{move.new_tier or ''}", f"{move.old_tier or '—'} → {move.new_tier or '—'}")
        for move in moves
    ]


def _keep_version(_endpoint: str, values: dict[str, Any]) -> None:
    """Addresses of what lies within a back-test name it, and the version that is looked at."""
    here = request.view_args or {}
    if "reference" in here:
        values.setdefault("reference", here["reference"])
    if version := address.args().get("version"):
        values.setdefault("version", version)


lines_bp.url_defaults(_keep_version)


def _find(form: ResultFilters) -> Listed:
    found = backtests.agents(
        _test().id,
        _version().position,
        q=form.value("q"),
        way=form.value("way"),
        move=form.value("move"),
        sort=sort_key(),
    )
    return found.dressed(lambda rows: with_agent_names(rows, agent_name="agent_id"))


def _others() -> Iterator[Column]:
    """Side by side: what each of up to four versions would cost."""
    labels = (_("Under the 1st version"), _("Under the 2nd"), _("Under the 3rd"), _("Under the 4th"))
    for number, label in enumerate(labels, start=1):
        yield Column(f"cost_{number}", label, Money(), shown=False)


def _crumbs() -> list[tuple[Any, str]]:
    test = _test()
    return [
        (_("Back-tests"), url_for("backtests.index")),
        (test.reference, url_for("backtests.show", reference=test.reference, version=_version().version)),
    ]


AGENTS = Listing(
    "backtest_agents",
    _("Agents of the back-test"),
    _("What each agent earned, and what they would have earned. Open one to see it line by line."),
    columns=(
        Column(
            "agent_name",
            _("Agent"),
            Who(),
            card="name",
            to=To("backtest_lines.index", "agent", "agent_reference"),
        ),
        Column("old_cost", _("As it was"), Money(), sort=True, card="note", total=True),
        Column("new_cost", _("Under this version"), Money(), sort=True, total=True),
        Column("difference", _("Difference"), Money(), sort=True, card="sum", total=True),
        Column("old_tier", _("Tier as it was")),
        Column("new_tier", _("Tier under this version"), card="more"),
        Column("old_lines", _("Lines as it was"), Count(), shown=False),
        Column("new_lines", _("Lines under this version"), Count(), shown=False),
        Column("received", _("Received from customers"), Money(), shown=False, total=True),
        Column("booked", _("In the books"), Money(), shown=False, total=True),
        Column("unequal", _("Events booked otherwise"), Count(), shown=False),
        *_others(),
    ),
    find=_find,
    filters=lambda: ResultFilters(version=_versions(), way=list(WAYS), move=_moves()),
    empty=Empty("users", _("No agent is replayed yet"), _("They appear as the worker replays them.")),
    template="backtests/agents.html",
    label=lambda row: str(row.agent_code),
    more=lambda: {"crumbs": _crumbs()},
)
mount(bp, AGENTS, Permission.PROGRAMMES_READ)


def _agent() -> Any:
    """The agent that the address names."""
    return agents.find((request.view_args or {})["agent"])


def _find_lines(form: LineFilters) -> Listed:
    test = _test()
    found = backtests.lines(
        test, _version().position, _agent().id, q=form.value("q"), way=form.value("way"), sort=sort_key()
    )
    return found.dressed(lambda rows: dressed(rows, lambda row: {"why": why(row)}))


def why(line: Any) -> str:
    """Why a line would be another amount, in a sentence for each reason."""
    if line.old_amount is None:
        return gettext("Only this version pays for it, by its rule “%(rule)s”.", rule=line.rule_key)
    if line.new_amount is None:
        return gettext("This version pays nothing for it: no rule of it applies.")
    return " ".join(_reasons(line)) or gettext("The same.")


def _reasons(line: Any) -> Iterator[str]:
    if line.old_rate != line.new_rate:
        old, new = (_rate(line, side) for side in ("old", "new"))
        yield gettext("The rate is %(new)s instead of %(old)s.", new=new, old=old)
    if line.old_base != line.new_base:
        base = format_money(line.new_base, line.currency), format_money(line.old_base, line.currency)
        yield gettext("It is taken of %(new)s instead of %(old)s.", new=base[0], old=base[1])
    if line.new_accrued < line.new_uncapped:
        left = format_money(line.new_accrued, line.currency)
        yield gettext("A cap of this version leaves %(left)s of it.", left=left)
    if line.old_accrued < line.old_uncapped:
        left = format_money(line.old_accrued, line.currency)
        yield gettext("As it was, a cap left %(left)s of it.", left=left)
    if line.new_amount != line.new_accrued and line.difference:
        back = format_money(line.new_accrued - line.new_amount, line.currency)
        yield gettext("Of it %(back)s are taken back.", back=back)


def _rate(line: Any, side: str) -> str:
    rate, tier, volume = (getattr(line, f"{side}_{name}") for name in ("rate", "tier", "volume"))
    said = SimpleNamespace(rate=format_bps(rate), tier=tier, volume=format_count(volume))
    return gettext("%(rate)s (%(tier)s, volume %(volume)s)", **vars(said))


LINES = Listing(
    "backtest_lines",
    _("Lines of an agent"),
    _("Each event that earned something, as it was and under this version, computed anew by the engine."),
    columns=(
        Column("occurred_at", _("Happened"), Moment(), sort=True, card="note", quiet=True),
        Column("event", _("Event"), of=lambda row: row.payment_reference or row.source_id, card="name"),
        Column("event_kind", _("Kind"), of=lambda row: _kind(row.event_kind), shown=False),
        Column(
            "establishment_name",
            _("Customer"),
            of=lambda row: row.establishment_name or row.customer_reference,
        ),
        Column("payment_amount", _("Paid"), Money()),
        Column("old_tier", _("Tier as it was"), shown=False),
        Column("old_rate", _("Rate as it was"), Percent(), shown=False),
        Column("old_amount", _("As it was"), Money(), total=True),
        Column("new_tier", _("Tier under this version"), shown=False),
        Column("new_rate", _("Rate under this version"), Percent(), shown=False),
        Column("new_amount", _("Under this version"), Money(), total=True),
        Column("difference", _("Difference"), Money(), sort=True, card="sum", total=True),
        Column("why", _("Why"), Words(300), card="more"),
    ),
    find=_find_lines,
    filters=lambda: LineFilters(version=_versions(), way=[("changed", _("Those that change")), *WAYS]),
    empty=Empty("percent", _("No line"), _("Nothing that this agent's customers did earned anything.")),
    template="backtests/lines.html",
    label=lambda row: str(row.source_id),
    views=(View(_("All")), View(_("Those that change"), {"way": "changed"})),
    more=lambda: {"crumbs": _crumbs(), "name": agent_names([_agent().id])[_agent().id]},
)
mount(lines_bp, LINES, Permission.PROGRAMMES_READ)


def _kind(kind: str) -> str:
    return {
        "payment": gettext("Payment"),
        "connection": gettext("Connection"),
        "sign_up": gettext("Sign-up"),
    }.get(kind, kind)
