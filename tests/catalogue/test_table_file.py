"""Reading somebody's list."""

import pytest

from erp.domain.catalogue import BadFile, TableFile


@pytest.fixture
def write(tmp_path):
    def to_file(content, encoding="utf-8"):
        path = tmp_path / "list.csv"
        path.write_bytes(content.encode(encoding))
        return path

    return to_file


def rows(path, mapping=None):
    with TableFile(path, mapping) as table:
        return [(row.line, row.values) for row in table]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_delimiter_is_found_and_a_byte_order_mark_is_nothing(write, delimiter, encoding):
    path = write(f"id{delimiter}name{delimiter}city\n1{delimiter}Кафе{delimiter}Москва\n", encoding)
    ((line, values),) = rows(path)
    assert line == 2
    assert (values["source_id"], values["name"], values["city"]) == ("1", "Кафе", "Москва")


def test_lines_are_counted_as_an_editor_counts_them(write):
    path = write('id,name\n1,"two\nlines"\n\n2,plain\n')
    assert [(line, values["name"]) for line, values in rows(path)] == [(2, "two\nlines"), (5, "plain")]


def test_of_several_columns_for_a_field_the_first_that_is_filled_counts(write):
    path = write("osm_id,name,amenity,shop\n1,A,cafe,\n2,B,,beauty\n3,C,bar,beauty\n")
    assert [values["kind"] for _, values in rows(path)] == ["cafe", "beauty", "bar"]


def test_columns_can_be_named_and_go_before_the_usual_ones(write):
    path = write("No,Title,name,Town\n1,Aino,ignored,Espoo\n")
    ((_, values),) = rows(path, {"source_id": "no", "name": "TITLE", "city": "Town"})
    assert (values["source_id"], values["name"], values["city"]) == ("1", "Aino", "Espoo")


def test_a_short_row_has_empty_cells(write):
    ((_, values),) = rows(write("id,name,city\n1,A\n"))
    assert values["city"] == ""


@pytest.mark.parametrize(
    ("content", "encoding", "mapping", "says"),
    [
        ("", "utf-8", {}, "empty"),
        ("id,name\n1,Кафе\n", "cp1251", {}, "not UTF-8"),
        ("имя,id\n1,2\n", "cp1251", {}, "not UTF-8"),
        ("id,name\n1,A\n", "utf-16", {}, "UTF-16"),
        ("id,title\n1,A\n", "utf-8", {}, "--map name=TITLE"),
        ("name\nA\n", "utf-8", {}, "--map source_id=TITLE"),
        ("id,name\n1,A\n", "utf-8", {"name": "Titel"}, "no column “Titel”"),
        ("id,name\n1,A\n", "utf-8", {"nickname": "name"}, "no field “nickname”"),
        ('id,name\n1,"A\n2,B\n', "utf-8", {}, "Line 2"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(write, content, encoding, mapping, says):
    with pytest.raises(BadFile, match=says):
        rows(write(content, encoding), mapping)


def test_a_huge_file_is_not_read_at_once(write):
    path = write("id,name\n" + "".join(f"{number},{'x' * 90}\n" for number in range(50_000)))
    with TableFile(path) as table:
        next(iter(table))
        assert table.position < 100_000 < table.size
