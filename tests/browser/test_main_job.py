"""The main job in Chromium on a whole running instance, as a manager and two people of finance do it.

The agent and the owner's product act over the API, the customer pays on the bank's own page in the browser.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from erp.up import Instance
from erp.walk.programs import Agent, Bank, Program

WORKERS_NEED = 60_000  # milliseconds
MEMBER = "100000000004"


@pytest.fixture(scope="session")
def demo(instance: Instance) -> dict[str, Any]:
    """The demo laid down on the running instance: logins by role, and the product's key."""
    assert instance.ref("demo", "--ground") == 0
    note = json.loads(Path(instance.env["REF_VAR"], "demo.json").read_text())
    logins: dict[str, list[dict[str, str]]] = {}
    for login in note["staff"]:
        logins.setdefault(login["roles"][0], []).append(login)
    return {"staff": logins, "product_key": note["product_key"]}


@pytest.fixture
def desk(instance: Instance, demo: dict[str, Any], browser: Browser) -> Iterator[Any]:
    """Opens RefERP for a member of staff in a browser of their own.

    Anything red in a console fails the test, but for what Chromium writes when a form is refused with 422.
    """
    problems: list[str] = []
    contexts = []

    def note_line(line: ConsoleMessage) -> None:
        if line.type == "error" and "status of 422" not in line.text:
            problems.append(line.text)

    def sit_down(role: str, number: int = 0) -> Page:
        context = browser.new_context(base_url=instance.url)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", note_line)
        login = demo["staff"][role][number]
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(login["email"])
        page.get_by_label("Password").fill(login["password"])
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        return page

    yield sit_down
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def world(instance: Instance, demo: dict[str, Any]) -> SimpleNamespace:
    """An agent who has just registered, the owner's product and the bank."""
    env = instance.env
    phone = f"+7916{secrets.randbelow(10**7):07d}"
    bank = Bank(env["REF_TBANK_URL"])
    bank.name_recipient(phone, "Вера Павловна Р.")
    agent = Agent(instance.url, env["REF_SMS_URL"], phone, "Розова Вера Павловна")
    agent.ask("PATCH", "/me", json={"bank_member_id": MEMBER}).raise_for_status()
    return SimpleNamespace(agent=agent, bank=bank, product=Program(instance.url, demo["product_key"]))


def confirm(page: Page) -> None:
    """Read what will happen, and agree."""
    dialog = page.locator("dialog#confirm")
    expect(dialog).to_be_visible()
    assert dialog.locator("#confirm-text").inner_text().strip()
    dialog.locator("button[value=yes]").click()


@pytest.mark.xdist_group("instance")
def test_a_place_is_booked_signed_up_paid_and_its_commission_paid_out_and_taken_back(
    desk: Any, world: SimpleNamespace, instance: Instance, browser: Browser
) -> None:
    manager = desk("manager")
    activate(manager, world.agent)
    place = book(manager, world.agent)
    sign_up(world, place)
    pay_at_the_bank(world, browser)

    finance = desk("finance")
    read_why(finance, world.agent)
    pass_days(desk("admin"), 15)
    run = prepare(finance, world.agent)
    approve(desk("finance", 1), run)
    give_back(finance, world)
    assert world.agent.balance()["available"] == -200_000
    finance.goto(f"/agents/{world.agent.reference}")
    expect(finance.get_by_text("−2,000.00 ₽").first).to_be_visible()
    assert instance.ref("check") == 0


def activate(manager: Page, agent: Agent) -> None:
    manager.goto("/agents")
    manager.get_by_role("searchbox").fill(agent.code)
    manager.locator("#rows").get_by_role("link", name="Розова").click()
    manager.get_by_role("button", name="Activate").click()
    confirm(manager)
    expect(manager.locator("#state").get_by_text("Active")).to_be_visible()


