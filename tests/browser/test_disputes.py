"""A dispute as both sides have it: raised in the agent's app, read, answered, decided and mended in Chromium, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from erp.domain import agents
from erp.kernel import clock
from erp.kernel.transaction import transaction
from tests.support import cast
from tests.support.office import Office


@pytest.fixture
def carol(app: Flask, live: str, office: Office) -> Iterator[httpx.Client]:
    """Carol's app; she is verified."""
    with app.app_context():
        code = cast.login_code(cast.phone(3), clock.now())
    with httpx.Client(base_url=f"{live}/api/v1", trust_env=False) as http:
        given = {"phone": cast.phone(3), "code": code, "name": "Carol Stone"}
        http.headers["Authorization"] = (
            f"Bearer {http.post('/auth/sessions', json=given).json()['access_token']}"
        )
        with app.app_context(), transaction():
            agents.activate(
                agents.find(http.get("/me").json()["reference"]).id, by=cast.SOMEBODY, now=clock.now()
            )
        yield http


def test_it_is_raised_taken_on_answered_decided_and_mended(
    page: Page, app: Flask, live: str, sign_in: Callable[[Page], None], carol: httpx.Client
) -> None:
    with app.app_context():
        customer = cast.sign_up("shop-9", kind="company", name="Kinder OY").customer
    text = "Kinder OY signed up by my link.\nНичего не начислено."
    made = carol.post("/disputes", json={"kind": "missing", "message": text}).json()
    assert made["state"] == "open"

    sign_in(page)
    page.goto(f"{live}/disputes?state=open")
    page.get_by_role("link", name=made["reference"]).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Carol Stone")
    expect(page.get_by_text("Ничего не начислено.")).to_be_visible()
    page.get_by_role("button", name="Take it on").click()
    expect(page.get_by_role("button", name="Take it on")).to_have_count(0)

    page.get_by_label("Message to the agent").fill("On which day?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#dispute").get_by_text("On which day?")).to_be_visible()
    assert [one["text"] for one in carol.get(f"/disputes/{made['reference']}").json()["messages"]] == [
        text,
        "On which day?",
    ]
    answer = carol.post(f"/disputes/{made['reference']}/messages", json={"message": "On the first"})
    assert answer.status_code == 201

    page.reload()
    expect(page.get_by_text("On the first")).to_be_visible()
    page.get_by_label("Yes").check()
    page.get_by_label("Reason").select_option(label="A fact was missing and has been added")
    page.get_by_label("Note to the agent").fill("The link was lost on our side")
    page.get_by_role("button", name="Decide").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("The decision stands, and the agent is told.")
    question.get_by_role("button", name="Decide").click()
    expect(page.locator("#dispute").get_by_text("The link was lost on our side").first).to_be_visible()
    decided = carol.get(f"/disputes/{made['reference']}").json()
    assert (decided["state"], decided["reason"]) == ("upheld", "late_fact")
    assert decided["messages"][-1]["text"] == "The link was lost on our side"
    late = carol.post(f"/disputes/{made['reference']}/messages", json={"message": "Thanks"})
    assert late.status_code == 409

    page.get_by_role("button", name="Attribute the customer").click()
    page.get_by_role("dialog").get_by_role("button", name="Attribute the customer").click()
    expect(page.get_by_role("alert")).to_contain_text("Say first which customer")
    page.get_by_text("Say what it is about").click()
    page.get_by_label("Customer", exact=True).fill(customer)
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_role("link", name=customer)).to_be_visible()
    page.get_by_role("button", name="Attribute the customer").click()
    page.get_by_role("dialog").get_by_role("button", name="Attribute the customer").click()
    expect(page.locator("#dispute")).to_contain_text("The customer was attributed late")
    assert [one["customer"]["reference"] for one in carol.get("/referrals").json()["items"]] == [customer]
