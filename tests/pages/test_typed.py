"""Figures as people type them, in either language."""

import pytest
from babel import Locale

from erp.blueprints import typed

EN, RU = Locale("en"), Locale("ru")


@pytest.mark.parametrize(
    ("text", "kopecks"),
    [("1 234,50", 123450), ("0.01", 1), ("-5", -500), ("1\u202f000", 100000), ("8,5", 850)],
)
def test_an_amount_is_read_in_any_usual_spelling(text: str, kopecks: int) -> None:
    assert typed.amount(text, "RUB", EN) == typed.amount(text, "RUB", RU) == kopecks


def test_a_comma_before_three_digits_parts_thousands_only_where_people_write_it_so() -> None:
    assert typed.amount("1,500", "RUB", EN) == typed.amount("1,500.00", "RUB", EN) == 150_000
    assert typed.amount("1,000,000", "RUB", EN) == 100_000_000
    assert typed.amount("1,500", "RUB", RU) == 150


@pytest.mark.parametrize("text", ["", "abc", "1.234", "1,2,3", "NaN", "Infinity", "1e400"])
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    for locale in (EN, RU):
        with pytest.raises(ValueError):  # noqa: PT011  # the door says what is wrong with it
            typed.amount(text, "RUB", locale)


def test_a_currency_without_minor_units_has_none() -> None:
    assert typed.amount("150", "JPY", EN) == 150
    with pytest.raises(ValueError, match=r"150\.5"):
        typed.amount("150.5", "JPY", EN)


def test_what_is_shown_for_typing_is_read_back() -> None:
    for locale in (EN, RU):
        assert typed.amount(typed.shown(123450, "RUB", locale), "RUB", locale) == 123450
        assert typed.percent(typed.shown_percent(875, locale), locale) == 875
    assert typed.shown(123450, "RUB", RU) == "1234,50"
