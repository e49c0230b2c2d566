"""How contacts and codes are written, and which state follows which."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from erp.domain.agents import rules
from erp.kernel.errors import Invalid
from erp.kernel.ids import ALPHABET


@pytest.mark.parametrize(
    "written", ["+79161234567", "8 916 123-45-67", "8(916)1234567", "+7 916 123 45 67", "9161234567"]
)
def test_a_phone_has_one_spelling(written):
    assert rules.normalise_phone(written) == "+79161234567"


@pytest.mark.parametrize("written", ["", "phone", "123", "+7000", "+79161234567890", "+70000000000"])
def test_what_is_no_phone_is_refused(written):
    with pytest.raises(Invalid) as refusal:
        rules.normalise_phone(written)
    assert set(refusal.value.fields) == {"phone"}


def test_an_address_has_one_spelling():
    assert rules.normalise_email(" Ivan@Mail.RU ") == "ivan@mail.ru"


@pytest.mark.parametrize("written", ["ivan", "@mail.ru", "ivan@mail", "iv an@mail.ru", "a@b@c.ru"])
def test_what_is_no_address_is_refused(written):
    with pytest.raises(Invalid):
        rules.normalise_email(written)


@pytest.mark.parametrize("inn", ["7707083893", "7728168971", "500100732259", "77 0708-3893"])
def test_a_true_inn_is_accepted(inn):
    assert rules.normalise_inn(inn).isdigit()


@pytest.mark.parametrize("inn", ["7707083894", "500100732258", "500100732269", "770708389", "", "٧٧٠٧٠٨٣٨٩٣"])
def test_an_inn_with_a_wrong_digit_is_refused(inn):
    with pytest.raises(Invalid):
        rules.normalise_inn(inn)


@pytest.mark.parametrize(
    "written",
    ["7K3M9Q", "7k3m9q", " 7k 3m-9q ", "7K–3M—9Q", "7k3m9q\n", "7К3М9q"],  # the last in Cyrillic
)
def test_case_spaces_dashes_and_look_alikes_of_a_code_do_not_matter(written):
    assert rules.normalise_code(written) == "7K3M9Q"


def test_letters_that_are_not_in_a_code_mean_the_digits_they_look_like():
    assert rules.normalise_code("oOiIlL") == "001111"


@given(some.text(ALPHABET, min_size=4, max_size=10))
def test_a_code_is_its_own_normal_form(code):
    assert rules.normalise_code(code) == code
    assert rules.is_code(code)


@pytest.mark.parametrize("text", ["", "ABC", "A" * 11, "UUUUUU", "ЖЖЖЖЖЖ"])
def test_what_cannot_be_a_code_is_none(text):
    assert not rules.is_code(rules.normalise_code(text))


def test_masks_leave_enough_to_recognise_ones_own():
    assert rules.mask_phone("+79161234567") == "+7•••••••567"
    assert rules.mask_email("ivan@mail.ru") == "i•••@mail.ru"
    assert rules.mask_inn("500100732259") == "••••••••2259"
    assert rules.mask_name("Ivan Petrov") == "Ivan P."
    assert [mask(None) for mask in (rules.mask_phone, rules.mask_email, rules.mask_inn, rules.mask_name)] == [
        None
    ] * 4


def test_a_bank_is_an_id_and_a_name_together():
    rules.check_bank("100000000004", "T-Bank")
    rules.check_bank("", "")
    for member, name in (("100000000004", ""), ("", "T-Bank"), ("bank", "T-Bank")):
        with pytest.raises(Invalid):
            rules.check_bank(member, name)
