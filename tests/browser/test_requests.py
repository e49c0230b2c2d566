"""What pages do when the line, the server, the clock or a colleague gets in between: nothing typed is lost, nothing is done twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Route, expect

from erp.domain import bookings
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.db import scalar
from erp.kernel.transaction import release, transaction
from tests.browser.conftest import EMAIL, PASSWORD
from tests.support.office import Office


@pytest.fixture
def page(new_context: Callable[[], BrowserContext]) -> Iterator[Page]:
    """A page on which requests may fail, but no script."""
    problems: list[str] = []
    page = new_context().new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    assert problems == []


@pytest.fixture
def booking(page: Page, live: str, office: Office, sign_in: Callable[[Page], None]) -> Page:
    """A booking is looked at, and why it should have another term is typed already."""
    sign_in(page)
    page.goto(f"{live}/bookings/{office.booking}")
    page.get_by_text("Give it one more term").click()
    page.get_by_label("Why").fill("They are on holiday")
    return page


def extend(page: Page) -> None:
    page.get_by_role("button", name="Extend").click()


def times_extended(app: Flask) -> int:
    with app.app_context():
        times: int = scalar("select count(*) from audit_entry where action = 'booking.extended'")
        release()
    return times


def test_a_double_click_sends_once_and_attention_goes_to_what_changed(app: Flask, booking: Page) -> None:
    sent: list[str] = []
    booking.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    booking.get_by_role("button", name="Extend").dblclick()
    expect(booking.get_by_role("status")).to_be_visible()
    assert len(sent) == 1
    assert times_extended(app) == 1
    assert booking.evaluate("document.activeElement.id") == "stage"


def test_a_lost_line_keeps_what_was_typed_and_sends_it_on_demand(app: Flask, booking: Page) -> None:
    booking.route("**/extension", lambda route: route.abort())
    extend(booking)
    expect(booking.get_by_role("alert")).to_contain_text("nothing was sent")
    expect(booking.get_by_label("Why")).to_have_value("They are on holiday")
    assert times_extended(app) == 0
    booking.unroute("**/extension")
    booking.get_by_role("alert").get_by_role("button", name="Try again").click()
    expect(booking.get_by_role("status")).to_be_visible()
    expect(booking.get_by_role("alert")).to_have_count(0)
    assert times_extended(app) == 1


def test_a_failing_server_is_told_of_with_the_number_of_the_request(booking: Page) -> None:
    def fail(route: Route) -> None:
        route.fulfill(status=500, headers={"X-Request-Id": "abc123"}, body="<h1>Traceback</h1>")

    booking.route("**/extension", fail)
    extend(booking)
    expect(booking.get_by_role("alert")).to_contain_text("abc123")
    expect(booking.get_by_label("Why")).to_have_value("They are on holiday")
    expect(booking.get_by_text("Traceback")).to_have_count(0)


def test_a_refusal_that_is_no_form_is_told_and_takes_nothing_away(booking: Page, live: str) -> None:
    booking.evaluate(
        """for (const form of document.querySelectorAll("form[hx-post$=extension]"))
             form.setAttribute("hx-post", "/bookings/BKG-NOBODY00/extension")"""
    )
    extend(booking)
    expect(booking.get_by_role("alert")).to_contain_text("There is nothing here under this reference")
    expect(booking.get_by_label("Why")).to_have_value("They are on holiday")


def test_an_expired_sign_in_is_renewed_beside_what_was_typed(app: Flask, booking: Page, live: str) -> None:
    booking.context.clear_cookies()
    extend(booking)
    drawer = booking.get_by_role("dialog", name="Sign in again")
    drawer.get_by_label("E-mail").fill(EMAIL)
    drawer.get_by_label("Password").fill("wrong")
    drawer.get_by_role("button", name="Sign in").click()
    expect(drawer.get_by_role("alert")).to_be_visible()
    drawer.get_by_label("Password").fill(PASSWORD)
    drawer.get_by_role("button", name="Sign in").click()
    expect(drawer).to_be_hidden()
    expect(booking.get_by_label("Why")).to_have_value("They are on holiday")
    assert times_extended(app) == 0
    booking.get_by_role("button", name="Try again").click()
    expect(
        booking.get_by_text("Given one more term").or_(booking.get_by_role("status")).first
    ).to_be_visible()
    assert times_extended(app) == 1


def test_a_stale_page_is_told_what_a_colleague_did_meanwhile(
    app: Flask, booking: Page, office: Office
) -> None:
    with app.app_context(), transaction():
        held = bookings.find(office.booking)
        bookings.move_stage(held.id, "contacted", by=Actor.system("tests"), now=clock.now())
    extend(booking)
    expect(booking.get_by_role("alert")).to_contain_text("Meanwhile: Moved to another stage")
    expect(booking.get_by_label("Why")).to_have_value("They are on holiday")
    assert times_extended(app) == 0
    extend(booking)
    expect(booking.get_by_role("status")).to_be_visible()
    assert times_extended(app) == 1


def test_back_leads_to_the_whole_page_as_it_was_and_with_what_is_true_now(
    page: Page, live: str, office: Office, sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    page.goto(f"{live}/bookings")
    page.get_by_role("link", name=re.compile("^Booked")).first.click()
    expect(page).to_have_url(re.compile(r"sort="))
    sorted_by = page.url
    page.locator("#rows tbody a").first.click()
    expect(page.get_by_role("navigation", name="Breadcrumbs")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(sorted_by)
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(page.locator("#rows th[aria-sort]")).to_have_count(1)
    page.go_back()
    expect(page).to_have_url(f"{live}/bookings")
    expect(page.locator("#rows th[aria-sort]")).to_have_count(0)


def test_the_search_is_worked_by_keyboard_alone(
    page: Page, live: str, office: Office, sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    page.goto(f"{live}/agents")
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Search everything")
    expect(box).to_be_focused()
    page.keyboard.type("kide")
    expect(page.locator("#found [role=option]")).not_to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#found [role=option]").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).not_to_be_focused()
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Salon Kide")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_contain_text("who holds it")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Help")).to_be_hidden()


JUMPS = """new PerformanceObserver(list => list.getEntries().forEach(entry => {
             window.jumped = (window.jumped ?? 0) + (entry.hadRecentInput ? 0 : entry.value);
           })).observe({type: "layout-shift", buffered: true})"""


def test_nothing_jumps_when_a_page_comes_or_a_part_is_redrawn(
    page: Page, live: str, office: Office, sign_in: Callable[[Page], None]
) -> None:
    page.add_init_script(JUMPS)
    sign_in(page)
    for url in (
        "/",
        "/establishments",
        f"/agents/{office.agent}",
        f"/commissions/{office.commission}",
        f"/payout-runs/{office.run}",
    ):
        page.goto(live + url)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("window.jumped ?? 0") == 0, url
    page.goto(f"{live}/bookings")
    above = page.locator("h1"), page.locator("#filters"), page.get_by_role("navigation", name="Main")
    before = [part.bounding_box() for part in above]
    page.get_by_role("link", name=re.compile("^Booked")).first.click()
    expect(page.locator("#rows th[aria-sort]")).to_have_count(1)
    assert [part.bounding_box() for part in above] == before


def test_paper_shows_the_content_alone_where_it_came_from_and_that_nothing_is_real(
    page: Page, live: str, office: Office, sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(f"{live}/payout-runs/{office.run}")
    expect(page.get_by_text(f"{live}/payout-runs/{office.run}")).to_be_visible()
    expect(page.get_by_text("Mock: no real money")).to_be_visible()
    expect(page.locator("#rows table")).to_be_visible()
    for hidden in ("nav#nav", "#seek", ".btn"):
        expect(page.locator(hidden).first).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") != "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
