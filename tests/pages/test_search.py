"""The search over everything: what is found, by whom, and what stays out of addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from erp.kernel.db import row, scalar
from erp.kernel.permissions import Role
from erp.kernel.personal import unveil, veil
from erp.kernel.transaction import release
from tests.pages.conftest import HTMX, Desk
from tests.support import cast
from tests.support.office import Office

OPTION = re.compile(r'<a role="option".*? href="([^"]+)">(.*?)</a>', re.DOTALL)


def found(answer: TestResponse) -> list[str]:
    """Where the hits lead, in their order."""
    assert answer.status_code == 200, answer.text
    return [unescape(url) for url, _words in OPTION.findall(answer.text)]


@pytest.fixture
def look(desk: Callable[[Role], Desk], office: Office) -> Callable[..., list[str]]:
    seated: dict[Role, tuple[Desk, str]] = {}

    def ask(text: str, role: Role = Role.ADMIN) -> list[str]:
        if role not in seated:
            colleague = desk(role)
            seated[role] = colleague, colleague.token()
        colleague, token = seated[role]
        return found(colleague.client.post("/search", headers=HTMX, data={"q": text, "csrf_token": token}))

    return ask


def test_everything_is_found_by_its_reference_however_it_is_typed(
    look: Callable[..., list[str]], office: Office
) -> None:
    for url in office.pages[:16]:
        noun, reference = url.split("/")[1:3]
        if "-" not in reference or url.count("/") > 2:
            continue
        wanted = f"/{noun}/{reference}"
        slip = reference[:-1] + ("0" if reference[-1] != "0" else "1")
        for typed in (reference.lower().replace("-", " "), reference[:-2], slip):
            assert wanted in look(typed), f"{typed} finds no {wanted}"


def test_an_agent_is_found_by_code_with_a_slip_and_by_whole_contact(
    app: Flask, look: Callable[..., list[str]], office: Office
) -> None:
    with app.app_context():
        agent = row("select id, code from agent where reference = :reference", reference=office.agent)
        assert agent is not None
        release()
    wanted, code = f"/agents/{office.agent}", agent.code
    assert look(code)[0] == wanted
    assert look(f" {code[:3].lower()}-{code[3:].lower()} ")[0] == wanted
    assert wanted in look(code[1] + code[0] + code[2:])
    assert look(cast.phone(1)) == [wanted]
    assert look(cast.phone(1)[:-2]) == []


def test_a_reader_without_personal_data_finds_nobody_by_their_phone(look: Callable[..., list[str]]) -> None:
    assert look(cast.phone(1), Role.SUPPORT)
    assert look(cast.phone(1), Role.AUDITOR) == []


def test_a_place_is_found_by_its_words_in_any_order_spelling_and_script(
    look: Callable[..., list[str]], office: Office
) -> None:
    wanted = f"/establishments/{office.place}"
    for typed in (
        "Cafe Aino",
        "aino cafe",
        "caffe ainno",
        "кафе айно",
        "КАФЕ",
        "aino",
        "фштщ",
        "CAFÉ",
    ):
        assert wanted in look(typed), typed
    for typed in ("100%", "ca_e", "hotel"):
        assert wanted not in look(typed), typed


def test_what_belongs_to_a_place_or_to_an_order_is_found_by_it(
    app: Flask, look: Callable[..., list[str]], office: Office
) -> None:
    with app.app_context():
        number = scalar(
            "select provider_payment_id from payment where reference = :reference", reference=office.payment
        )
        release()
    assert {f"/referrals/{office.referral}", f"/establishments/{office.place}"} <= set(look("aino"))
    assert f"/bookings/{office.booking}" in look("salon kide")
    for typed in ("order-1", "shop-1", number):
        assert f"/payments/{office.payment}" in look(typed), typed
    assert f"/payouts/{office.payout}" in look(office.run)


def test_programmes_colleagues_and_pages_are_found_by_name(
    look: Callable[..., list[str]], office: Office
) -> None:
    assert f"/programmes/{office.programme}" in look("superap")
    assert any(url.startswith("/staff/") for url in look("admin"))
    assert look("payo")[:2] == ["/payouts", "/payout-runs"]


def test_a_role_finds_only_what_it_may_open(look: Callable[..., list[str]], office: Office) -> None:
    assert any(url.startswith("/staff/") for url in look("Admin", Role.ADMIN))
    for role in (Role.FINANCE, Role.SUPPORT):
        assert not any(url.startswith("/staff") for url in [*look("Admin", role), *look("Staff", role)])
    assert "/api-keys" not in look("api", Role.AUDITOR)


def test_what_is_typed_is_in_no_address(desk: Callable[[Role], Desk], office: Office) -> None:
    support = desk(Role.SUPPORT)
    sent = support.post("/search", q=cast.phone(1))
    assert sent.status_code == 303
    assert cast.phone(1)[-6:] not in sent.location
    page = support.get(sent.location)
    assert f'href="/agents/{office.agent}"' in page.text
    assert page.text.count(cast.phone(1)) == 2, "it is in the two boxes, to be mended"
    assert f'href="/agents/{office.agent}"' not in support.get(f"/search?q={cast.phone(1)}").text


def test_an_address_of_results_is_read_by_this_instance_alone(
    app: Flask, desk: Callable[[Role], Desk]
) -> None:
    with app.app_context():
        assert unveil(veil("Розова, +7 916")) == "Розова, +7 916"
        for forged in ("", "x", "ж", veil("x")[:-2] + "AA", "A" * 300):
            assert unveil(forged) is None
    assert "What can be found" in desk(Role.ADMIN).get("/search?of=nonsense").text


def test_the_search_says_what_it_cannot_find(desk: Callable[[Role], Desk], office: Office) -> None:
    support, auditor = desk(Role.SUPPORT), desk(Role.AUDITOR)
    assert "Names cannot be searched" in support.post("/search", part=True, q="Nobody at all").text
    assert "closed to your role" in auditor.post("/search", part=True, q="Nobody at all").text
    for odd in ("\0", "'; drop table agent; --", "%", "_", "\\", "9" * 500, "<b>"):
        assert support.post("/search", part=True, q=odd).status_code == 200, odd
