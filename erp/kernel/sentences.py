"""Sentences that the domain says and a door words: a text to translate, and typed values to format.

The domain knows no language; it says `Sentence("%(paid)s was paid", paid=Amount(100, "RUB"))`. A door translates the
text and formats each value for its reader; `plain` does it in English for programs. The texts of both classes go into
the catalogues of `erp/translations/`, so they are written out where they are made, never put together.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from typing import Any, Self

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_decimal, get_currency_symbol

from erp.kernel import money

NBSP, MINUS = "\u00a0", "\u2212"
SIGNS = {"RUB": "₽"}
"""Signs that CLDR keeps for the currency's home locale only; people here read them in any language."""
ENGLISH = NullTranslations()
LANGUAGES = {"en": "English", "ru": "Русский"}
"""What Ref speaks, each by the name it has for those who speak it. The first is that of the code."""


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

    def __init__(self, text: str, /, **values: Any):
        self.text = text
        self.values = values

    def about(self, **values: Any) -> Self:
        """The same sentence with (more) values: for one that is written in a table."""
        return type(self)(self.text, **self.values | values)

    def word(self, translations: NullTranslations, locale: str | Locale, zone: dt.tzinfo = dt.UTC) -> str:
        """The sentence in the language of `translations` and the formats of `locale`."""
        text = self._translated(translations)
        if not self.values:
            return text
        return text % {name: _shown(value, translations, locale, zone) for name, value in self.values.items()}

    def _translated(self, translations: NullTranslations) -> str:
        return translations.gettext(self.text)

    def plain(self) -> str:
        return self.word(ENGLISH, "en")


class Counted(Sentence):
    """A sentence whose words depend on a number, `%(num)s` in it: `Counted("%(num)s day", "%(num)s days", num=5)`."""

    def __init__(self, one: str, many: str, /, *, num: int, **values: Any):
        super().__init__(one, num=num, **values)
        self.many = many
        self.num = num

    def _translated(self, translations: NullTranslations) -> str:
        return translations.ngettext(self.text, self.many, self.num)


def as_json(value: Any) -> Any:
    """A sentence, or a value in one, as JSON keeps it until somebody reads it, in whatever language."""
    if isinstance(value, Sentence):
        kept = {"said": value.text, "values": {name: as_json(inner) for name, inner in value.values.items()}}
        return kept | {"many": value.many} if isinstance(value, Counted) else kept
    if isinstance(value, Amount):
        return {"amount": value.amount, "currency": value.currency}
    if isinstance(value, Rate):
        return {"bps": value.bps}
    if isinstance(value, dt.datetime):
        return {"at": value.isoformat()}
    if isinstance(value, list | tuple):
        return [as_json(inner) for inner in value]
    return value if isinstance(value, int) else str(value)


def from_json(kept: Any) -> Any:
    """What `as_json` kept."""
    if isinstance(kept, list):
        return [from_json(inner) for inner in kept]
    if not isinstance(kept, dict):
        return kept
    if "said" in kept:
        text, many, values = kept["said"], kept.get("many"), from_json(kept["values"])
        return Counted(text, many, **values) if many else Sentence(text, **values)
    if "amount" in kept:
        return Amount(kept["amount"], kept["currency"])
    if "bps" in kept:
        return Rate(kept["bps"])
    if "at" in kept:
        return dt.datetime.fromisoformat(kept["at"])
    return {name: from_json(inner) for name, inner in kept.items()}


def _shown(value: Any, translations: NullTranslations, locale: str | Locale, zone: dt.tzinfo) -> str:
    if isinstance(value, Sentence):
        return value.word(translations, locale, zone)
    if isinstance(value, list | tuple):
        return ", ".join(_shown(one, translations, locale, zone) for one in value)
    return formatted(value, locale, zone)


def formatted(value: Any, locale: str | Locale, zone: dt.tzinfo = dt.UTC) -> str:
    """An amount, rate, moment, number or anything else as people of `locale` write it."""
    if isinstance(value, Amount):
        return _amount(value, locale)
    if isinstance(value, Rate):
        return f"{format_decimal(Decimal(value.bps).scaleb(-2), '#,##0.##', locale=locale)}{NBSP}%"
    if isinstance(value, dt.datetime):
        return format_datetime(value, "d MMM y, HH:mm", tzinfo=zone, locale=locale)
    if type(value) is int:
        return format_decimal(value, locale=locale)
    return str(value)


@lru_cache(maxsize=8192)
def _amount(value: Amount, locale: str | Locale) -> str:
    digits = money.exponent(value.currency)
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    number = format_decimal(money.decimal(abs(value.amount), value.currency), pattern, locale=locale)
    sign = SIGNS.get(value.currency) or get_currency_symbol(value.currency, locale)
    return f"{MINUS if value.amount < 0 else ''}{number}{NBSP}{sign}"
