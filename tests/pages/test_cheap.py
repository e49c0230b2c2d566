"""What keeps pages cheap: few looks at the database, and parts that are drawn once for everybody."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from erp.app import create_app
from erp.blueprints.columns import escaped
from erp.domain import bookings
from erp.kernel import clock
from erp.kernel.permissions import Role
from tests.pages.conftest import TOKEN, Desk, asking
from tests.pages.test_waiting import counts
from tests.support import cast
from tests.support.office import Office


def test_a_list_asks_for_its_reader_and_for_its_rows_and_for_nothing_else(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    manager = desk(Role.MANAGER)
    for url in ("/establishments?state=free", "/establishments?state=free&sort=-city&columns=name"):
        manager.get(url)
        with asking() as asked:
            assert manager.get(url).status_code == 200
        assert [("from staff" in sql, "count(*)" in sql) for sql in asked] == [(True, False), (False, True)]


def test_a_page_behind_sign_in_asks_once_who_it_is(desk: Callable[[Role], Desk]) -> None:
    manager = desk(Role.MANAGER)
    manager.get("/me")
    with asking() as asked:
        assert manager.get("/me").status_code == 200
    assert len(asked) == 1


def test_a_session_is_signed_anew_for_whoever_it_changed_for_alone(desk: Callable[[Role], Desk]) -> None:
    manager = desk(Role.MANAGER)
    manager.get("/establishments")
    assert "Set-Cookie" not in manager.get("/establishments").headers


def test_a_page_past_the_end_is_the_last(app: Flask, office: Office) -> None:
    with app.app_context():
        found = bookings.search_places(now=clock.now())
        whole = found.page(1, 100)
        last = found.page(99, 1)
    assert whole.total == len(whole.rows) > 1
    assert (last.page, last.total, last.rows) == (whole.total, whole.total, [whole.rows[-1]])
    with app.app_context():
        nothing = bookings.search_places(now=clock.now(), city="nowhere").page(7)
    assert (nothing.page, nothing.total, list(nothing.rows)) == (1, 0, [])


def test_what_is_drawn_once_is_nobodys(desk: Callable[[Role], Desk], office: Office) -> None:
    one, other = desk(Role.MANAGER), desk(Role.MANAGER)
    one.post("/establishments/views?state=free", name="Only mine <b>")
    for _again in range(2):
        mine, theirs = (who.get("/establishments?state=free").text for who in (one, other))
        assert "Only mine &lt;b&gt;" in mine
        assert "Only mine" not in theirs
        assert set(TOKEN.findall(mine)).isdisjoint(TOKEN.findall(theirs))
        assert "\0" not in mine + theirs
    other.post("/me/preferences", language="ru")
    assert "Столбцы" in other.get("/establishments?state=free").text
    assert "Столбцы" not in one.get("/establishments?state=free").text


def test_a_list_shows_the_state_of_its_address_however_often_it_was_drawn(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    manager = desk(Role.MANAGER)
    for _again in range(2):
        for state, word in (("free", "Free"), ("booked", "Booked")):
            page = manager.get(f"/establishments?state={state}&sort=-name").text
            assert re.search(rf"<option selected value=\"{state}\">{word}</option>", page)
        assert 'aria-sort="descending"' in manager.get("/establishments?sort=-name").text
        assert 'aria-sort="ascending"' in manager.get("/establishments?sort=name").text
        plain = manager.get("/establishments").text
        assert "<option selected" not in plain
        assert "aria-sort" not in plain


def test_a_deed_is_counted_at_once_by_a_process_that_had_counted_before(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    manager, elsewhere = desk(Role.MANAGER), create_app().test_client()
    with app.app_context():
        newcomer = cast.agent(3, name="Carol Sidorova", state="pending")
    first = manager.get("/")
    assert counts(first)["/agents"] == 1

    def there() -> dict[str, int]:
        cookie = manager.client.get_cookie("ref")
        assert cookie
        elsewhere.set_cookie("ref", cookie.value)
        return counts(elsewhere.get("/"))

    assert there() == counts(first)
    reference = re.search(r'/agents/(AGT-\w+)"', manager.get("/agents?state=pending").text)
    assert newcomer
    assert reference
    manager.post(f"/agents/{reference[1]}/activation")
    assert "/agents" not in there()


@pytest.mark.parametrize("texts", [[], [""], ["<b>", "", "a\"&'"], ["one", "two\0three"]])
def test_texts_are_escaped_together_as_each_alone(texts: list[str]) -> None:
    assert escaped(texts) == [str(escape_one) for escape_one in map(_escape, texts)]


def _escape(text: str) -> str:
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")):
        text = text.replace(sign, entity)
    return text


def test_a_cookie_that_was_read_before_is_refused_once_it_is_too_old(
    app: Flask, desk: Callable[[Role], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = desk(Role.MANAGER)
    assert manager.get("/me").status_code == 200
    monkeypatch.setitem(app.config, "PERMANENT_SESSION_LIFETIME", -1)
    assert manager.get("/me").status_code == 303
    monkeypatch.undo()
    assert manager.get("/me").status_code == 200
