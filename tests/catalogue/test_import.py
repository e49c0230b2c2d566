"""`ref import establishments`, and the verb behind it."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from erp.cli import ref
from erp.domain import bookings, catalogue
from erp.kernel import audit
from erp.kernel.db import rows, scalar
from erp.kernel.transaction import snapshot, transaction
from tests.support.cast import NOW, SOMEBODY, at_once

DEMO = Path(__file__).parents[2] / "demo" / "helsinki_osm_establishments.csv"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(ref, ["import", "establishments", *map(str, arguments)])


def bring(*rows: dict[str, str], source: str = "list") -> catalogue.Imported:
    given = [catalogue.Row(line, row) for line, row in enumerate(rows, 2)]
    with transaction():
        return catalogue.import_establishments(given, source=source, by=SOMEBODY, now=NOW)


def figures(done: catalogue.Imported) -> tuple[int, int, int, int]:
    return done.added, done.changed, done.unchanged, done.refused


def test_the_demo_catalogue_comes_in_once_however_often_it_is_imported(app: Flask) -> None:
    first, second = run(DEMO), run(DEMO)
    assert first.exit_code == 0, first.output
    assert "502 added, 0 changed, 0 unchanged, 0 left out." in first.output
    assert "0 added, 0 changed, 502 unchanged, 0 left out." in second.output
    with app.app_context():
        assert catalogue.count() == 502
        assert scalar("select count(distinct claim_group_id) from establishment") == 502
        assert scalar("select count(*) from claim_group") == 502
        assert scalar("select count(*) from establishment where kind is null") == 0
        assert catalogue.cities()[0] == "Helsinki"
        assert catalogue.kinds()[:2] == ["restaurant", "cafe"]


def test_each_problem_is_told_with_its_line(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id,name,lat,lon\n1,A,60,24\n2,,60,24\n1,Again,60,24\n4,D,north,24\n")
    result = run(path, "--source", "list")
    assert result.exit_code == 0
    assert "line 3: name missing (left out)" in result.output
    assert "line 4: 1 is in the file already: the first row counts (left out)" in result.output
    assert "line 5: no such position: north, 24 (imported)" in result.output
    assert "2 added, 0 changed, 0 unchanged, 2 left out." in result.output


def test_only_so_many_problems_are_printed_unless_all_are_wanted(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id,name\n" + "".join(f"{number},\n" for number in range(60)))
    short, long = run(path, "--source", "list"), run(path, "--source", "list", "--all-problems")
    assert len(re.findall("name missing", short.output)) == 50
    assert "10 more" in short.output
    assert len(re.findall("name missing", long.output)) == 60


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("id,title\n1,A\n", ["--source", "x"], "--map name=TITLE"),
        ("id,name\n1,A\n", [], "--source"),
        ("id,name\n1,A\n", ["--source", "x", "--map", "name"], "FIELD=COLUMN"),
    ],
)
def test_wrong_use_ends_with_2_and_imports_nothing(
    app: Flask, tmp_path: Path, content: str, options: list[str], says: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(content)
    result = run(path, *options)
    assert result.exit_code == 2
    assert says in result.output
    with app.app_context():
        assert catalogue.count() == 0


def test_a_mapped_column_is_read(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id;Название;Город\n1;Кафе Ёлка;Москва\n")
    result = run(path, "--source", "list", "--map", "name=Название", "--map", "city=Город")
    assert result.exit_code == 0, result.output
    with app.app_context():
        found = bookings.search_places(now=NOW, q="кафе елка").page().rows
        assert [(place.name, place.city) for place in found] == [("Кафе Ёлка", "Москва")]


def test_a_changed_row_is_brought_up_to_date_and_keeps_its_reference(context: None) -> None:
    bring({"source_id": "1", "name": "Old"}, {"source_id": "2", "name": "Same"})
    before = catalogue.find_by_source("list", "1")
    assert figures(bring({"source_id": "1", "name": "New"}, {"source_id": "2", "name": "Same"})) == (
        0,
        1,
        1,
        0,
    )
    after = catalogue.find_by_source("list", "1")
    assert after.name == "New"
    assert (after.reference, after.claim_group_id) == (before.reference, before.claim_group_id)


def test_an_id_repeated_in_another_batch_is_still_found(context: None) -> None:
    many = [{"source_id": str(number % 700), "name": f"Place {number}"} for number in range(1_000)]
    assert figures(bring(*many)) == (700, 0, 0, 300)


def test_ids_of_different_sources_have_nothing_to_do_with_each_other(context: None) -> None:
    bring({"source_id": "1", "name": "A"}, source="one")
    assert figures(bring({"source_id": "1", "name": "B"}, source="two")) == (1, 0, 0, 0)


def test_each_batch_leaves_one_audit_row_and_an_unchanged_one_none(context: None) -> None:
    many = [{"source_id": str(number), "name": "Place"} for number in range(catalogue.BATCH + 1)]
    bring(*many)
    bring(*many)
    entries = audit.history("import", "list")
    assert [entry.details["added"] for entry in entries] == [catalogue.BATCH, 1]


def test_two_imports_of_one_list_at_once_double_nothing(app: Flask) -> None:
    names = [str(number) for number in range(600)]
    lists = [
        [catalogue.Row(line, {"source_id": name, "name": name}) for line, name in enumerate(order, 2)]
        for order in (names, names[::-1], names[300:] + names[:300])
    ]

    def bring_list(given: list[catalogue.Row]) -> catalogue.Imported:
        return catalogue.import_establishments(given, source="list", by=SOMEBODY, now=NOW)

    answers = at_once(app, bring_list, lists)
    assert sum(answer.added for answer in answers) == 600
    with app.app_context():
        assert (
            scalar("select count(*) from claim_group") == scalar("select count(*) from establishment") == 600
        )


def test_the_search_wants_every_word_and_takes_signs_as_they_are(context: None) -> None:
    bring(
        {"source_id": "1", "name": "Cafe Ääni", "street": "Mikonkatu", "house": "18", "city": "Helsinki"},
        {"source_id": "2", "name": "100% Juice", "city": "Espoo"},
        {"source_id": "3", "name": "A_B", "city": "Espoo"},
    )

    def found(q: str = "", **filters: str) -> list[str]:
        return [place.source_id for place in named(q, **filters)]

    def named(q: str, **filters: str):
        condition, params = catalogue.matching(q, filters.get("city", ""), filters.get("kind", ""))
        return rows(f"select source_id from establishment e where {condition} order by source_id", **params)

    assert found("MIKONKATU aani") == ["1"]
    assert found("mikonkatu espoo") == []
    assert found("100%") == found("%") == ["2"]
    assert found("_") == ["3"]
    assert found("\\") == []
    assert found("a", city="Espoo") == ["3"]
    assert found(catalogue.find_by_source("list", "2").reference.lower()) == ["2"]
    assert found("") == ["1", "2", "3"]


def test_the_search_uses_its_index(context: None) -> None:
    condition, params = catalogue.matching("mikonkatu", "", "")
    with snapshot():
        rows("select set_config('enable_seqscan', 'off', true)")
        plan = rows(f"explain select id from establishment e where {condition}", **params)
    assert "establishment_search_text_idx" in "\n".join(line for (line,) in plan)
