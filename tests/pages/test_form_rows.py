"""Rows of a form move with what was typed in them."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from erp.blueprints.form_rows import rearranged, rows_of

TYPED = MultiDict(
    [
        ("note", "Kinder"),
        ("tiers-0-name", "A"),
        ("tiers-2-name", "B"),
        ("tiers-2-rate", "x"),
        ("rules-0-key", "r"),
    ]
)


def names(deed: str) -> tuple[list[str], str]:
    moved = rearranged(TYPED, deed)
    assert moved.typed["note"] == "Kinder"
    assert moved.typed["rules-0-key"] == "r"
    return [row.get("name", "") for row in rows_of(moved.typed, "tiers")], moved.row


def test_rows_are_added_moved_and_removed() -> None:
    assert names("tiers-add") == (["A", "B", ""], "tiers-2")
    assert names("tiers-1-up") == (["B", "A"], "tiers-0")
    assert names("tiers-0-down") == (["B", "A"], "tiers-1")
    assert names("tiers-0-up") == (["A", "B"], "tiers-0")
    assert names("tiers-0-remove") == (["B"], "tiers-0")


def test_a_row_is_numbered_anew_with_all_its_fields() -> None:
    assert rearranged(TYPED, "tiers-1-up").typed["tiers-0-rate"] == "x"


def test_a_button_that_is_not_known_changes_nothing() -> None:
    for deed in ("look", "tiers-9-remove", "tiers--up", "people-0-fire"):
        assert [row.get("name") for row in rows_of(rearranged(TYPED, deed).typed, "tiers")] == ["A", "B"]
