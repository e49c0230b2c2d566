"""Every page in real Chromium: readable by all (WCAG 2.2 AA by axe), whole on a phone, silent in the console."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from flask import Flask
from playwright.sync_api import Page, ViewportSize, expect

import erp
from erp.access import declared
from tests.support.office import Office

DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
DIST = Path(erp.__file__).parent / "static" / "dist"
AXE = (DIST / json.loads((DIST / "manifest.json").read_text())["files"]["axe.js"]).read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """async ([only, but]) => {
  const answer = await axe.run({exclude: but}, {runOnly: only, resultTypes: ["violations"], preload: false});
  return answer.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | ")}`);
}"""
CUT = """[...document.querySelectorAll(".scroll")].filter(box =>
  box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX === "clip").length"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LOOKS: list[tuple[Literal["light", "dark"], list[str]]] = [("light", RULES), ("dark", ["color-contrast"])]
"""The second scheme changes colours only, the same ones everywhere: of each page it is looked at in one size."""
SHELL = [["#side"], ["header.top"]]
"""What stands around every page is looked at on the first one: it is a third of what there is to see."""
PARTS = 2
"""The pages are looked at in as many tests as there are cores, so that each core has some."""


@pytest.fixture
def pages(app: Flask, office: Office) -> list[str]:
    """Every page that opens without arguments, and one of each noun."""
    return [*argumentless(app), *office.pages]


def argumentless(app: Flask) -> list[str]:
    found = []
    for rule in app.url_map.iter_rules():
        access = declared(app, rule.endpoint)
        if not rule.arguments and "GET" in (rule.methods or ()) and access and access.audience == "staff":
            found.append(rule.rule)
    return sorted(found)


def show_at(page: Page, size: ViewportSize) -> None:
    """At this size the page is no wider than the screen, and has no table that ends where nobody can scroll to."""
    page.set_viewport_size(size)
    where = f"{page.url} at {size['width']} px"
    assert page.evaluate(CUT) == 0, f"{where} cuts a table off"
    assert page.evaluate(WIDER) == 0, f"{where} is too wide"


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_can_be_read_by_all_in_light_and_dark_on_a_phone_and_in_russian(
    page: Page, live: str, pages: list[str], sign_in: Callable[[Page], None], part: int
) -> None:
    sign_in(page)
    # Russian words are the longest.
    page.context.add_cookies([{"name": "language", "value": "ru", "url": live}])
    for number, url in enumerate(pages[part::PARTS]):
        page.set_viewport_size(DESK)
        page.goto(live + url)
        page.evaluate(AXE)
        for size in (DESK, PHONE):
            show_at(page, size)
            for scheme, rules in LOOKS if size is (DESK, PHONE)[number % 2] else LOOKS[:1]:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                found = page.evaluate(CHECK, [rules, SHELL if number else []])
                assert found == [], f"{url}, {scheme}, {size['width']} px"


@pytest.mark.browser_context_args(locale="en-US@posix")
def test_one_zooms_into_the_days_and_out_again_also_where_the_language_of_the_browser_is_odd(
    page: Page, live: str, office: Office, sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    page.goto(f"{live}/dashboards/turnover")
    expect(page.locator("canvas")).to_be_visible()
    expect(page.locator("figure.chart")).to_be_hidden()
    over = page.locator(".u-over").bounding_box()
    assert over
    page.mouse.move(over["x"] + over["width"] / 2, over["y"] + 50)
    page.mouse.down()
    page.mouse.move(over["x"] + over["width"] - 5, over["y"] + 50, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Whole time").click()
    page.mouse.move(over["x"] + over["width"] - 1, over["y"] + 50)
    expect(page.locator(".u-legend")).to_contain_text("3,900.00\u00a0₽")


def test_what_opens_over_a_page_can_be_read_by_all(
    page: Page, live: str, office: Office, sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)

    def look(what: str) -> None:
        """What lies over the page; the page itself is looked at above."""
        for scheme, rules in LOOKS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert page.evaluate(CHECK, [rules, [["#main"]]]) == [], f"{what}, {scheme}"

    page.goto(f"{live}/ui")
    page.evaluate(AXE)
    notices = page.get_by_role("region", name="Notices")
    page.get_by_role("button", name="Good news").click()
    expect(notices.locator(".toast")).to_be_visible()  # and the buttons, which come anew with it
    page.get_by_role("button", name="Bad news").click()
    expect(notices.get_by_role("alert")).to_be_visible()
    look("toasts")
    page.get_by_role("button", name="Do it").click()
    look("the question before a deed")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    look("the help")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("aino")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("ArrowDown")
    look("what the search finds")
    page.get_by_role("combobox", name="Search everything").fill("nowhere at all")
    expect(page.locator("#found .none")).to_be_visible()
    look("what the search cannot find")
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Menu").click()
    look("the menu of a phone")


def test_the_sign_in_page_can_be_read_by_all(page: Page, live: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{live}/sign-in")
        page.evaluate(AXE)
        assert page.evaluate(CHECK, [RULES, []]) == []
    assert "zone" in {cookie["name"] for cookie in page.context.cookies()}, "for moments after sign-in"


def test_a_list_is_searched_while_one_types_and_the_address_follows(
    page: Page, live: str, pages: list[str], sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    page.goto(f"{live}/establishments")
    expect(page.locator("#rows tbody tr")).to_have_count(3)
    page.get_by_role("searchbox").fill("kide")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{live}/establishments?q=kide")
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("kide")
    expect(page.locator("#rows tbody tr")).to_have_count(1)


def test_a_deed_asks_before_it_is_done_and_renews_its_part_in_place(
    page: Page, live: str, pages: list[str], sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    page.goto(f"{live}/establishments?q=kide")
    page.get_by_role("link", name="Salon Kide").click()
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_role("dialog")).to_contain_text("loses the exclusive right")
    page.get_by_role("button", name="Not now").click()
    page.get_by_role("button", name="Release").click()
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    expect(page.get_by_role("status")).to_contain_text("Salon Kide is free again")
    page.get_by_label("Agent").fill("nobody")
    page.get_by_role("button", name="Book").click()
    expect(page.get_by_role("alert")).to_contain_text("There is nothing here under this reference")
    expect(page.get_by_label("Agent")).to_have_value("nobody")


def test_a_deed_that_is_done_leads_on_and_is_said(
    page: Page, live: str, pages: list[str], sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    page.goto(f"{live}/staff/new")
    page.get_by_label("Name").fill("Vera Belova")
    page.get_by_label("E-mail").fill("vera@example.test")
    page.get_by_label("First password").fill("short")
    page.get_by_label("Support").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("First password")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Support")).to_be_checked()
    page.get_by_label("First password").fill("long enough")
    page.get_by_role("button", name="Add").click()
    expect(page).to_have_url(f"{live}/staff")
    expect(page.get_by_role("status")).to_contain_text("Vera Belova may sign in now")


def test_a_session_that_ended_is_renewed_where_one_is(
    page: Page, live: str, pages: list[str], sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    page.goto(f"{live}/agents")
    page.context.clear_cookies()
    page.get_by_role("link", name="Code").click()
    expect(page.get_by_role("dialog", name="Sign in again")).to_be_visible()
    expect(page).to_have_url(f"{live}/agents")
