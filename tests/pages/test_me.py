"""One's own preferences and password: what is chosen holds on every page, before sign-in too."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient

from erp.domain import staff
from erp.kernel.permissions import Role
from erp.kernel.sentences import formatted
from tests.pages.conftest import HTMX, PASSWORD, Desk, sign_in, token_on

Seat = Callable[[Role], Desk]
NEXT = "battery staple horse"


def test_a_browser_is_answered_in_the_language_it_asks_for(client: FlaskClient) -> None:
    for asked, language, heading in (
        ("ru,en;q=0.5", "ru", "Войти"),
        ("de", "en", "Sign in"),
        ("", "en", "Sign in"),
    ):
        page = client.get("/sign-in", headers={"Accept-Language": asked})
        assert f'<html lang="{language}"' in page.text
        assert f"<h1>{heading}</h1>" in page.text


def test_what_is_chosen_before_sign_in_is_kept_by_the_browser(client: FlaskClient) -> None:
    token = token_on(client.get("/sign-in?next=/agents"))
    for choice in ({"language": "ru"}, {"theme": "dark"}, {"language": "tlh"}):
        answer = client.post("/sign-in/preferences", data={"csrf_token": token, "next": "/agents", **choice})
        assert answer.headers["Location"] == "/sign-in?next=/agents"
    page = client.get("/sign-in")
    assert 'lang="en"' in page.text, "what is not there is forgotten"
    assert 'data-theme="dark"' in page.text


def test_preferences_hold_on_every_page_and_in_every_browser(app: Flask, desk: Seat) -> None:
    support = desk(Role.SUPPORT)
    answer = support.post("/me/preferences", language="ru", theme="dark", zone="Asia/Yerevan")
    assert answer.headers["Location"] == "/me"
    page = support.get("/me").text
    assert '<html lang="ru" data-theme="dark">' in page
    assert "Ваши настройки сохранены" in page
    assert '<option selected value="Asia/Yerevan">UTC+4, Ереван</option>' in page
    elsewhere = app.test_client()
    sign_in(elsewhere, "support1@example.test")
    assert '<html lang="ru" data-theme="dark">' in elsewhere.get("/").text
    elsewhere.post("/sign-out", data={"csrf_token": token_on(elsewhere.get("/"))})
    assert '<html lang="ru" data-theme="dark">' in elsewhere.get("/sign-in").text


def test_the_menu_changes_one_thing_and_leads_back(desk: Seat) -> None:
    support = desk(Role.SUPPORT)
    support.post("/me/preferences", theme="dark", next="/bookings?q=aino")
    answer = support.post("/me/preferences", language="ru", next="/bookings?q=aino")
    assert answer.headers["Location"] == "/bookings?q=aino"
    assert support.post("/me/preferences", language="ru", next="//evil.test").headers["Location"] == "/"
    assert '<html lang="ru" data-theme="dark">' in support.get("/").text
    assert support.post("/me/preferences", zone="Mars/Olympus").status_code == 422


def test_moments_are_in_the_zone_of_the_browser_or_the_one_chosen(desk: Seat) -> None:
    def moments(zone: str) -> set[str]:
        shown = re.findall(r'<time[^>]* datetime="([^"]+)"[^>]*>([^<]+)</time>', admin.get("/audit").text)
        assert shown
        return {text for at, text in shown if text == formatted(at_of(at), "en", ZoneInfo(zone))}

    at_of = dt.datetime.fromisoformat
    admin = desk(Role.ADMIN)
    admin.client.set_cookie("zone", "Pacific/Kiritimati")
    assert moments("Pacific/Kiritimati")
    admin.post("/me/preferences", zone="Pacific/Pago_Pago")
    assert moments("Pacific/Pago_Pago")
    assert not moments("Pacific/Kiritimati")


def test_a_password_is_changed_and_every_other_session_ends(app: Flask, desk: Seat) -> None:
    support, elsewhere = desk(Role.SUPPORT), app.test_client()
    sign_in(elsewhere, "support1@example.test")
    refused = support.post("/me/password", part=True, present="wrong", password=NEXT)
    assert refused.status_code == 422
    assert 'id="present-error"' in refused.text
    assert support.post("/me/password", present=PASSWORD, password=NEXT).headers["Location"] == "/me"
    assert support.get("/bookings").status_code == 200
    assert elsewhere.get("/bookings").status_code == 303
    assert sign_in(app.test_client(), "support1@example.test", NEXT).headers["Location"] == "/"


def test_signing_out_elsewhere_leaves_this_session(app: Flask, desk: Seat) -> None:
    support, elsewhere = desk(Role.SUPPORT), app.test_client()
    sign_in(elsewhere, "support1@example.test")
    assert support.post("/me/sessions/end").status_code == 303
    assert support.get("/bookings").status_code == 200
    assert elsewhere.get("/bookings").status_code == 303


def test_a_first_password_opens_nothing_but_its_own_change(app: Flask, desk: Seat) -> None:
    admin, support = desk(Role.ADMIN), desk(Role.SUPPORT)
    with app.app_context():
        reference = next(row.reference for row in staff.search().page().rows if row.id == support.id)
    short = admin.post(f"/staff/{reference}/password", part=True, password="short")
    assert short.status_code == 422
    assert 'id="password-error"' in short.text
    assert admin.post(f"/staff/{reference}/password", password=NEXT).status_code == 303
    assert support.get("/bookings").headers["Location"].startswith("/sign-in")
    client = app.test_client()
    assert sign_in(client, "support2@example.test", NEXT).status_code == 303
    assert client.get("/bookings").headers["Location"] == "/me/password"
    assert client.get("/bookings", headers=HTMX).headers["HX-Redirect"] == "/me/password"
    page = client.get("/me/password")
    assert "Somebody else gave you the present one" in page.text
    sent = {"csrf_token": token_on(page), "present": NEXT, "password": "only mine and new"}
    assert client.post("/me/password", data=sent).status_code == 303
    assert client.get("/bookings").status_code == 200


def test_who_left_can_be_let_in_again(app: Flask, desk: Seat) -> None:
    admin, support = desk(Role.ADMIN), desk(Role.SUPPORT)
    with app.app_context():
        reference = next(row.reference for row in staff.search().page().rows if row.id == support.id)
    admin.post(f"/staff/{reference}/deactivation")
    assert sign_in(app.test_client(), "support2@example.test").status_code == 422
    assert "Reactivate" in admin.get(f"/staff/{reference}").text
    admin.post(f"/staff/{reference}/reactivation")
    assert sign_in(app.test_client(), "support2@example.test").status_code == 303
