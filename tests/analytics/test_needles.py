"""What somebody meant who typed into the search."""

import pytest

from erp.domain.analytics.needles import likely, slips, words


@pytest.mark.parametrize(
    "typed",
    ["AGT-7K3M9QXD", "agt 7k3m 9qxd", "AGT7K3M9QXD", "АGТ-7К3М9QХD", "7k3m9qxd", " #7K3M-9QXD "],
)
def test_a_reference_is_read_in_any_case_spacing_and_look_alike_letters(typed: str) -> None:
    assert likely(typed, "AGT").exact == "AGT-7K3M9QXD"


def test_letters_that_no_reference_has_are_the_digits_they_look_like() -> None:
    assert likely("PAY-OIL3M9QX", "PAY").exact == "PAY-0113M9QX"


def test_the_beginning_of_a_reference_means_all_its_continuations() -> None:
    begun = likely("pay-7k3", "PAY")
    assert (begun.exact, begun.first, begun.last) == ("", "PAY-7K300000", "PAY-7K3ZZZZZ")


@pytest.mark.parametrize("typed", ["AGT-7K3M9QX", "AGT-7K3M9QXDD", "AGT-7K3M9XQD", "AGT-7K3M9QXX"])
def test_one_slip_in_a_reference_is_forgiven(typed: str) -> None:
    assert "AGT-7K3M9QXD" in likely(typed, "AGT").near


@pytest.mark.parametrize("typed", ["PAY-7K3M9QXD", "aino", "ravintola", "agt", "", "AGT-7K3M9QXD77"])
def test_what_is_no_reference_of_this_noun_matches_none(typed: str) -> None:
    assert likely(typed, "AGT") == likely("", "AGT")


def test_a_slip_is_one_sign_wrong_missing_too_many_or_swapped() -> None:
    assert {"AB1", "BA0", "A0", "AB00", "AB"} <= slips("AB0")
    assert not {"AB0", "A00B", "B0A"} & slips("AB0")


def test_words_are_read_in_both_scripts_and_as_the_other_keyboard_writes_them() -> None:
    cafe, aino = words("Кафе Айно")
    assert cafe.spelt == ["кафе", "kafe", "cafe"]
    assert aino.spelt[1] == "aino"
    assert words("shokolad")[0].spelt == ["shokolad", "шоколад"]
    assert "aino" in words("фштщ")[0].other_keys
