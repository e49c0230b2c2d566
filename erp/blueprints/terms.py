"""Terms in words: what a version says, what it changes against another, and how a draft of it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import ngettext

from erp.blueprints import typed
from erp.blueprints.presentation import format_bps, format_count, format_money
from erp.domain import programmes
from erp.language import locale


class Change(NamedTuple):
    """One thing that two versions say differently."""

    what: str
    before: str
    after: str


def described(terms: Any, currency: str) -> SimpleNamespace:
    """A version with its ladder of tiers and what it says in sentences."""
    return SimpleNamespace(
        **terms._mapping,
        tiers=programmes.tiers(terms.id),
        sentences=list(_sentences(terms, currency)),
    )


def _sentences(terms: Any, currency: str) -> Iterator[str]:
    yield _("Of every payment by a customer they brought, an agent earns the rate of their tier.")
    yield ngettext(
        "The tier follows from the connections of the last %(num)s day before the payment.",
        "The tier follows from the connections of the last %(num)s days before the payment.",
        terms.window_days,
    )
    yield ngettext(
        "A commission is on hold for %(num)s day after the payment, then it is available.",
        "A commission is on hold for %(num)s days after the payment, then it is available.",
        terms.hold_days,
    )
    monthly_cap = _monthly_cap(terms)
    if monthly_cap is None:
        yield _("There is no cap on what an agent earns.")
    else:
        cap = format_money(monthly_cap, currency)
        yield _("An agent earns at most %(cap)s a calendar month.", cap=cap)
    yield ngettext(
        "A click on an agent's link counts for %(num)s day.",
        "A click on an agent's link counts for %(num)s days.",
        terms.click_window_days,
    )
    yield _("A payout is made from %(least)s up.", least=format_money(terms.minimum_payout, currency))
    if terms.evidence == "attested":
        yield _("A payment counts when the bank has confirmed it or the owner's system reports it.")
    else:
        yield _("A payment counts when the bank has confirmed it.")
    if terms.on_agent_closed == "forfeit":
        yield _("When an agent is closed, what their customers pay later is forfeited.")
    else:
        yield _(
            "When an agent is closed, what their customers pay later is kept until it is settled with them."
        )


def _monthly_cap(terms: Any) -> int | None:
    cap: int | None = programmes.rules(terms.id)[0].monthly_cap
    return cap


def changes(before: Any, after: Any, currency: str) -> list[Change]:
    """What `after` says differently from `before`; empty when they say the same."""
    old, new = _told(before, currency), _told(after, currency)
    return [
        Change(what, old.get(what, "—"), new.get(what, "—"))
        for what in {**old, **new}
        if old.get(what) != new.get(what)
    ]


def _told(terms: Any, currency: str) -> dict[str, str]:
    told = {
        _("Tier %(number)s", number=tier.position): _(
            "%(name)s, from %(threshold)s connections: %(rate)s",
            name=tier.name,
            threshold=format_count(tier.threshold),
            rate=format_bps(tier.rate_bps),
        )
        for tier in programmes.tiers(terms.id)
    }
    return told | {
        _("Days that connections are counted over"): str(terms.window_days),
        _("Days of hold"): str(terms.hold_days),
        _("Cap a calendar month"): format_money(_monthly_cap(terms), currency),
        _("Days that a click counts"): str(terms.click_window_days),
        _("Smallest payout"): format_money(terms.minimum_payout, currency),
        _("Payments that earn"): _("those that the owner's system reports, too")
        if terms.evidence == "attested"
        else _("those that the bank has confirmed"),
        _("What closed agents' customers pay later"): _("is forfeited")
        if terms.on_agent_closed == "forfeit"
        else _("is kept for a settlement"),
    }


def as_typed(terms: Any, currency: str) -> dict[str, Any]:
    """A version as the form of a draft holds it."""
    return {
        "tiers": [
            {
                "name": tier.name,
                "threshold": tier.threshold,
                "rate": typed.shown_percent(tier.rate_bps, locale()),
            }
            for tier in programmes.tiers(terms.id)
        ],
        "window_days": terms.window_days,
        "hold_days": terms.hold_days,
        "click_window_days": terms.click_window_days,
        "minimum_payout": typed.shown(terms.minimum_payout, currency, locale()),
        "rules": [
            {"monthly_cap": typed.shown(rule.monthly_cap, currency, locale()) if rule.monthly_cap else ""}
            for rule in programmes.rules(terms.id)
        ],
        "evidence": terms.evidence,
        "on_agent_closed": terms.on_agent_closed,
        "note": terms.note,
        "revision": terms.revision,
    }
