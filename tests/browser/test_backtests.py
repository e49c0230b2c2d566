"""A back-test as a manager has it: asked for at the draft, watched, read, and opened down to the lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
from flask import Flask
from playwright.sync_api import Page, expect

from erp.jobs import backtests as job
from erp.kernel.db import db, scalar
from tests.support.office import Office


def replay(app: Flask, reference: str) -> None:
    """What a worker does."""
    with app.app_context():
        id = scalar("select id from back_test where reference = :reference", reference=reference)
        db.session.rollback()
        job.run([str(id)])


def test_from_a_draft_to_the_lines_that_would_change(
    page: Page, app: Flask, live: str, sign_in: Callable[[Page], None], office: Office, tmp_path: Path
) -> None:
    sign_in(page)
    page.goto(f"{live}/programmes/{office.programme}/terms/2")
    page.get_by_role("link", name="Back-test", exact=True).click()
    expect(page.get_by_label(re.compile("Version 2, a draft"))).to_be_checked()
    page.get_by_label(re.compile("Version 1, active")).check()
    page.get_by_label("Agents").fill("NOBODY")
    page.get_by_role("button", name="Replay the history").click()
    expect(page.get_by_role("alert")).to_contain_text("There are no agents with these codes: NOBODY.")
    expect(page.get_by_label(re.compile("Version 1, active"))).to_be_checked()
    page.get_by_label("Agents").fill("")
    page.get_by_role("button", name="Replay the history").click()

    expect(page.get_by_text("Waits for a worker").first).to_be_visible()
    expect(page.get_by_label("Agents replayed")).to_be_visible()
    reference = page.url.rpartition("/")[2]
    replay(app, reference)
    expect(page.get_by_text("Checked: replayed under their own terms")).to_be_visible()
    expect(
        page.get_by_role("cell", name="Total cost").or_(page.get_by_role("rowheader", name="Total cost"))
    ).to_be_visible()
    expect(page.get_by_role("region", name="Cost by month")).to_be_visible()

    page.get_by_role("navigation", name="Which version to look at closely").get_by_role(
        "link", name="Version 2"
    ).click()
    expect(page).to_have_url(re.compile("version=2"))
    page.get_by_role("link", name="All agents").click()
    page.get_by_label("Everybody").select_option("more")
    expect(page).to_have_url(re.compile("way=more"))
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    page.locator("#rows tbody tr a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lines of")
    expect(page.locator("#rows tbody")).to_contain_text("The rate is 6 % (Bronze, volume 2) instead of 5 %")

    found = [_kept(page, format, tmp_path) for format in ("CSV", "XLSX")]
    with found[0].open(encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))
    assert lines
    assert {line["Why"] != "" for line in lines} == {True}
    sheet = openpyxl.load_workbook(found[1]).active
    assert sheet is not None
    assert sheet.max_row == len(lines) + 1


def _kept(page: Page, format: str, folder: Path) -> Path:
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=format).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    page.reload()
    return path


def test_it_is_cancelled_repeated_and_deleted(
    page: Page, live: str, sign_in: Callable[[Page], None], office: Office
) -> None:
    sign_in(page)
    page.goto(f"{live}/back-tests/{office.running_back_test}")
    page.get_by_role("button", name="Cancel the back-test").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the back-test").click()
    expect(page.get_by_text("It was cancelled before any agent was replayed.")).to_be_visible()
    page.get_by_role("button", name="Repeat").click()
    page.get_by_role("dialog").get_by_role("button", name="Repeat").click()
    expect(page.get_by_text("Waits for a worker").first).to_be_visible()
    page.goto(f"{live}/back-tests/{office.running_back_test}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(f"{live}/back-tests")
    expect(page.locator("#rows")).not_to_contain_text(office.running_back_test)
