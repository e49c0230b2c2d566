"""A re-rate as two people have it: proposed at the terms, counted, approved by another, and then it earns by the new ones."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Browser, Page, expect

from erp.domain import commissions, programmes, staff
from erp.jobs import rerates as job
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.db import db, rows, scalar
from erp.kernel.permissions import Role
from erp.kernel.transaction import transaction
from tests.browser.conftest import PASSWORD
from tests.support.office import Office, pay

BY = Actor.system("tests")
COLLEAGUE = "second@example.test"


def prepared(app: Flask) -> None:
    """The draft of the office's terms is in force, and a colleague may approve."""
    with app.app_context(), transaction():
        now = clock.now()
        programmes.activate(scalar("select id from terms where version = 2"), by=BY, now=now)
        staff.add(COLLEAGUE, "Second Person", PASSWORD, [Role.FINANCE.value], by=BY, now=now)


def counted(app: Flask) -> None:
    """What a worker does."""
    with app.app_context():
        ids = [str(id) for (id,) in rows("select id from rerate where counted_at is null")]
        db.session.rollback()
        job.count(ids)


def earned(app: Flask, order: str) -> int:
    """A customer pays 1,000.00 now; at which version of the terms that earns."""
    with app.app_context():
        pay("shop-1", order, 100_000, clock.now())
        with transaction():
            events = [
                id for (id,) in rows("select id from event where kind = 'payment' order by id desc limit 1")
            ]
            commissions.accrue(events, by=BY, now=clock.now())
        found: int = scalar(
            """select t.version from commission c join terms t on t.id = c.terms_id where c.event_id = :id
               and c.kind = 'accrual'""",
            id=events[0],
        )
    return found


def test_it_is_proposed_counted_approved_by_another_and_earns_from_its_day_on(
    page: Page, browser: Browser, app: Flask, live: str, sign_in: Callable[[Page], None], office: Office
) -> None:
    prepared(app)
    sign_in(page)
    page.goto(f"{live}/programmes/{office.programme}/terms/2")
    page.get_by_role("link", name="Move referrals here…").click()
    expect(page.get_by_text(re.compile("2 referrals"))).to_be_visible()
    page.get_by_label("From", exact=True).fill("2020-01-01")
    page.get_by_label("Reason").select_option("agreed")
    page.get_by_label("Note").fill("By phone")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("By phone")
    with app.app_context():
        day = (clock.now() + dt.timedelta(days=16)).date()
    page.get_by_label("From", exact=True).fill(day.isoformat())
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_label("Agents counted")).to_be_visible()
    counted(app)
    expect(page.get_by_text("What agents win or lose, by the year before")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("You proposed it, so a different person must approve.")).to_be_visible()

    other = browser.new_page()
    other.goto(f"{live}/sign-in")
    other.get_by_label("E-mail").fill(COLLEAGUE)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("navigation", name="Main")).to_be_visible()
    other.goto(page.url)
    other.get_by_role("button", name="Approve").click()
    other.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(other.locator("main")).to_contain_text("Until then it can be withdrawn.")
    other.close()

    assert earned(app, "order-before") == 1
    with app.app_context(), transaction():
        clock.move(clock.now() + dt.timedelta(days=17), by=BY)
    assert earned(app, "order-after") == 2
    page.goto(f"{live}/referrals/{office.referral}")
    expect(page.locator("main")).to_contain_text("from version 1 to version 2: it was agreed with the agent")
