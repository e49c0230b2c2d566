"""Figures as people type them, read and written: an amount, a percentage. What is not one raises `ValueError`."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from babel import Locale
from babel.numbers import format_decimal, get_decimal_symbol

from erp.kernel import money

MOST = 10**15
SPACES = re.compile(r"[\s\u00a0\u202f]")


def amount(text: str, currency: str, locale: Locale) -> int:
    """Minor units: "1 234,50" and "1 234.50", and "1,234.50" where people write it so."""
    return _scaled(_decimal(text, locale), money.exponent(currency))


def percent(text: str, locale: Locale) -> int:
    """Basis points: "8.5", "8,5 %"."""
    return _scaled(_decimal(text.strip().removesuffix("%"), locale), 2)


def shown(minor: int, currency: str, locale: Locale) -> str:
    """An amount as somebody would have typed it: 123450 as "1234.50", in Russian "1234,50"."""
    return format_decimal(money.decimal(minor, currency), f"0.{'0' * money.exponent(currency)}", locale)


def shown_percent(bps: int, locale: Locale) -> str:
    """850 as "8.5"."""
    return format_decimal(Decimal(bps).scaleb(-2), "0.##", locale)


def _decimal(text: str, locale: Locale) -> Decimal:
    """A comma before groups of three digits parts thousands where the point parts decimals; otherwise it is a point."""
    plain = SPACES.sub("", text)
    if get_decimal_symbol(locale) == "." and re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?", plain):
        plain = plain.replace(",", "")
    try:
        return Decimal(plain.replace(",", "."))
    except InvalidOperation:
        raise ValueError(text) from None


def _scaled(number: Decimal, exponent: int) -> int:
    if not number.is_finite():
        raise ValueError(str(number))
    minor = number.scaleb(exponent)
    if minor != minor.to_integral_value() or abs(minor) >= MOST:
        raise ValueError(str(number))
    return int(minor)
