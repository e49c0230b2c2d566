"""Dashboards add up: every figure opens into exactly the rows that it counts or sums."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from html import unescape
from urllib.parse import urlsplit

from flask import Flask

from erp.domain import staff
from erp.kernel import clock
from erp.kernel.db import rows
from erp.kernel.permissions import Role
from erp.kernel.transaction import transaction
from tests.pages.conftest import PASSWORD, TEST, Desk, sign_in
from tests.support.office import Office
from tests.support.quarter import live_through

BOARDS = ("manager", "finance", "support", "admin", "auditor", "turnover")
LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
BAR = re.compile(r'<tr><td><a href="([^"]+)">[^<]*</a></td>((?:<td class="num">[^<]*</td>)+)</tr>')
NUMBER = re.compile(r"−?[\d,]+")
MONEY = re.compile(r"−?[\d,]+\.\d\d ₽")
SUMMED = {"/commissions": "Left", "/payments": "Amount", "/payouts": "Amount", "/agents": "Available"}
"""The column of a list that a sum of money is made of."""


def test_every_figure_equals_the_rows_it_opens_into(app: Flask) -> None:
    with app.app_context():
        live_through(clock.now())
    colleague = everybody(app)
    checked = 0
    for board in BOARDS:
        for days in (30, 90):
            page = colleague.get(f"/dashboards/{board}?days={days}").text
            for url, figure in figures(page):
                assert figure == listed(colleague, url, money="₽" in figure), f"{board}: {figure} at {url}"
                checked += 1
    assert checked > 150


def test_what_is_owed_opens_into_its_lines_on_the_pages_of_agents_and_commissions(app: Flask) -> None:
    with app.app_context():
        live_through(clock.now())
        references = [reference for (reference,) in rows("select reference from agent order by id")]
    colleague, checked = everybody(app), 0
    for page in ("/commissions", *(f"/agents/{reference}" for reference in references)):
        for url, figure in figures(colleague.get(page).text):
            if "₽" in figure and ("account=" in url or "by=" in url or page == "/commissions"):
                asked = figure.removeprefix("−")
                assert asked == listed(colleague, url, money=True), f"{page}: {figure} at {url}"
                checked += 1
    assert checked > 15


def everybody(app: Flask) -> Desk:
    """Somebody with every role."""
    with app.app_context(), transaction():
        roles = [role.value for role in Role]
        id = staff.add("all@example.test", "All Roles", PASSWORD, roles, by=TEST, now=clock.now())
    client = app.test_client()
    assert sign_in(client, "all@example.test").status_code == 303
    return Desk(client, id, Role.ADMIN)


def figures(page: str) -> Iterator[tuple[str, str]]:
    """(address, figure) of every number that is a link, and of every bar of a chart, whose parts are one number."""
    main = page[page.index("<main") :]
    for url, words in LINK.findall(main):
        text = unescape(re.sub(r"<[^>]+>", "", words)).replace("\xa0", " ").strip()
        if waits := re.match(r"<svg.*?</svg><b>([\d,]+)</b>", words.strip(), re.DOTALL):
            text = waits[1]
        if NUMBER.fullmatch(text) or MONEY.fullmatch(text):
            yield unescape(url), text
    for url, cells in BAR.findall(main):
        values = [unescape(cell).replace("\xa0", " ") for cell in re.findall(r">([^<]*)</td>", cells)]
        total = sum(map(value, values))
        yield unescape(url), written(total, money="₽" in values[0])


def listed(colleague: Desk, url: str, *, money: bool) -> str:
    """How many rows a list has on all its pages, or what their column of money adds up to."""
    page = colleague.get(url)
    assert page.status_code == 200, url
    if not money:
        counted = re.search(r"<span>[\d,]+–[\d,]+ of ([\d,]+)</span>", page.text)
        return counted[1] if counted else preview(page.text)
    path = urlsplit(url).path
    column = "Refunded" if "by=refunded" in url else SUMMED.get(path, "Amount")
    total, rows = summed(page.text, column)
    assert rows is None or rows == total, f"{url} does not sum up itself"
    return written(abs(total), money=True)


def preview(page: str) -> str:
    """Rows of a page that is no list: whom a run made now would pay. Otherwise the list is empty."""
    _, found, table = page.partition("Will be paid")
    return str(table.partition("<tfoot>")[0].count("<tr><td")) if found else "0"


def summed(page: str, column: str) -> tuple[Decimal, Decimal | None]:
    """What a list says its column adds up to, and, when all of it is on one page, what its rows do."""
    if 'id="rows"' not in page or "<table" not in page:
        return Decimal(0), None
    table = page[page.index('id="rows"') :].partition("</table>")[0]
    heads = [plain(head) for head in re.findall(r"<th\b.*?</th>", table.partition("<tbody>")[0], re.DOTALL)]
    body, _, foot = table.partition("<tbody>")[2].partition("</tbody>")
    at = heads.index(column)
    total = value(plain(CELL.findall(foot)[at]))
    if 'aria-label="Pages"' in page:
        return total, None
    rows = [CELL.findall(row) for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)]
    return total, sum((value(plain(row[at])) for row in rows), Decimal(0))


CELL = re.compile(r"<t[dh]\b.*?</t[dh]>", re.DOTALL)


def plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html)).replace("\xa0", " ").strip()


def value(text: str) -> Decimal:
    number = text.removesuffix("₽").strip().replace(",", "").replace("−", "-")
    return Decimal(number) if number != "—" else Decimal(0)


def written(total: Decimal, *, money: bool) -> str:
    return f"{total:,.2f} ₽" if money else f"{total:,.0f}"


def test_everybody_starts_at_the_dashboard_of_their_role(desk: Callable[[Role], Desk]) -> None:
    for role, board in {
        Role.MANAGER: "What moved",
        Role.FINANCE: "Becomes available, by week",
        Role.SUPPORT: "Agents in trouble",
        Role.ADMIN: "Periodic work",
        Role.AUDITOR: "Latest deeds",
    }.items():
        colleague = desk(role)
        first = colleague.get("/").text
        assert board in first, role
        offered = re.findall(r'href="(/dashboards/\w+)"', first)
        assert f"/dashboards/{role}" in offered
        assert all(colleague.get(url).status_code == 200 for url in offered)


def test_the_history_of_every_noun_is_told_in_words_page_by_page(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    admin = desk(Role.ADMIN)
    nouns = (
        "establishments",
        "bookings",
        "agents",
        "referrals",
        "customers",
        "payments",
        "payouts",
        "commissions",
    )
    told = [
        url for url in office.pages if url.split("/")[1] in nouns and url.count("/") == 2 and "?" not in url
    ]
    assert len(told) >= len(nouns)
    for url in told:
        for query in (
            "tab=history",
            "tab=history&order=oldest&page=99",
            "tab=history&source=money",
            "tab=history&source=%00",
        ):
            whole = admin.get(f"{url}?{query}")
            assert whole.status_code == 200, f"{url}?{query}"
            assert 'class="line"' in whole.text or "Nothing of this kind has happened" in whole.text, url
        part = admin.get(f"{url}?tab=history", part=True).text
        assert part.count('id="rows"') == 1, url
        assert "<html" not in part, url
    page = admin.get(f"/payments/{office.payment}?tab=history").text
    assert "The customer paid 3,000.00" in plain(page)
    assert "from “the owner&#39;s expense” to “on hold”" in page
