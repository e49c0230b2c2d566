"""Money never loses or invents a kopeck."""

from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from erp.kernel import money

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
