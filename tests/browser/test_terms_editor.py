"""A programme manager at the editor of terms: adds and moves rows, makes mistakes, mends them, compares."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.office import Office


def test_a_draft_is_written_mended_and_compared(
    page: Page, live: str, office: Office, sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    page.goto(f"{live}/programmes/{office.programme}/terms/new?copy=1")
    says = page.locator("#summary")
    expect(says).to_contain_text("Silver, from 3 connections on: 7\u00a0%.")

    page.get_by_role("button", name="Add a tier").click()
    third = page.locator("#tiers-2-name")
    expect(third).to_be_focused()
    page.keyboard.type("Gold")
    page.locator("#tiers-2-threshold").fill("2")
    page.locator("#tiers-2-rate").fill("many")
    page.locator("#hold_days").fill("400")
    expect(says).to_contain_text("3 fields are to mend first")
    page.get_by_role("button", name="Save the draft").click()
    for name in ("tiers-2-threshold", "tiers-2-rate", "hold_days"):
        expect(page.locator(f"#{name}-error")).to_be_visible()
    expect(third).to_have_value("Gold")
    expect(page.locator("#tiers-2-rate")).to_have_value("many")

    page.locator("#tiers-2-threshold").fill("8")
    page.locator("#tiers-2-rate").fill("9,5")
    page.locator("#hold_days").fill("21")
    expect(says).to_contain_text("Gold, from 8 connections on: 9.5\u00a0%.")
    page.get_by_role("button", name="Add a rule").click()
    bonus = page.get_by_role("group", name="Rule 2")
    expect(bonus.get_by_label("Amount")).to_be_hidden()
    bonus.get_by_label("Name of the rule").fill("bonus")
    bonus.get_by_label("It pays").select_option("a fixed amount")
    bonus.get_by_label("For", exact=True).select_option("a sign-up")
    expect(bonus.get_by_label("Rate in percent")).to_be_hidden()
    bonus.get_by_label("Amount").fill("500")
    bonus.get_by_label("It waits until").select_option("the customer pays")
    expect(says).to_contain_text("1 field is to mend first")
    bonus.get_by_label("Within, days", exact=True).fill("30")
    expect(says).to_contain_text("if they have not paid within 30 days, it is given back")
    page.get_by_role("button", name="Move Gold up").click()
    expect(page.locator("#tiers-1-name")).to_have_value("Gold")
    page.get_by_role("button", name="Move Gold down").click()
    expect(page.locator("#tiers-2-name")).to_have_value("Gold")
    page.locator("#tiers-2-rate").press("Enter")
    expect(page).to_have_url(f"{live}/programmes/{office.programme}/terms/3")

    page.get_by_role("link", name="Compare", exact=True).click()
    page.get_by_label("From version").select_option("1")
    changes = page.get_by_role("region", name="Changes")
    expect(changes).to_contain_text("For each customer who signs up, an agent earns 500.00\u00a0₽.")
    expect(changes).to_contain_text("Agents can reach one more tier.")
    expect(changes).to_contain_text("Agents wait longer for what they earned.")
    expect(page).to_have_url(f"{live}/programmes/{office.programme}/terms/compare?before=1&after=3")

    page.goto(f"{live}/programmes/{office.programme}/terms/3")
    expect(page.get_by_label("From", exact=True)).to_be_hidden()
    page.get_by_label("at a moment to come").check()
    page.get_by_label("From", exact=True).fill("2099-01-01T09:00")
    page.get_by_role("button", name="Bring into force").click()
    confirm = page.get_by_role("dialog")
    expect(confirm).to_contain_text("2 referrals made under version 1 keep it.")
    confirm.get_by_role("button", name="Bring into force").click()
    expect(page.locator("#reason-error")).to_be_visible()
    expect(page.get_by_label("From", exact=True)).to_have_value("2099-01-01T09:00")
    page.get_by_label("Why").fill("A new century")
    page.get_by_role("button", name="Bring into force").click()
    confirm.get_by_role("button", name="Bring into force").click()
    expect(page.get_by_text("It takes force later")).to_be_visible()
    expect(page.locator(".head .tag")).to_have_text("Scheduled")


def test_the_editor_needs_no_scripts(
    page: Page, live: str, office: Office, sign_in: Callable[[Page], None]
) -> None:
    sign_in(page)
    browser = page.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    bare = plain.new_page()
    bare.goto(f"{live}/programmes/{office.programme}/terms/new?copy=1")
    bare.get_by_role("button", name="Add a tier").click()
    bare.locator("#tiers-2-name").fill("Gold")
    bare.locator("#tiers-2-threshold").fill("8")
    bare.locator("#tiers-2-rate").fill("9")
    bare.get_by_role("button", name="See what it says").click()
    expect(bare.locator("#summary")).to_contain_text("Gold, from 8 connections on")
    bare.get_by_role("button", name="Remove Silver").click()
    expect(bare.locator("#tiers-1-name")).to_have_value("Gold")
    bare.get_by_role("button", name="Save the draft").click()
    expect(bare).to_have_url(f"{live}/programmes/{office.programme}/terms/3")
    plain.close()
