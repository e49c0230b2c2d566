"""Everything that happened to one thing, told in sentences: the history tab of its page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from erp.blueprints.address import page_number, with_args
from erp.blueprints.deeds import deed
from erp.blueprints.history import details_of
from erp.blueprints.people import actor_names, split_actor
from erp.blueprints.presentation import format_day, format_moment, format_money
from erp.blueprints.responses import page_or_part
from erp.blueprints.states import state_of
from erp.domain import analytics

TAB = "history"
NEWEST = 6
"""How much of a story the page itself shows."""
LATE = dt.timedelta(hours=1)
"""From so much time between a fact and our knowing of it on, it is said when we knew."""
SOURCES = {
    "deed": _("Deeds"),
    "fact": _("Facts"),
    "money": _("Money"),
    "bank": _("The bank"),
}
ACCOUNTS = {
    "pending": _("on hold"),
    "available": _("available"),
    "frozen": _("frozen"),
    "in_payout": _("in payout"),
    "credit": _("credit to spend"),
    "clearing": _("the acquirer"),
    "bank": _("the bank"),
    "revenue": _("the owner's revenue"),
    "vat": _("VAT"),
    "fee": _("bank fees"),
    "expense": _("the owner's expense"),
    "contributions": _("social contributions"),
    "payable": _("contributions payable"),
    "tax_withheld": _("tax withheld"),
    "bad_debt": _("bad debt"),
}
PAGES = {
    "agent": "agents.show",
    "establishment": "establishments.show",
    "booking": "bookings.show",
    "referral": "referrals.show",
    "attribution_case": "cases.show",
    "dispute": "disputes.show",
    "customer": "customers.show",
    "customer_order": "payments.show",
    "payment": "payments.show",
    "refund": "payments.show",
    "payout": "payouts.show",
    "payout_run": "payout_runs.show",
}
"""The page of whatever an entry is about."""


class Entry(NamedTuple):
    """One thing that happened: who did it, when, and what page tells more."""

    at: dt.datetime
    title: str
    text: str
    icon: str
    tone: str
    who: str = ""
    label: str = ""
    url: str = ""


class Told(NamedTuple):
    """A page of a story by days, with the tabs that leave one source."""

    days: list[tuple[str, list[Entry]]]
    page: Any
    sources: list[tuple[str, str, bool, int]]
    oldest_first: bool


def page(template: str, noun: str, id: UUID | int, reference: str, **context: Any) -> Any:
    """The page of one thing, or its history tab when the address asks for that."""
    if request.args.get("tab") != TAB:
        return render_template(template, **context)
    story = told(noun, id, reference)
    return page_or_part(template, "stories/_story.html", story=story, **context)


def told(noun: str, id: UUID | int, reference: str) -> Told:
    """The page of a story that the address asks for; `reference` is what the page is about, which needs no link."""
    oldest_first = request.args.get("order") == "oldest"
    story = analytics.story(
        noun, id, source=request.args.get("source", ""), oldest_first=oldest_first, page=page_number()
    )
    entries = worded(story.page.rows, reference)
    chosen = request.args.get("source", "")
    tabs = [(gettext("All"), with_args(source="", page=""), not chosen, sum(story.counts.values()))]
    tabs += [
        (str(label), with_args(source=name, page=""), name == chosen, story.counts[name])
        for name, label in SOURCES.items()
        if name in story.counts
    ]
    days = groupby(entries, lambda entry: format_day(entry.at))
    return Told([(day, list(group)) for day, group in days], story.page, tabs, oldest_first)


def newest(noun: str, id: UUID | int, reference: str) -> list[Entry]:
    """The end of a story, for the page itself."""
    return worded(analytics.story(noun, id, per_page=NEWEST).page.rows, reference)


def worded(rows: Sequence[Any], reference: str) -> list[Entry]:
    names = actor_names(split_actor(row.who) for row in rows)
    return [_entry(row, names[split_actor(row.who)], reference) for row in rows]


def _entry(row: Any, who: str, reference: str) -> Entry:
    entry = TOLD[row.source](row)
    if row.source == "deed":
        entry = entry._replace(who=who)
    label, url = _link(row)
    return entry if row.reference == reference and not row.name else entry._replace(label=label, url=url)


def _link(row: Any) -> tuple[str, str]:
    if row.subject == "commission":
        return row.name or gettext("Commission"), url_for("commissions.show", id=int(row.reference))
    label = f"{row.name} · {row.reference}" if row.name else row.reference
    return label, url_for(PAGES[row.subject], reference=row.reference)


def _deed(row: Any) -> Entry:
    known, details = deed(row.what), row.details
    title, text = str(known.title), ""
    if {"before", "after"} <= details.keys() and row.what == "booking.moved":
        text = gettext(
            "from %(before)s to %(after)s",
            before=state_of(details["before"]).label,
            after=state_of(details["after"]).label,
        )
    elif isinstance(
        amount := details.get("amount", details.get("total", details.get("refunded_total"))), int
    ):
        text = format_money(amount, details.get("currency", analytics.CURRENCY))
    else:
        text = ", ".join(details_of(details))
    return Entry(row.at, title, text, known.icon, known.tone)


def _fact(row: Any) -> Entry:
    details, currency = row.details, row.details["currency"] or analytics.CURRENCY
    title, icon, tone = {
        "sign_up": (gettext("Signed up with the owner"), "user-plus", "ok"),
        "connection": (gettext("Counts as a connection"), "link", "ok"),
        "payment": (
            gettext("The customer paid %(amount)s", amount=format_money(details["amount"], currency)),
            "credit-card",
            "ok",
        ),
        "refund": (
            gettext(
                "The customer was refunded, %(total)s in all by then",
                total=format_money(details["refunded_total"], currency),
            ),
            "undo-2",
            "bad",
        ),
        "chargeback": (
            gettext(
                "The payer's bank took the money back, %(total)s in all by then",
                total=format_money(details["refunded_total"], currency),
            ),
            "undo-2",
            "bad",
        ),
        "chargeback_reversal": (
            gettext(
                "The dispute was won, and %(total)s in all came back by then",
                total=format_money(details["refunded_total"] or 0, currency),
            ),
            "redo-2",
            "ok",
        ),
        "cancellation": (gettext("The customer cancelled"), "ban", "bad"),
        "transfer": (gettext("The customer went to another agent"), "git-fork", ""),
        "lapse": (gettext("The condition of a bonus was not met in time"), "hourglass", "bad"),
        "decision": (gettext("Somebody decided on a commission"), "gavel", ""),
    }[row.what]
    known = dt.datetime.fromisoformat(details["recorded_at"])
    text = str(state_of(details["evidence"]).label)
    if known - row.at > LATE:
        text = gettext(
            "%(evidence)s; known to us since %(moment)s", evidence=text, moment=format_moment(known)
        )
    return Entry(row.at, title, text, icon, tone)


def _money(row: Any) -> Entry:
    details, kind = row.details, state_of(row.what)
    title = gettext(
        "%(what)s: %(amount)s", what=kind.label, amount=format_money(details["amount"], details["currency"])
    )
    text = gettext(
        "from “%(debit)s” to “%(credit)s”",
        debit=ACCOUNTS[details["debit"]],
        credit=ACCOUNTS[details["credit"]],
    )
    return Entry(row.at, title, text, "book-open", {"bad": "bad", "ok": "ok"}.get(kind.tone, ""))


def _bank(row: Any) -> Entry:
    details = row.details
    if "verdict" in details:
        title = gettext("The bank said: %(status)s", status=state_of(row.what.lower()).label)
        text = str(state_of(details["verdict"]).label)
        if details["times"] > 1:
            text = gettext("%(verdict)s; said %(times)s times", verdict=text, times=details["times"])
        return Entry(
            row.at, title, text, "landmark", "bad" if state_of(details["verdict"]).tone == "bad" else ""
        )
    words = {
        "attempt_begun": gettext("Attempt %(number)s begun", number=details["attempt"]),
        "attempt_sent": gettext("Attempt %(number)s sent to the bank", number=details["attempt"]),
        "attempt_paid": gettext("Attempt %(number)s: the bank paid", number=details["attempt"]),
        "attempt_rejected": gettext("Attempt %(number)s: the bank refused", number=details["attempt"]),
        "attempt_abandoned": gettext("Attempt %(number)s was never used", number=details["attempt"]),
    }
    error = details["error"] if row.what == "attempt_rejected" else None
    text = (
        gettext("key %(key)s, error %(error)s", key=details["key"], error=error)
        if error
        else gettext("key %(key)s", key=details["key"])
    )
    tone = {"attempt_paid": "ok", "attempt_rejected": "bad"}.get(row.what, "")
    return Entry(row.at, words[row.what], text, "landmark", tone)


TOLD: dict[str, Callable[[Any], Entry]] = {"deed": _deed, "fact": _fact, "money": _money, "bank": _bank}
