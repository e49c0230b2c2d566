"""What holds of every page there is: it opens, it leads nowhere closed, it breaks no policy."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from html import unescape
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from flask import Flask

from erp.access import declared
from erp.kernel.permissions import Role
from tests.pages.conftest import Desk
from tests.pages.test_russian import FOR_PROGRAMS, Spoken
from tests.support.office import Office

HREF = re.compile(r'<a\b[^>]*\bhref="([^"]+)"')
INLINE = {
    "an inline style": re.compile(r"<[^>]+\sstyle\s*="),
    "a style sheet": re.compile(r"<style\b"),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc=)"),
    "an inline handler": re.compile(r"<[^>]+\son[a-z]+\s*="),
}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.FINANCE, Role.AUDITOR])
def test_every_link_that_is_offered_opens(desk: Callable[[Role], Desk], office: Office, role: Role) -> None:
    """Every page and every value of its query; filters can be combined without end, and are not."""
    colleague = desk(role)
    queue, seen = deque(["/", *(page for page in office.pages if colleague.may_open(page))]), set()
    while queue:
        url = queue.popleft()
        path, _, query = url.partition("?")
        parts = {(path, part) for part in query.split("&")}
        if parts <= seen:
            continue
        seen |= parts
        page = colleague.get(url)
        assert page.status_code == 200, f"{url}: {page.status_code} {page.text[:300]}"
        for link in map(unescape, HREF.findall(page.text)):
            target = urldefrag(urljoin(url, link)).url
            if not urlsplit(target).netloc and not target.startswith("/static/"):
                queue.append(target)
    assert len(seen) > 40


def test_every_page_of_one_thing_opens_for_whoever_may_read_it(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    colleagues = [desk(Role.ADMIN), desk(Role.FINANCE), desk(Role.MANAGER)]
    for url in office.pages:
        answers = [colleague.get(url).status_code for colleague in colleagues]
        assert 200 in answers, url
        assert set(answers) <= {200, 403}, url


def test_every_page_has_one_heading_and_it_is_in_its_content(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    """A part that lands in the wrong block makes browsers move it about, silently."""
    admin = desk(Role.ADMIN)
    for url in [*LISTS, *office.pages]:
        head, _, body = admin.get(url).text.partition("</head>")
        _, _, content = body.partition("<main")
        assert set(TAG.findall(head)) <= OF_HEADS, url
        assert (body.count("<h1"), content.count("<h1")) == (1, 1), url


def test_every_page_has_a_title_of_its_own(desk: Callable[[Role], Desk], office: Office) -> None:
    """In a row of tabs or a history one page is told from another by nothing else."""
    admin = desk(Role.ADMIN)
    titled: dict[str, str] = {}
    for url in [*LISTS, *BOARDS, *(page for page in office.pages if "?" not in page)]:
        title = TITLE.search(admin.get(url).text)
        assert title, url
        assert title[1] not in titled, f"{url} is called {title[1]!r}, as is {titled[title[1]]}"
        titled[title[1]] = url


def test_no_page_says_what_only_programs_read(desk: Callable[[Role], Desk], office: Office) -> None:
    """No id of a row, no name in the code, no moment as it is stored; but where it is marked as such."""
    admin = desk(Role.ADMIN)
    for url in [*LISTS, *BOARDS, *office.pages]:
        for said in Spoken(admin.get(url).text).said:
            assert not RAW.search(FOR_PROGRAMS.sub("", said)), f"{url} says {said.strip()!r}"


TITLE = re.compile(r"<title>([^<]+)</title>")
RAW = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-|\b[a-z]+_[a-z_]+\b|\b\d{4}-\d\d-\d\d|\b(?:undefined|NaN)\b|Decimal\("
)
BOARDS = [f"/dashboards/{name}" for name in ("manager", "finance", "support", "admin", "auditor", "turnover")]
TAG = re.compile(r"<([a-z][a-z0-9]*)")
OF_HEADS = {"html", "head", "meta", "title", "link", "script"}


def test_no_page_carries_what_the_policy_forbids(desk: Callable[[Role], Desk], office: Office) -> None:
    admin = desk(Role.ADMIN)
    for url in [*LISTS, *office.pages]:
        page = admin.get(url)
        policy = page.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        for name, pattern in INLINE.items():
            assert not pattern.search(page.text), f"{url} carries {name}"


LISTS = [
    "/establishments",
    "/bookings",
    "/agents",
    "/referrals",
    "/cases",
    "/commissions",
    "/disputes",
    "/reversals",
    "/freezes",
    "/payments",
    "/payouts",
    "/payout-runs",
    "/settlements",
    "/write-offs",
    "/ledger/journal",
    "/programmes",
    "/rerates",
    "/back-tests",
    "/audit",
    "/jobs",
    "/staff",
    "/api-keys",
]


def test_a_list_gives_htmx_its_rows_alone(desk: Callable[[Role], Desk], office: Office) -> None:
    admin = desk(Role.ADMIN)
    for url in LISTS:
        part, whole = admin.get(url, part=True), admin.get(url)
        assert part.text.count('id="rows"') == 1, url
        assert "<html" not in part.text, url
        assert "<html" in whole.text, url
        assert 'id="rows"' in whole.text, url
        for answer in (part, whole):
            assert {"HX-Request", "HX-Request-Type"} <= set(answer.vary), url


def test_a_list_takes_any_address_for_what_it_is(desk: Callable[[Role], Desk], office: Office) -> None:
    admin = desk(Role.ADMIN)
    for url in LISTS:
        for query in (
            "q=%25%27--&page=0",
            "page=99999999999999999999",
            "sort=-nonsense&state=nonsense&page=-3",
        ):
            assert admin.get(f"{url}?{query}").status_code == 200, f"{url}?{query}"
        assert admin.get(f"{url}?q=%00").status_code in (200, 400), url


def test_what_is_not_there_says_so_without_a_trace(desk: Callable[[Role], Desk], office: Office) -> None:
    page = desk(Role.ADMIN).get("/agents/AGT-NOBODY00")
    assert page.status_code == 404
    assert "There is nothing here under this reference" in page.text


def test_a_crash_shows_a_number_and_no_trace(
    app: Flask, desk: Callable[[Role], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = desk(Role.ADMIN)
    monkeypatch.setattr("erp.blueprints.jobs.outbox.search", lambda **_filters: 1 / 0)
    page = admin.get("/jobs")
    assert page.status_code == 500
    assert "Something broke on our side" in page.text
    assert page.headers["X-Request-Id"] in page.text
    for word in ("Traceback", "ZeroDivisionError", "erp/blueprints"):
        assert word not in page.text


def test_every_page_there_is_has_an_example_that_is_looked_at(app: Flask, office: Office) -> None:
    """The sweeps over pages (links, policy, readability, Russian) go over these; so a new page cannot be forgotten."""
    adapter = app.url_map.bind("ref.test")
    looked_at = {adapter.match(page)[0] for page in office.pages}
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.arguments
        and "GET" in (rule.methods or ())
        and (access := declared(app, rule.endpoint))
        and access.audience == "staff"
    }
    assert pages - looked_at - PARTS_ALONE == set(), "give tests/support/office.py one of it"


PARTS_ALONE = {
    "backtests.status",
    "payout_runs.status",
    "rerates.status",
    "seal_roots.file",
    "seal_roots.public_key",
}
"""What answers no page, but a part of one, or a file."""