def book(manager: Page, agent: Agent) -> str:
    """Book the first free coffee house for the agent from its page; its reference."""
    manager.goto("/establishments?state=free&kind=cafe")
    manager.locator("#rows tbody a").first.click()
    expect(manager.locator("#booking")).to_be_visible()
    manager.locator("#booking").get_by_label("Agent").fill(agent.code.lower())
    manager.locator("#booking").get_by_role("button", name="Book").click()
    expect(manager.locator("#booking").get_by_text("Exclusive until")).to_be_visible()
    return manager.url.rsplit("/", 1)[-1]


def sign_up(world: SimpleNamespace, place: str) -> None:
    world.customer = f"browser-{secrets.token_hex(4)}"
    body = {
        "external_id": world.customer,
        "kind": "establishment",
        "establishment": place,
        "code": world.agent.code,
    }
    assert world.product.post("/sign-ups", body)["basis"] == "booking"


def pay_at_the_bank(world: SimpleNamespace, browser: Browser) -> None:
    total = {"amount": 2_000_000, "currency": "RUB"}
    order = {
        "external_id": f"{world.customer}-1",
        "customer": world.customer,
        "total": total,
        "description": "A year",
    }
    placed = world.product.post("/orders", order)
    world.payment = placed["payment"]
    customer = browser.new_page()
    customer.goto(placed["payment_url"])
    customer.get_by_label("success, no 3-D Secure").check()
    customer.get_by_role("button", name="Pay").click()
    customer.wait_for_url(lambda url: url != placed["payment_url"])
    customer.close()


def read_why(finance: Page, agent: Agent) -> None:
    """The commission appears on its own time: reload until the workers have done it, then read why."""
    found = finance.locator("#rows tbody a")
    for _ in range(60):
        finance.goto(f"/commissions?q={agent.code}")
        if found.count():
            break
        finance.wait_for_timeout(500)
    found.first.click()
    expect(finance.get_by_text("2,000.00 ₽").first).to_be_visible()
    expect(finance.get_by_text("That is tier Bronze")).to_be_visible()
    expect(finance.get_by_text("It is on hold until")).to_be_visible()


def pass_days(admin: Page, days: int) -> None:
    admin.goto("/mock/clock")
    admin.get_by_label("Days forward").fill(str(days))
    admin.get_by_role("button", name="Move").click()
    if admin.locator("dialog#confirm").is_visible():
        confirm(admin)
    expect(admin.get_by_text("It is ").first).to_be_visible()


def prepare(finance: Page, agent: Agent) -> str:
    for _ in range(60):
        finance.goto("/payout-runs/new")
        if finance.get_by_text(agent.reference).count():
            break
        finance.wait_for_timeout(500)
    finance.get_by_role("button", name="Prepare the run").click()
    confirm(finance)
    expect(finance.get_by_text("You prepared this run, so somebody else must approve it.")).to_be_visible()
    return finance.url.rsplit("/", 1)[-1]


def approve(checker: Page, run: str) -> None:
    """Approve, and watch the page itself tell that the bank has paid."""
    checker.goto(f"/payout-runs/{run}")
    checker.get_by_role("button", name="Approve").click()
    confirm(checker)
    expect(checker.locator("#status").get_by_text("Done")).to_be_visible(timeout=WORKERS_NEED)


def give_back(finance: Page, world: SimpleNamespace) -> None:
    """Refund all of it: first a sum that is too large, which is refused in place, then the right one."""
    finance.goto(f"/payments/{world.payment}")
    finance.locator("#refund").get_by_label("Amount").fill("20 000,01")
    finance.locator("#refund").get_by_label("Why").fill("The place closed")
    finance.locator("#refund").get_by_role("button", name="Refund").click()
    confirm(finance)
    expect(finance.locator("#refund").get_by_role("alert").first).to_be_visible()
    expect(finance.locator("#refund").get_by_label("Why")).to_have_value("The place closed")
    finance.locator("#refund").get_by_label("Amount").fill("20 000")
    finance.locator("#refund").get_by_role("button", name="Refund").click()
    confirm(finance)
    expect(finance.get_by_text("The bank is asked to give it back.")).to_be_visible()
    for _ in range(60):
        if world.agent.balance()["available"] < 0:
            return
        finance.wait_for_timeout(500)
