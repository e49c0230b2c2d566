"""A deed for many rows: chosen, shown before it is done, done row by row, told row by row."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from erp.domain import bookings, staff
from erp.kernel import bulk, clock
from erp.kernel.actor import Actor
from erp.kernel.db import rows, scalar
from erp.kernel.permissions import Role
from erp.kernel.transaction import transaction
from tests.pages.conftest import Desk
from tests.support import cast
from tests.support.office import Office

TESTS = Actor.system("tests")


def booked(number: int) -> list[str]:
    """The ids of so many open bookings of one agent."""
    alice = cast.agent(1)
    places = cast.places(*(f"Place {at}" for at in range(number)))
    with transaction():
        return [str(bookings.book(alice, place.id, by=TESTS, now=clock.now()).id) for place in places]


def choose(colleague: Desk, url: str, **chosen: object) -> str:
    """Choose rows for a deed; the address of its preview."""
    answer = colleague.post(url, **chosen)
    assert answer.status_code == 303, answer.text[:300]
    return answer.headers["Location"]


def endings(app: Flask) -> list[str | None]:
    with app.app_context():
        return [ending for (ending,) in rows("select ending from booking order by id")]


def test_a_preview_says_what_would_change_and_changes_nothing(
    app: Flask, desk: Callable[[Role], Desk]
) -> None:
    with app.app_context():
        ids = booked(3)
        with transaction():
            bookings.release(bookings.search().page().rows[0].id, by=TESTS, now=clock.now())
    support = desk(Role.SUPPORT)
    page = support.get(choose(support, "/bookings/bulk/release?state=open", row=ids)).text
    assert "2 rows chosen" in page  # the third is filtered out
    page = support.get(choose(support, "/bookings/bulk/release", row=ids)).text
    assert "3 rows chosen" in page
    assert len(re.findall(r"Stage: <s>.*?Booked.*?</s> → <b>.*?Released", page)) == 2
    assert page.count("This booking has ended.") == 1
    assert endings(app).count("released") == 1
    with app.app_context():
        assert scalar("select count(*) from audit_entry where action = 'booking.released'") == 1


def test_each_row_is_its_own_decision_and_says_what_became_of_it(
    app: Flask, desk: Callable[[Role], Desk]
) -> None:
    with app.app_context():
        ids = booked(3)
    support = desk(Role.SUPPORT)
    url = choose(support, "/bookings/bulk/release?sort=agent", row=ids)
    with app.app_context(), transaction():
        bookings.release(bookings.search().page().rows[0].id, by=TESTS, now=clock.now())
    done = support.post(f"{url}/confirmation")
    assert (done.status_code, done.headers["Location"]) == (303, url)
    page = support.get(url).text
    assert "2 were done, 1 was refused" in page
    assert "This booking has ended." in page
    assert 'href="/bookings?sort=agent"' in page
    assert endings(app) == ["released"] * 3
    assert "This was confirmed before" in support.post(f"{url}/confirmation").text


def test_all_that_fit_the_filters_are_chosen_without_ticking_any(
    app: Flask, desk: Callable[[Role], Desk]
) -> None:
    with app.app_context():
        booked(4)
    manager = desk(Role.MANAGER)
    url = choose(manager, "/bookings/bulk/extend?q=place", all="yes")
    assert "4 rows chosen" in manager.get(url).text
    unsaid = manager.post(f"{url}/confirmation")
    assert unsaid.status_code == 422
    assert "This is needed" in unsaid.text
    manager.post(f"{url}/confirmation", note="A fair takes place")
    with app.app_context():
        assert scalar("select count(*) from booking where extension_note = 'A fair takes place'") == 4


def test_many_rows_are_done_by_a_worker(
    app: Flask, desk: Callable[[Role], Desk], work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        booked(3)
    manager = desk(Role.MANAGER)
    url = choose(manager, "/bookings/bulk/release", all="yes")
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    manager.post(f"{url}/confirmation")
    page = manager.get(url).text
    assert endings(app) == [None] * 3
    assert 'hx-trigger="every 1s"' in page
    work()
    page = manager.get(url, part=True).text
    assert endings(app) == ["released"] * 3
    assert "3 were done" in page
    assert "every 1s" not in page


def test_what_was_done_can_be_taken_back_where_that_is_possible(
    app: Flask, desk: Callable[[Role], Desk]
) -> None:
    with app.app_context():
        ids = [str(cast.agent(1)), str(cast.agent(2))]
    manager = desk(Role.MANAGER)
    url = choose(manager, "/agents/bulk/suspend", row=ids)
    manager.post(f"{url}/confirmation", reason="A check")
    assert "Activate: the 2 that were done" in manager.get(url).text
    back = manager.post(f"{url}/undo").headers["Location"]
    assert back != url
    manager.post(f"{back}/confirmation")
    with app.app_context():
        assert [state for (state,) in rows("select state from agent")] == ["active", "active"]


def test_jobs_that_were_given_up_are_tried_again_together(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    finance = desk(Role.FINANCE)
    url = choose(finance, "/jobs/bulk/retry?state=given_up", all="yes")
    assert "Given up" in finance.get(url).text
    finance.post(f"{url}/confirmation")
    with app.app_context():
        assert scalar("select attempts from outbox where id = :id", id=office.job) == 0


def test_payouts_leave_a_draft_run_together(app: Flask, desk: Callable[[Role], Desk], office: Office) -> None:
    finance = desk(Role.FINANCE)
    url = choose(finance, "/payouts/bulk/withdraw", all="yes")
    assert "Prepared" in finance.get(url).text
    finance.post(f"{url}/confirmation")
    with app.app_context():
        assert scalar("select state from payout where reference = :ref", ref=office.payout) == "withdrawn"


def test_colleagues_who_may_do_it_see_a_bulk_deed_and_who_chose_confirms_it(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    manager, colleague, auditor = desk(Role.MANAGER), desk(Role.MANAGER), desk(Role.AUDITOR)
    assert "bulk" not in auditor.get("/bookings").text
    assert auditor.post("/bookings/bulk/release", all="yes").status_code == 403
    url = choose(manager, "/bookings/bulk/release", all="yes")
    assert "Manager 1 chose these rows" in colleague.get(url).text
    assert "Only who chose the rows may confirm it" in colleague.post(f"{url}/confirmation").text
    assert auditor.get(url).status_code == 403
    with app.app_context(), transaction():
        staff.change_roles(manager.id, [Role.AUDITOR], by=TESTS, now=clock.now())
    assert manager.post(f"{url}/confirmation").status_code == 403


def test_nothing_chosen_is_refused(app: Flask, desk: Callable[[Role], Desk], office: Office) -> None:
    manager = desk(Role.MANAGER)
    nothing = manager.post("/bookings/bulk/release?state=open")
    assert nothing.headers["Location"] == "/bookings?state=open"
    assert "Choose the rows first" in manager.get("/bookings").text
