"""What papers call accounts and entries: the same words as on screens."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask_babel import get_translations, gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from erp.domain.statements import Document
from erp.kernel.sentences import Amount, Sentence, formatted
from erp.language import locale

ACCOUNTS: dict[str, LazyString] = {
    "pending": _("On hold"),
    "frozen": _("Frozen"),
    "available": _("Available"),
    "in_payout": _("In payout"),
    "credit": _("Credit to spend"),
}
ENTRIES: dict[str, LazyString] = {
    "accrual": _("Commission"),
    "reversal": _("Reversal"),
    "true_up": _("True-up"),
    "maturity": _("Hold over"),
    "freeze": _("Frozen"),
    "release": _("Let go"),
    "forfeiture": _("Forfeited"),
    "payout_approved": _("Payout approved"),
    "payout_paid": _("Payout paid"),
    "payout_failed": _("Payout failed"),
    "payout_returned": _("Payout returned"),
    "write_off": _("Debt written off"),
}


def account(kind: str) -> str:
    return str(ACCOUNTS.get(kind) or _bare(kind))


def entry(kind: str) -> str:
    return str(ENTRIES.get(kind) or _bare(kind))


def _bare(name: str) -> str:
    return name.replace("_", " ").capitalize()


def amount(minor: int, currency: str) -> str:
    return formatted(Amount(minor, currency), locale())


def number(count: int) -> str:
    return format_decimal(count, locale=locale())


def day(date: dt.date) -> str:
    return str(format_date(date, "d MMMM y", locale=locale()))


def moment(at: dt.datetime, zone: str) -> str:
    """To the minute in the statement's own zone, so that every line lies in its month."""
    return str(format_datetime(at, "d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=locale()))


def period(document: Document) -> str:
    return gettext("%(first)s – %(last)s", first=day(document.first_day), last=day(document.last_day))


def said_in(zone: str, sentence: Sentence) -> str:
    """A sentence in the reader's language, its moments in the statement's zone."""
    return sentence.word(get_translations(), locale(), ZoneInfo(zone))
