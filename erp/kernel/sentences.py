"""Sentences that the domain says and a door words: a text to translate, and typed values to format.

The domain knows no language; it says `Sentence("%(paid)s was paid", paid=Amount(100, "RUB"))`. A door translates the
text and formats each value for its reader; `plain` does it in English for programs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.dates import format_datetime
from babel.numbers import format_currency, format_percent

from erp.kernel import money


@dataclass(frozen=True)
class Amount:
    """Minor units of a currency."""

    amount: int
    currency: str


@dataclass(frozen=True)
class Rate:
    """Basis points."""

    bps: int


class Sentence:
    """`text` in English with `%(name)s` places, and the values for them."""

    def __init__(self, text: str, **values: Any):
        self.text = text
        self.values = values

    def word(self, translate: Callable[[str], str], locale: str, zone: dt.tzinfo = dt.UTC) -> str:
        """The sentence in the language of `translate` and the formats of `locale`."""
        shown = {name: formatted(value, locale, zone) for name, value in self.values.items()}
        return translate(self.text) % shown

    def plain(self) -> str:
        return self.word(str, "en")


def formatted(value: Any, locale: str, zone: dt.tzinfo = dt.UTC) -> str:
    """An amount, rate, moment or anything else as people of `locale` write it."""
    if isinstance(value, Amount):
        shown = format_currency(money.decimal(value.amount, value.currency), value.currency, locale=locale)
        return shown.replace("-", "\u2212")
    if isinstance(value, Rate):
        return format_percent(Decimal(value.bps) / money.WHOLE, "#,##0.##\u00a0%", locale=locale)
    if isinstance(value, dt.datetime):
        return format_datetime(value, "d MMMM y, HH:mm", tzinfo=zone, locale=locale)
    return str(value)
