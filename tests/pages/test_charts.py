"""A chart draws its figures to scale, says them in words and in a table, and fits whatever it is given."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from flask import Flask

from erp.blueprints import charts
from erp.blueprints.charts import Point


@pytest.fixture
def page(application: Flask) -> Iterator[None]:
    """While a request is served, so that there is a language."""
    with application.test_request_context():
        yield


def bars(*values: tuple[int, ...]) -> charts.Chart:
    points = [Point(f"{at}", f"Day {at}", value, f"/day/{at}") for at, value in enumerate(values, 1)]
    series = [f"Series {number}" for number in range(len(values[0]) if values else 1)]
    return charts.bars("sample", "A sample", points, charts.counts(), series=series)


def test_bars_stand_on_the_floor_and_on_each_other(page: None) -> None:
    chart = bars((30, 30), (0, 15))
    assert [(bar.y, bar.height, bar.tone) for bar in chart.bars] == [
        ("50%", "50%", 0),
        ("0%", "50%", 1),
        ("75%", "25%", 1),
    ]
    assert [tick.text for tick in chart.ticks] == ["0", "20", "40", "60"]
    assert "The most is 60: Day 1." in chart.text
    assert [(row.name, [cell.text for cell in row.cells], row.url) for row in chart.rows] == [
        ("Day 1", ["30", "30"], "/day/1"),
        ("Day 2", ["0", "15"], "/day/2"),
    ]


@pytest.mark.parametrize(
    ("highest", "ticks"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 3), (7, 4), (11, 3), (99, 4)]
)
def test_lines_across_are_at_whole_and_equal_steps(page: None, highest: int, ticks: int) -> None:
    chart = bars((highest,))
    values = [int(tick.text) for tick in chart.ticks]
    assert values[-1] >= highest
    assert len(values) == ticks + 1
    assert len({after - before for before, after in itertools.pairwise(values)}) == 1


def test_a_word_near_a_side_ends_where_the_picture_does(page: None) -> None:
    many, few = bars(*[(1,)] * 30).labels, bars(*[(1,)] * 6).labels
    assert (many[-1].x, many[-1].anchor) == ("100%", "end")
    assert {label.anchor for label in (*many[:-1], *few)} == {"middle"}
    assert [label.text for label in many if not label.minor][-2:] == ["18", "30"], (
        "where there is little room"
    )


def test_there_is_room_for_the_words_under_it(page: None) -> None:
    for number in (1, 7, 12, 30, 365):
        labels = bars(*[(1,)] * number).labels
        assert labels[-1].text == str(number)
        assert len(labels) <= 2 * charts.MOST_LABELS
        assert 0 < len([label for label in labels if not label.minor]) <= charts.MOST_LABELS


def test_nothing_and_less_than_nothing_are_drawn_as_nothing_and_told(page: None) -> None:
    chart = bars((-5,), (10,))
    assert [bar.height for bar in chart.bars] == ["100%"]
    assert chart.rows[0].cells[0].text == "-5"
    assert bars((0,), (0,)).empty
    assert bars().text == "There is nothing to show."


def test_a_line_runs_over_the_whole_width(page: None) -> None:
    points = [Point(f"{at}", f"Day {at}", [value]) for at, value in enumerate((0, 50, 100), 1)]
    chart = charts.lines("sample", "A sample", points, charts.amounts("RUB"), series=["Paid"])
    assert list(chart.lines) == ["0,100 50,50 100,0"]
    assert [tick.text for tick in chart.ticks][-1] == "1\u00a0₽"
    assert [label.anchor for label in chart.labels] == ["start", "middle", "end"]
    assert charts.spark([0, 0]) == charts.spark([5]) == ""


def test_a_funnel_tells_the_part_of_all_and_of_the_step_before(page: None) -> None:
    stages = charts.funnel([("Booked", 40, "/"), ("Met", 20, "/"), ("Paid", 5, "/")])
    assert [(stage.width, stage.of_all, stage.of_before) for stage in stages] == [
        ("100%", "100\u00a0%", "100\u00a0%"),
        ("50%", "50\u00a0%", "50\u00a0%"),
        ("12.5%", "12\u00a0%", "25\u00a0%"),
    ]
    assert charts.funnel([("Booked", 0, "/"), ("Met", 0, "/")])[1].of_all == "—"


def test_parts_lie_side_by_side(page: None) -> None:
    parts = charts.shares([("Held", 30, "/"), ("Free", 50, "/"), ("Frozen", 20, "/")], charts.counts())
    assert [(part.x, part.width) for part in parts] == [("0%", "30%"), ("30%", "50%"), ("80%", "20%")]
