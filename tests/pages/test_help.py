"""Every page explains itself: why it is there, its words, and what one can do."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from erp.access import declared
from erp.blueprints.glossary import WORDS
from erp.blueprints.help import PAGES
from erp.kernel.permissions import Role
from tests.pages.conftest import Desk
from tests.support.office import Office

PARTS_ALONE = {
    "backtests.status",
    "payout_runs.status",
    "rerates.status",
    "seal_roots.file",
    "seal_roots.public_key",
    "ui.drawer",
    "ui.progress",
}
"""What answers no page, but a part of one, or a file."""


def pages(app: Flask) -> set[str]:
    """The endpoints that show staff a page."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and (access := declared(app, rule.endpoint))
        and access.audience == "staff"
    } - PARTS_ALONE


def test_every_page_has_its_help_and_no_help_is_without_a_page(app: Flask) -> None:
    assert pages(app) - PAGES.keys() == set(), "write their help in erp/blueprints/help.py"
    assert PAGES.keys() - pages(app) == set()


def test_help_explains_known_words_and_no_word_is_explained_nowhere() -> None:
    used = {key for help in PAGES.values() for key in help.words}
    assert used == WORDS.keys()
    assert all(help.can for help in PAGES.values())


def test_help_opens_in_place_and_as_a_page(desk: Callable[[Role], Desk], office: Office) -> None:
    support = desk(Role.SUPPORT)
    assert 'href="/help/agents.show"' in support.get(f"/agents/{office.agent}").text
    part, page = support.get("/help/agents.show", part=True), support.get("/help/agents.show")
    for answer in (part, page):
        assert answer.status_code == 200
        assert "referral code, for life" in answer.text
    assert "<html" not in part.text
    assert "<html" in page.text
    assert support.get("/help/nothing").status_code == 404


OF_FINANCE = ("/payout", "/settlements", "/write-offs")
ABOVE = {"bulk": "/agents"}


def test_every_page_below_a_list_leads_back_to_it(desk: Callable[[Role], Desk], office: Office) -> None:
    admin, finance = desk(Role.ADMIN), desk(Role.FINANCE)
    below = [page for page in office.pages if not page.startswith("/help")]
    for url in [*below, "/staff/new", "/programmes/new", "/api-keys/new", "/payout-runs/new"]:
        page = finance.get(url) if url.startswith(OF_FINANCE) else admin.get(url)
        above = ABOVE.get(url.split("/")[1]) or "/" + url.split("/")[1]
        crumbs = page.text.partition('<nav class="crumbs"')[2].partition("</nav>")[0]
        assert f'<a href="{above}">' in crumbs, url
        assert 'aria-current="page"' in crumbs, url
