"""Money never loses or invents a kopeck."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.kernel import money
from erp.kernel.errors import Invalid

AMOUNTS = st.integers(-(10**12), 10**12)


@given(AMOUNTS, st.integers(0, 10_000))
def test_a_share_is_rounded_half_up_as_decimals_do(amount: int, bps: int) -> None:
    exact = Decimal(amount) * bps / 10_000
    assert money.share(amount, bps) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10_000), min_size=1, max_size=8))
def test_parts_sum_to_the_whole_and_are_fair(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    assert all(
        abs(part - total * weight / sum(weights)) < 1 for part, weight in zip(parts, weights, strict=True)
    )


@pytest.mark.parametrize(
    ("text", "kopecks"), [("1 234,50", 123450), ("0.01", 1), ("-5", -500), ("1\u202f000", 100000)]
)
def test_it_reads_what_people_type(text: str, kopecks: int) -> None:
    assert money.parse(text, "RUB") == kopecks


@pytest.mark.parametrize("text", ["", "abc", "1.234", "1,2,3", "NaN", "Infinity", "1e400"])
def test_it_says_no_to_what_is_not_an_amount(text: str) -> None:
    with pytest.raises(Invalid):
        money.parse(text, "RUB")


def test_a_currency_without_minor_units_has_none() -> None:
    assert money.parse("150", "JPY") == 150
    with pytest.raises(Invalid):
        money.parse("150.5", "JPY")
