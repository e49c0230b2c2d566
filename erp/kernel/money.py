"""Money is an integer of minor units beside a currency; rates are basis points; rounding is half-up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from babel.numbers import get_currency_precision

WHOLE = 10_000
"""Basis points in a whole."""


def share(amount: int, bps: int) -> int:
    """`bps` basis points of `amount`, rounded half away from zero: share(1001, 500) == 50, share(1010, 500) == 51."""
    return ratio(amount, bps, WHOLE)


def ratio(amount: int, part: int, whole: int) -> int:
    """`amount * part / whole`, rounded half away from zero, exact in integers."""
    product = amount * part
    magnitude = (2 * abs(product) + whole) // (2 * whole)
    return magnitude if product >= 0 else -magnitude


def split(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in parts proportional to `weights` by largest remainder; the parts always sum to `total`."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    left = total - sum(parts)
    for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:left]:
        parts[index] += 1
    return parts


def exponent(currency: str) -> int:
    """Decimal places of a currency: 2 for RUB, 0 for JPY."""
    return get_currency_precision(currency)


def decimal(amount: int, currency: str) -> Decimal:
    """Minor units as the decimal a person reads: decimal(123450, "RUB") == Decimal("1234.50")."""
    return Decimal(amount).scaleb(-exponent(currency))
