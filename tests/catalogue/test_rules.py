"""How a row of somebody's list is cleaned."""

import pytest

from erp.domain.catalogue.rules import LONGEST, Row, clean, fold


def cleaned(**values: str):
    return clean(Row(7, {"source_id": "1", "name": "Cafe", **values}))


def test_spaces_are_put_in_order_and_nothing_becomes_none():
    record, problems = cleaned(name="  Cafe\t Aino\n", city="  ")
    assert (record.name, record.city, problems) == ("Cafe Aino", None, [])


@pytest.mark.parametrize(("missing", "text"), [("name", "name missing"), ("source_id", "source_id missing")])
def test_a_row_without_name_or_id_is_left_out(missing, text):
    record, problems = cleaned(**{missing: " "})
    assert record is None
    assert [(problem.line, problem.text, problem.refused) for problem in problems] == [(7, text, True)]


@pytest.mark.parametrize(
    ("lat", "lon"),
    [("91", "24"), ("60", "181"), ("60", ""), ("", "24"), ("north", "24"), ("nan", "24"), ("inf", "0")],
)
def test_a_place_that_is_not_on_earth_comes_in_without_its_position(lat, lon):
    record, problems = cleaned(lat=lat, lon=lon)
    assert (record.lat, record.lon) == (None, None)
    assert [problem.refused for problem in problems] == [False]


def test_a_position_may_be_written_with_commas():
    record, problems = cleaned(lat="60,17", lon="-24,5")
    assert (record.lat, record.lon, problems) == (60.17, -24.5, [])


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("+358 9 632223", "", "+358 9 632223"),
        ("09-632 223", "FI", "+358 9 632223"),
        ("+358449459423;+35896 32223", "", "+358 44 9459423; +358 9 632223"),
    ],
)
def test_phones_are_kept_in_international_form(written, country, kept):
    record, problems = cleaned(phone=written, country=country)
    assert (record.phone, problems) == (kept, [])


@pytest.mark.parametrize("written", ["ask at the bar", "09-632 223", "+358 9 1; call"])
def test_what_is_no_phone_is_kept_as_written_and_told(written):
    record, problems = cleaned(phone=written)
    assert record.phone == written
    assert [(problem.text, problem.refused) for problem in problems] == [
        (f"phone kept as written: {written}", False)
    ]


def test_a_cell_that_is_a_book_is_left_out():
    record, problems = cleaned(website="x" * (LONGEST + 1))
    assert record.website is None
    assert [problem.refused for problem in problems] == [False]


def test_the_search_knows_neither_case_nor_accents():
    assert fold(" ÄÄNI  Ёлка\n") == fold("aani елка")


def test_equal_records_have_equal_hashes_and_others_do_not():
    one, _ = cleaned(city="Helsinki")
    same, _ = cleaned(city=" Helsinki")
    moved, _ = cleaned(street="Helsinki")
    assert one.row_hash == same.row_hash != moved.row_hash
