"""A statement in Chromium: from its agent to a file that is verified, and readable by all on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from erp import config
from erp.domain.statements import files, roots, verify
from tests.browser.test_pages import AXE, CHECK, DESK, LOOKS, PHONE, show_at
from tests.statements.conftest import next_month, sealed
from tests.support.office import Office


@pytest.fixture
def month_is_over(app: Flask, office: Office) -> None:
    with app.app_context():
        next_month()
        sealed()


def test_an_accountant_goes_from_the_agent_to_a_verified_file(
    page: Page,
    live: str,
    office: Office,
    month_is_over: None,
    sign_in: Callable[[Page], None],
    tmp_path: Path,
) -> None:
    sign_in(page)
    page.goto(f"{live}/agents/{office.agent}")
    page.locator('a[href^="/statements/STM-"]').click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Statement STM-")
    expect(page.get_by_role("region", name="On hold, RUB")).to_contain_text("the bank confirmed it")
    page.get_by_text("Keep as a file").click()
    with page.expect_download() as kept:
        page.get_by_role("button", name="JSON").click()
    file = tmp_path / kept.value.suggested_filename
    kept.value.save_as(file)
    folder = config.get().roots_folder
    exported, _problems = roots.read_folder(folder)
    document = files.from_json(file.read_text())
    assert verify.problems(document, exported, roots.load_public_key(folder / roots.PUBLIC_KEY)) == []
    page.goto(f"{live}/statements")
    page.get_by_role("link", name="Roots of seals").click()
    expect(page.get_by_role("link", name="000001")).to_be_visible()


def test_a_statement_can_be_read_by_all(
    page: Page, live: str, office: Office, month_is_over: None, sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    page.goto(f"{live}/statements")
    statement = page.locator('a[href^="/statements/STM-"]').first.get_attribute("href")
    addresses = ("/statements", statement, f"/statements/open/{office.agent}", "/seal-roots")
    for url in addresses:
        page.set_viewport_size(DESK)
        page.goto(f"{live}{url}")
        page.evaluate(AXE)
        for size in (DESK, PHONE):
            show_at(page, size)
            for scheme, rules in LOOKS:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                assert page.evaluate(CHECK, [rules, []]) == [], f"{url}, {scheme}, {size['width']} px"
    page.context.add_cookies([{"name": "language", "value": "ru", "url": live}])
    for url in addresses:
        page.goto(f"{live}{url}")
        show_at(page, PHONE)
