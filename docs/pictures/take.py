"""`make screenshots`: the pictures of README, taken in Chromium from the demo that is running."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import chromium

HERE = Path(__file__).parent
VAR = Path(os.environ.get("REF_VAR", "var"))


class Picture(NamedTuple):
    """Of `path`, or of the first row of the list at `path`, as a person of `role` sees it."""

    name: str
    role: str
    path: str
    opens_first: bool = False
    language: str = "en"
    theme: str = "light"
    width: int = 1280
    height: int = 860


PICTURES = (
    Picture("manager", "manager", "/"),
    Picture("finance-dark", "finance", "/", theme="dark"),
    Picture("why-this-amount", "manager", "/commissions?state=available", opens_first=True),
    Picture("bookings", "manager", "/bookings"),
    Picture("phone", "manager", "/", language="ru", width=390, height=844),
)


def main() -> None:
    try:
        url = json.loads((VAR / "running.json").read_text())["REF_PUBLIC_URL"]
        staff = json.loads((VAR / "demo.json").read_text())["staff"]
    except FileNotFoundError as missing:
        sys.exit(f"{missing.filename} is missing: start the demo first, with make demo, and leave it running")
    logins = {role: login for login in reversed(staff) for role in login["roles"]}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.FLAGS)
        for picture in PICTURES:
            take(browser, url, picture, logins[picture.role])
            print(HERE / f"{picture.name}.png")


def take(browser: Browser, url: str, picture: Picture, login: dict[str, str]) -> None:
    """In a browser of its own, which has the picture's size, theme and language."""
    with browser.new_context(
        base_url=url,
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.theme == "dark" else "light",
        locale=picture.language,
        reduced_motion="reduce",
    ) as context:
        page = context.new_page()
        sign_in(page, login)
        page.goto(picture.path)
        if picture.opens_first:
            page.goto(page.locator("#rows tbody a").first.get_attribute("href") or "")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=HERE / f"{picture.name}.png")


def sign_in(page: Page, login: dict[str, str]) -> None:
    page.goto("/sign-in")
    page.locator("input[name=email]").fill(login["email"])
    page.locator("input[name=password]").fill(login["password"])
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/")


if __name__ == "__main__":
    main()
