"""Lists as people use them in Chromium: by mouse and by keyboard, with the address always telling what one sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from erp.domain import bookings, staff
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.db import execute
from erp.kernel.transaction import transaction
from tests.support import cast
from tests.support.office import PREPARED_BY, Office

TESTS = Actor.system("tests")


@pytest.fixture
def booked(app: Flask, office: Office) -> None:
    """Three more open bookings, all of one agent."""
    with app.app_context():
        carol = cast.agent(3, name="Carol")
        for place in cast.places("Place 1", "Place 2", "Place 3"):
            with transaction():
                bookings.book(carol, place.id, by=TESTS, now=clock.now())


def rows(page: Page) -> int:
    return page.locator("#rows tbody tr").count()


def test_rows_are_chosen_previewed_done_and_told(
    page: Page, live: str, sign_in: Callable[[Page], None], booked: None
) -> None:
    sign_in(page)
    page.goto(f"{live}/bookings?q=place&sort=establishment")
    first, *_middle, last = page.get_by_role("checkbox", name=re.compile("^BKG-")).all()
    expect(page.get_by_role("button", name="Release…")).to_be_hidden()
    first.focus()
    page.keyboard.press("Space")
    last.click(modifiers=["Shift"])
    expect(page.locator("[data-picked]")).to_have_text("3")
    first.uncheck()
    chosen = last.get_attribute("value")
    page.get_by_role("link", name="Establishment", exact=True).click()  # turns the order round
    expect(page).to_have_url(re.compile("sort=-establishment"))
    expect(page.locator(f"input[value='{chosen}']")).to_be_checked()  # a tick stays with its row
    page.get_by_role("link", name="Establishment", exact=True).click()
    expect(page).to_have_url(re.compile("sort=establishment"))
    page.get_by_role("button", name="Choose none").click()
    expect(page.get_by_role("button", name="Release…")).to_be_hidden()
    page.get_by_role("checkbox", name="Choose all on this page").check()
    last.uncheck()
    expect(page.locator("[data-picked]")).to_have_text("2")
    page.get_by_role("button", name="Release…").click()
    expect(page.get_by_text("Nothing has been done yet.")).to_be_visible()
    expect(page.locator("#deed tbody tr")).to_have_count(2)
    expect(page.locator("#deed tbody")).to_contain_text("Released")
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_role("status")).to_contain_text("2 were done")
    page.get_by_role("link", name="Back to the list", exact=True).click()
    expect(page).to_have_url(f"{live}/bookings?q=place&sort=establishment")
    expect(page.locator("#rows tbody .tag", has_text="Released")).to_have_count(2)


def test_columns_filters_and_sorting_live_in_the_address_and_go_into_the_file(
    page: Page, live: str, sign_in: Callable[[Page], None], booked: None, tmp_path: Path
) -> None:
    sign_in(page)
    page.goto(f"{live}/bookings")
    page.get_by_label("Any state").select_option("open")
    expect(page).to_have_url(f"{live}/bookings?state=open")
    page.get_by_role("link", name="Establishment", exact=True).click()
    expect(page).to_have_url(re.compile("sort=establishment"))
    page.locator("summary", has_text="Columns").click()
    for name in ("Booked", "City", "Stage", "Expires"):
        page.get_by_role("group", name="Columns").get_by_label(name, exact=True).uncheck()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#rows thead th")).to_have_count(4)  # the box, and three columns
    page.get_by_role("searchbox", name="Search", exact=True).fill("place")
    expect(page.locator("#rows tbody tr")).to_have_count(3)
    expect(page).to_have_url(re.compile("q=place"))
    expect(page).to_have_url(re.compile("columns=agent"))
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="XLSX").click()
    assert re.fullmatch(r"bookings-\d{4}-\d\d-\d\d-mock\.xlsx", download.value.suggested_filename)
    download.value.save_as(tmp_path / "list.xlsx")
    sheet = list(openpyxl.load_workbook(tmp_path / "list.xlsx").active.values)  # type: ignore[union-attr]
    assert sheet[0] == ("Booking", "Establishment", "Agent", "Agent: code", "Mock")
    assert [line[1] for line in sheet[1:]] == ["Place 1", "Place 2", "Place 3"]
    page.get_by_role("link", name="Let go of the filter “place”").click()
    expect(page.get_by_role("searchbox", name="Search", exact=True)).to_have_value("")
    expect(page.locator("#rows tbody tr")).to_have_count(4)


def test_a_phone_number_is_searched_and_never_shows_in_the_address(
    app: Flask, page: Page, live: str, sign_in: Callable[[Page], None], office: Office
) -> None:
    sign_in(page)
    page.goto(f"{live}/agents")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("searchbox", name=re.compile("whole phone number")).press_sequentially(
        cast.phone(1), delay=20
    )
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/agents\?of="))
    page.reload()
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    digits = cast.phone(1)[-7:]
    assert digits not in page.url
    assert not [url for url in asked if digits in url]


def test_a_view_is_saved_and_found_again(
    page: Page, live: str, sign_in: Callable[[Page], None], office: Office
) -> None:
    sign_in(page)
    page.goto(f"{live}/agents?state=pending")
    page.locator("summary", has_text="Save view").click()
    page.get_by_label("Keep these filters").fill("To call")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(f"{live}/agents")
    page.get_by_role("link", name="To call").click()
    expect(page).to_have_url(f"{live}/agents?state=pending")
    expect(page.get_by_label("Any state")).to_have_value("pending")


def test_every_list_is_whole_on_a_desk_in_russian(
    app: Flask, page: Page, live: str, sign_in: Callable[[Page], None], office: Office
) -> None:
    """Russian words are the longer ones; what does not fit would have to be scrolled to sideways."""
    with app.app_context(), transaction():
        id = staff.add(
            "prepared@example.test", "Филипп Орлов", "correct horse", ["finance"], by=TESTS, now=clock.now()
        )
        execute("update staff set id = :known where id = :id", known=PREPARED_BY.id, id=id)
    sign_in(page)
    page.context.add_cookies([{"name": "language", "value": "ru", "url": live}])
    page.set_viewport_size({"width": 1440, "height": 900})
    inside = [
        f"/agents/{office.agent}/ledger",
        f"/rerates/{office.rerate}/agents",
        f"/payout-runs/{office.run}",
    ]
    lists = sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.endswith(".index") and not rule.arguments
    )
    assert len(lists) > 20
    for url in (*lists, *inside):
        page.goto(live + url)
        beyond = page.evaluate(
            "Math.max(0, ...[...document.querySelectorAll('.scroll')].map(box => box.scrollWidth - box.clientWidth))"
        )
        assert beyond == 0, f"{url} is {beyond} px broader than its place"


def test_the_tab_that_is_shown_is_in_sight_on_a_phone(
    page: Page, live: str, sign_in: Callable[[Page], None], office: Office
) -> None:
    sign_in(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live}/dashboards/turnover")
    shown = page.locator(".tabs [aria-current]").bounding_box()
    assert shown
    assert shown["x"] >= 0
    assert shown["x"] + shown["width"] <= 390
