"""Sentences that the domain says and a door words: a text to translate, and typed values to format.

The domain knows no language; it says `Sentence("%(paid)s was paid", paid=Amount(100, "RUB"))`. A door translates the
text and formats each value for its reader; `plain` does it in English for programs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_decimal, get_currency_symbol

from erp.kernel import money

NBSP, MINUS = "\u00a0", "\u2212"
SIGNS = {"RUB": "₽"}
"""Signs that CLDR keeps for the currency's home locale only; people here read them in any language."""


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

    def word(self, translate: Callable[[str], str], locale: str | Locale, zone: dt.tzinfo = dt.UTC) -> str:
        """The sentence in the language of `translate` and the formats of `locale`."""
        shown = {name: formatted(value, locale, zone) for name, value in self.values.items()}
        return translate(self.text) % shown

    def plain(self) -> str:
        return self.word(str, "en")


def formatted(value: Any, locale: str | Locale, zone: dt.tzinfo = dt.UTC) -> str:
    """An amount, rate, moment or anything else as people of `locale` write it."""
    if isinstance(value, Amount):
        return _amount(value, locale)
    if isinstance(value, Rate):
        return f"{format_decimal(Decimal(value.bps).scaleb(-2), '#,##0.##', locale=locale)}{NBSP}%"
    if isinstance(value, dt.datetime):
        return format_datetime(value, "d MMM y, HH:mm", tzinfo=zone, locale=locale)
    return str(value)


@lru_cache(maxsize=8192)
def _amount(value: Amount, locale: str | Locale) -> str:
    digits = money.exponent(value.currency)
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    number = format_decimal(money.decimal(abs(value.amount), value.currency), pattern, locale=locale)
    sign = SIGNS.get(value.currency) or get_currency_symbol(value.currency, locale)
    return f"{MINUS if value.amount < 0 else ''}{number}{NBSP}{sign}"
