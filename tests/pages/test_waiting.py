"""What waits for a person is counted in the navigation, for whoever may do something about it."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from werkzeug.test import TestResponse

from erp.domain import analytics
from erp.kernel.db import execute, scalar
from erp.kernel.permissions import Role
from erp.kernel.transaction import snapshot
from tests.pages.conftest import Desk, asking
from tests.support import cast
from tests.support.office import Office

ITEM = re.compile(r'<li><a href="([^"]+)"[^>]*>.*?</a></li>')
COUNT = re.compile(r'class="badge"[^>]*>(\d+)<')


def counts(page: TestResponse) -> dict[str, int]:
    """The numbers in the navigation, by the page they stand at."""
    items = {item[1]: COUNT.search(item[0]) for item in ITEM.finditer(page.text)}
    return {url: int(found[1]) for url, found in items.items() if found}


def test_each_role_sees_how_much_waits_for_it(desk: Callable[[Role], Desk], office: Office) -> None:
    manager, finance, auditor = desk(Role.MANAGER), desk(Role.FINANCE), desk(Role.AUDITOR)
    assert counts(manager.get("/")) == {
        "/cases": 1,
        "/disputes": 1,
        "/freezes": 1,
        "/reversals": 1,
        "/programmes": 1,
        "/rerates": 1,
    }
    assert counts(finance.get("/")) == {
        "/disputes": 1,
        "/freezes": 1,
        "/reversals": 1,
        "/payments": 1,
        "/payout-runs": 1,
        "/write-offs": 1,
        "/rerates": 1,
        "/jobs": 2,
    }
    assert counts(auditor.get("/")) == {}


def test_a_deed_is_counted_at_once_in_place_and_on_the_next_page(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    manager = desk(Role.MANAGER)
    with app.app_context():
        cast.agent(3, name="Carol Sidorova", state="pending")
        newcomer = scalar("select reference from agent where state = 'pending'")
    assert counts(manager.get("/"))["/agents"] == 1
    part = manager.post(f"/agents/{newcomer}/activation", part=True)
    assert "<hx-partial" in part.text
    assert counts(part) == {
        "/cases": 1,
        "/disputes": 1,
        "/freezes": 1,
        "/reversals": 1,
        "/programmes": 1,
        "/rerates": 1,
    }
    assert counts(manager.get("/")) == counts(part)


def test_the_counts_cost_a_page_no_query_of_their_own(desk: Callable[[Role], Desk], office: Office) -> None:
    manager = desk(Role.MANAGER)
    manager.get("/agents")
    with asking() as asked:
        manager.get("/agents")
    assert asked
    assert not [sql for sql in asked if "attribution_case" in sql]


def test_every_count_of_what_waits_reads_an_index(app: Flask, office: Office) -> None:
    with app.app_context(), snapshot():
        execute("set local enable_seqscan = off")
        for name, count in analytics.WAITING.items():
            plan = "\n".join(line for (line,) in execute(f"explain {count}"))
            if name != "runs_to_approve":  # there are as many runs as weeks
                assert "Index" in plan, f"{name}:\n{plan}"
