"""What every list offers: its columns, its sorting, its views, its filters, all of it in the address."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from erp.blueprints import lists
from erp.blueprints.listing import Listing
from erp.domain import agents
from erp.kernel.permissions import Role
from tests.pages.conftest import Desk
from tests.support.office import Office

HEADS = re.compile(r"<th scope=\"col\"[^>]*>(.*?)</th>", re.DOTALL)


def every_list(app: Flask) -> list[Listing]:
    return list(lists.declared(app).values())


def heads(text: str) -> list[str]:
    """The names over the columns of a list."""
    return [name for head in HEADS.findall(text) if (name := re.sub(r"<[^>]+>", "", head).strip())]


def test_every_column_that_sorts_has_its_orders_in_the_query(app: Flask, office: Office) -> None:
    for shown in every_list(app):
        with app.test_request_context(office.within(shown.key)):
            sorts = shown.find(shown.filters()).sorts
        for column in shown.columns:
            if column.sort:
                assert {column.key, f"-{column.key}"} <= set(sorts), f"{shown.key} by {column.key}"


def test_every_view_and_every_column_of_every_list_opens(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    admin = desk(Role.ADMIN)
    for shown in every_list(app):
        with app.test_request_context(office.within(shown.key)):
            url = shown.url
            views = [(view, view.args) for view in shown.views]
        for view, args in views:
            page = admin.client.get(url, query_string=args)
            assert page.status_code == 200, f"{shown.key}: {view.label}"
            assert re.search(r'aria-current="true">\s*' + re.escape(str(view.label)), page.text), view.label
        for column in shown.columns:
            sort = f"-{column.key}" if column.sort else ""
            page = admin.client.get(url, query_string={"columns": column.key, "sort": sort})
            assert page.status_code == 200, f"{shown.key}: {column.key}"
            assert heads(page.text) == [str(column.label)] or "empty" in page.text


def test_chosen_columns_survive_filtering_sorting_and_paging(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    page = desk(Role.MANAGER).get("/agents?columns=name&columns=email&state=active&sort=code")
    assert heads(page.text) == ["Name", "E-mail"]
    assert (
        "/agents?columns=name&amp;columns=email&amp;sort=code" in page.text
    )  # the chip that lets go of the state
    assert '<input type="hidden" name="columns" value="email">' in page.text  # the filter bar keeps them


@pytest.mark.parametrize("choice", ["columns=nonsense", "columns=", "columns=,,"])
def test_a_choice_of_nothing_shows_the_usual_columns(
    desk: Callable[[Role], Desk], office: Office, choice: str
) -> None:
    assert heads(desk(Role.MANAGER).get(f"/bookings?{choice}").text)[0] == "Booking"


def test_sums_are_of_all_that_is_filtered_and_a_list_without_a_match_offers_to_let_go(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    finance = desk(Role.FINANCE)
    whole = finance.get("/payments").text
    assert re.search(r"<tfoot>.*4,400\.00.*</tfoot>", whole, re.DOTALL)  # 3,000 + 900 + 500
    paid = finance.get(f"/payments?q={office.payment}").text
    assert re.search(r"<tfoot>.*3,000\.00.*1,000\.00.*</tfoot>", paid, re.DOTALL)
    nothing = finance.get("/payments?q=nobody&sort=amount").text
    assert "Nothing fits these filters" in nothing
    assert 'href="/payments?sort=amount"' in nothing


def test_typing_in_the_filter_bar_does_not_redraw_it_and_anything_else_does(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    manager = desk(Role.MANAGER)
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    typed = manager.client.get("/agents?q=a", headers=part | {"HX-Source": "form#filters"})
    chip = manager.client.get("/agents?state=active", headers=part | {"HX-Source": "a"})
    assert 'hx-target="#filters"' not in typed.text
    assert 'hx-target="#filters"' in chip.text
    assert 'hx-target="#views"' in typed.text


def test_what_may_name_a_person_stands_in_no_address(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    manager = desk(Role.MANAGER)
    with app.app_context():
        phone = str(agents.profile(agents.find(office.agent).id).phone)
    sent = manager.post("/agents/search", q=phone, state="active", sort="code")
    url = sent.headers["Location"]
    assert phone.removeprefix("+") not in url
    assert "state=active" in url
    page = manager.get(url)
    assert re.findall(r"AGT-\w+</a>", page.text) == [f"{office.agent}</a>"]
    part = manager.post("/agents/search", part=True, q=phone)
    assert office.agent in part.text
    assert office.other_agent not in part.text
    for text in (part.headers["HX-Replace-Url"], *re.findall(r'(?:href|action|hx-get)="([^"]*)"', part.text)):
        assert phone.removeprefix("+") not in text


def test_a_view_is_saved_shown_replaced_and_forgotten_by_its_owner_alone(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    manager, other = desk(Role.MANAGER), desk(Role.MANAGER)
    state = "state=active&columns=name&columns=code&sort=code"
    assert (
        manager.post(f"/agents/views?{state}&of=veiled", name="Mine")
        .headers["Location"]
        .startswith("/agents?")
    )
    page = manager.get(f"/agents?{state}").text
    assert re.search(
        r'href="/agents\?state=active&amp;columns=name&amp;columns=code&amp;sort=code"[^>]*aria-current="true"',
        page,
    )
    assert "Mine" not in other.get("/agents").text
    manager.post("/agents/views?state=closed", name="mine")
    page = manager.get("/agents").text
    assert page.count("Forget the view") == 1
    assert "/agents?state=closed" in page
    forget = re.findall(r'action="(/agents/views/[\w-]+/removal)"', page)[0]
    assert other.post(forget).status_code == 404
    assert manager.post(forget).headers["Location"] == "/agents"
    assert "Forget the view" not in manager.get("/agents").text
    assert (
        "Give it a name"
        in manager.client.get(manager.post("/agents/views", name=" ").headers["Location"]).text
    )
