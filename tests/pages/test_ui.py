"""The living page of components shows them all, and only where nothing is real."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

import erp
from erp.kernel.permissions import Role
from tests.pages.conftest import Desk

TEMPLATES = Path(erp.__file__).parent / "templates"
MACRO = re.compile(r"\{% macro (\w+)\(")
INNER = {
    *("csrf_field", "seen_field", "in_place", "link", "kept", "as_table", "totals", "th"),
    *("sparkline", "column_choice", "search_box", "language_switch", "export_menu", "saved_views"),
}
"""Pieces of other macros, and the switch that the page's own frame holds."""


def test_every_component_is_on_the_page(desk: Callable[[Role], Desk]) -> None:
    shown = "".join(path.read_text() for path in sorted((TEMPLATES / "ui").glob("*.html")))
    frame = "".join(
        path.read_text() for folder in ("layouts", "lists") for path in (TEMPLATES / folder).glob("*")
    )
    macros = {
        (path.stem, name)
        for path in (TEMPLATES / "components").glob("*.html")
        for name in MACRO.findall(path.read_text())
    }
    missing = {
        f"{file}: {name}"
        for file, name in macros
        if name not in INNER and not re.search(rf"\b{name}\b", shown + frame)
    }
    assert not missing, "show them in erp/templates/ui/index.html"
    assert desk(Role.AUDITOR).get("/ui").status_code == 200


def test_its_examples_answer_like_real_ones(desk: Callable[[Role], Desk]) -> None:
    support = desk(Role.SUPPORT)
    assert support.post("/ui/form", part=True, text="").status_code == 422
    assert 'hx-trigger="every' in support.get("/ui/progress?at=1", part=True).text
    assert 'hx-trigger="every' not in support.get("/ui/progress?at=4", part=True).text
    assert "<html" not in support.get("/ui/drawer", part=True).text


def test_a_live_instance_has_no_such_page(
    app: Flask, desk: Callable[[Role], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = desk(Role.ADMIN)
    live = app.config["REF"].model_copy(update={"mode": "live"})
    monkeypatch.setitem(app.config, "REF", live)
    assert admin.get("/ui").status_code == 404
