"""The way of a commission as a picture: an ordered list of stations with figures, the present one marked, and what came
back (the history of tests/support/quarter.py)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from flask import Flask

from erp.kernel import clock
from erp.kernel.db import rows
from erp.kernel.permissions import Role
from erp.kernel.transaction import release
from tests.pages.conftest import Desk
from tests.pages.test_dashboards import plain
from tests.support.quarter import live_through

STATION = re.compile(
    r'<li class="(done|current|failed|later)"([^>]*)>(.*?)(?=<li class="(?:done|current|failed|later)"|</ol>)',
    re.DOTALL,
)
EARNED = ["Customer paid", "Proven", "Attributed", "Terms and tier", "Rated"]
REST = ["Hold", "Available", "Payout run", "Bank transfer"]


class Stop(NamedTuple):
    title: str
    state: str
    is_current: bool
    text: str


def test_the_way_leads_from_the_payment_to_the_bank_and_shows_what_came_back(
    app: Flask, desk: Callable[[Role], Desk]
) -> None:
    with app.app_context():
        live_through(clock.now())
        lines = {amount: id for id, amount in rows("select id, paid from commission where kind = 'accrual'")}
        release()
    admin = desk(Role.ADMIN)

    def way(payment: int) -> dict[str, Stop]:
        page = admin.get(f"/commissions/{lines[payment]}").text
        drawn = page[page.index('<ol class="journey"') :]
        stops = []
        for state, marks, inside in STATION.findall(drawn[: drawn.index("</ol>") + 5]):
            title = re.search(r"<b>([^<]*)</b>", inside)
            assert title
            stops.append(Stop(title[1], state, 'aria-current="step"' in marks, plain(inside)))
        assert [stop.title for stop in stops] == EARNED + REST
        return {stop.title: stop for stop in stops}

    paid_then_refunded = way(200_000)
    assert {stop.state for stop in paid_then_refunded.values()} == {"done"}
    assert "100.00 ₽" in paid_then_refunded["Available"].text
    assert "−100.00 ₽" in paid_then_refunded["Bank transfer"].text
    assert "a debt that later commissions repay" in paid_then_refunded["Bank transfer"].text
    assert "2,000.00 ₽ × 5 %" in paid_then_refunded["Rated"].text

    on_hold = way(80_000)
    assert on_hold["Hold"].is_current
    assert [on_hold[title].state for title in REST] == ["current", "later", "later", "later"]

    partly_refunded = way(300_000)  # the second of this amount: Cafe Three
    assert partly_refunded["Available"].is_current
    assert "−25.00 ₽" in partly_refunded["Hold"].text
    assert "125.00 ₽" in partly_refunded["Available"].text
