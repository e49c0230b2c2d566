"""What readers feel on the main pages, as Chromium measures it on the instance that is running: `make vitals`.

Each page is opened cold (nothing cached) and warm, on a desk as it is and on a phone four times slower with a slow line
(150 ms, 1.6 Mbit/s). The last line is one JSON object.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks import chromium

VAR = Path(os.environ.get("REF_VAR", "var"))
PAGES = {
    "dashboard": "/",
    "list": "/establishments",
    "agent": "/agents",
    "commission": "/commissions",
    "run": "/payout-runs",
}
"""Of the last three the first thing in the list is opened."""
OPENED = ("agent", "commission", "run")
ROUNDS = 5
DEVICES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
SLOW_LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 95_000}
WATCH = """
  window.seen = {lcp: 0, cls: 0, tbt: 0};
  new PerformanceObserver(list => list.getEntries().forEach(entry => seen.lcp = entry.startTime))
    .observe({type: "largest-contentful-paint", buffered: true});
  new PerformanceObserver(list => list.getEntries().forEach(entry => { if (!entry.hadRecentInput) seen.cls += entry.value }))
    .observe({type: "layout-shift", buffered: true});
  new PerformanceObserver(list => list.getEntries().forEach(entry => seen.tbt += Math.max(0, entry.duration - 50)))
    .observe({type: "longtask", buffered: true});
"""
READ = """() => {
  const way = performance.getEntriesByType("navigation")[0];
  const all = [way, ...performance.getEntriesByType("resource")];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {...seen, fcp: paint ? paint.startTime : 0, ttfb: way.responseStart,
          kilobytes: all.reduce((sum, entry) => sum + entry.transferSize, 0) / 1024};
}"""


def main() -> None:
    try:
        url = json.loads((VAR / "running.json").read_text())["REF_PUBLIC_URL"]
        staff = json.loads((VAR / "demo.json").read_text())["staff"]
    except FileNotFoundError as missing:
        sys.exit(f"{missing.filename} is missing: start the demo first, with make demo, and leave it running")
    login = next(login for login in staff if "manager" in login["roles"])
    measures: dict[str, dict[str, float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.FLAGS)
        for device in DEVICES:
            for name in PAGES:
                measures |= _measured(browser, url, login, device, name)
    print(json.dumps({"name": "vitals", "parameters": {"rounds": ROUNDS}, "measures": measures}))


def _measured(
    browser: Browser, url: str, login: dict[str, str], device: str, name: str
) -> dict[str, dict[str, float]]:
    """The medians of one page on one device, cold and warm, told as they come."""
    rounds: dict[str, list[dict[str, float]]] = {"cold": [], "warm": []}
    for _ in range(ROUNDS):
        with browser.new_context(base_url=url, **DEVICES[device]) as context:
            path = _sign_in(context, login, name)
            page = _page(context, device)
            rounds["cold"].append(_visit(page, path, cached=False))
            rounds["warm"].append(_visit(page, path, cached=True))
    medians = {
        f"{device}.{name}.{kind}": {
            key: round(statistics.median(visit[key] for visit in visits), 3) for key in visits[0]
        }
        for kind, visits in rounds.items()
    }
    for key, median in medians.items():
        print(f"{key:24}", "  ".join(f"{what} {value:g}" for what, value in median.items()))
    return medians


def _sign_in(context: BrowserContext, login: dict[str, str], name: str) -> str:
    """Sign in; the address of the page that is to be measured."""
    page = context.new_page()
    page.goto("/sign-in")
    page.locator("input[name=email]").fill(login["email"])
    page.locator("input[name=password]").fill(login["password"])
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/")
    path = PAGES[name]
    if name in OPENED:
        page.goto(path)
        path = page.locator("#rows tbody a").first.get_attribute("href") or path
    page.close()
    return path


def _page(context: BrowserContext, device: str) -> Page:
    page = context.new_page()
    page.add_init_script(WATCH)
    if device == "phone":
        devtools = context.new_cdp_session(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", SLOW_LINE)
    return page


def _visit(page: Page, path: str, *, cached: bool) -> dict[str, float]:
    devtools = page.context.new_cdp_session(page)
    if not cached:
        devtools.send("Network.clearBrowserCache")
    page.goto(path)
    page.wait_for_load_state("networkidle")
    seen: dict[str, float] = page.evaluate(READ)
    return seen


if __name__ == "__main__":
    main()
