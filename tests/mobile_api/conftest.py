"""One cast for all: Alice and Bob are agents, the product holds an API key, a stranger holds nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from erp import config
from erp.domain import agents, catalogue, integrations, payouts, programmes
from erp.jobs import commissions as commission_jobs
from erp.jobs import payments as payment_jobs
from erp.jobs import payouts as payout_jobs
from erp.kernel import addresses, clock
from erp.kernel.actor import Actor
from erp.kernel.ids import uuid7
from erp.kernel.transaction import transaction
from mobile_api.v1 import banks
from simulators.tbank.protocol import token
from tests.simulators.running import GOOD_CARD, Simulator, free_port

TESTS = Actor.system("tests")
PLACES = ("Cafe Aino", "Ravintola Koti", "Salon Kide")


class Caller:
    """Somebody who calls the API with a credential, or without any."""

    def __init__(self, app: Flask, credential: str | None = None):
        self.app = app
        self.credential = credential
        self.client = app.test_client()

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._call("GET", path, options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self._call("POST", path, options if body is None else {**options, "json": body})

    def patch(self, path: str, body: Any, **options: Any) -> TestResponse:
        return self._call("PATCH", path, {**options, "json": body})

    def delete(self, path: str) -> TestResponse:
        return self._call("DELETE", path, {})

    def _call(self, method: str, path: str, options: dict[str, Any]) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.credential:
            headers["Authorization"] = f"Bearer {self.credential}"
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)


@pytest.fixture
def stranger(app: Flask) -> Caller:
    return Caller(app)


@pytest.fixture
def alice(app: Flask) -> Caller:
    return signed_in(app, "+79012345601", "Alice Ivanova")


@pytest.fixture
def bob(app: Flask) -> Caller:
    return signed_in(app, "+79012345602", "Bob Petrov")


@pytest.fixture
def product(app: Flask) -> Caller:
    with app.app_context(), transaction():
        _, secret = integrations.issue_key("SuperApp", by=TESTS, now=clock.now())
    return Caller(app, secret)


@pytest.fixture
def places(app: Flask) -> list[str]:
    """References of three establishments of Helsinki."""
    given = [
        catalogue.Row(line, {"source_id": f"osm-{line}", "name": name, "kind": "cafe", "city": "Helsinki"})
        for line, name in enumerate(PLACES, 2)
    ]
    with app.app_context(), transaction():
        catalogue.import_establishments(given, source="osm", by=TESTS, now=clock.now())
        return [catalogue.find_by_source("osm", row.values["source_id"]).reference for row in given]


@pytest.fixture
def programme(app: Flask) -> str:
    """SuperApp: 5 % from the start, 7 % from the second connection within 90 days, 14 days of hold."""
    tiers = [programmes.TierRow("Bronze", 0, 500), programmes.TierRow("Silver", 2, 700)]
    with app.app_context(), transaction():
        now = clock.now()
        made = programmes.create("superapp", "SuperApp", "RUB", "Europe/Moscow", by=TESTS, now=now)
        terms = programmes.draft(made, programmes.TermsDraft(tiers), by=TESTS, now=now)
        programmes.activate(terms, by=TESTS, now=now)
    return "superapp"


class Bank(Simulator):
    """The simulated bank, as this instance is configured to find it."""

    def pay(self, order: dict[str, Any]) -> None:
        """Pay an order on the bank's page with a good card."""
        path = urlsplit(order["payment_url"]).path
        assert self.http.get(path).status_code == 200
        assert self.http.post(path, data={"pan": GOOD_CARD}).status_code < 400


@pytest.fixture(scope="session")
def running_bank(database_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    bank = Bank("simulators.tbank", "--journal", tmp_path_factory.mktemp("bank") / "journal.jsonl")
    yield bank
    bank.stop()


@pytest.fixture
def bank(running_bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    """The bank is there; what a test ordered to go wrong does not go wrong in the next."""
    yield from _bank_at(running_bank.url, monkeypatch, running_bank)
    running_bank.http.delete("/_control/misbehave")


@pytest.fixture
def no_bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody answers at the bank's address."""
    yield from _bank_at(f"http://127.0.0.1:{free_port()}", monkeypatch, None)


def _bank_at(url: str, monkeypatch: pytest.MonkeyPatch, found: Any) -> Iterator[Any]:
    monkeypatch.setenv("REF_TBANK_URL", url)
    _forget_the_bank()
    yield found
    monkeypatch.undo()
    _forget_the_bank()


def _forget_the_bank() -> None:
    """Settings and gateways are made once a process; make them again."""
    for made_once in (config.get, payment_jobs.edge, payout_jobs.edge):
        made_once.cache_clear()
    banks.forget()


@dataclass(frozen=True)
class Business:
    """What the owner does with agents, as far as the API is not the place for it."""

    app: Flask
    product: Caller
    bank: Bank
    work: Callable[[], None]

    def sign_up(self, external_id: str, agent: Caller) -> dict[str, Any]:
        """A company signs up with the agent's code."""
        code = agent.get("/me").json["code"]
        sign_up = {"external_id": external_id, "kind": "company", "name": "Kahvi Oy", "code": code}
        return self.product.post("/sign-ups", sign_up).json  # type: ignore[no-any-return]

    def receive(self, amount: int, external_id: str, customer: str) -> None:
        """The customer pays an order through the bank, and the bank tells us."""
        total = {"amount": amount, "currency": "RUB"}
        asked = {"external_id": external_id, "customer": customer, "total": total, "description": "SuperApp"}
        order = self.product.post("/orders", asked).json
        self.bank.pay(order)
        answer = self.product.client.post(addresses.PAYMENT_NEWS, json=notification(order))
        assert answer.text == "OK"
        self.work()

    def let_holds_pass(self) -> None:
        move_clock(self.app, days=15)
        with self.app.app_context():
            commission_jobs.mature()

    def pay_out(self, agent_reference: str) -> None:
        """The agent is let be paid, and two members of staff pay everybody out."""
        with self.app.app_context():
            now = clock.now()
            with transaction():
                agent = agents.find(agent_reference)
                agents.activate(agent.id, by=TESTS, now=now)
                agents.update_profile(
                    agent.id, bank_member_id="100000000004", bank_name="Т-Банк", by=TESTS, now=now
                )
            with transaction():
                run = payouts.prepare_run("RUB", by=Actor.staff(uuid7()), now=now)
            with transaction():
                payouts.approve_run(run, by=Actor.staff(uuid7()), now=now)
        self.work()


@pytest.fixture
def business(app: Flask, product: Caller, programme: str, bank: Bank, work: Callable[[], None]) -> Business:
    return Business(app, product, bank, work)


def notification(order: dict[str, Any], **change: Any) -> dict[str, Any]:
    """What the bank would post about an order's payment, signed."""
    settings = config.get()
    news = {
        "TerminalKey": settings.tbank_terminal_key,
        "OrderId": order["payment"],
        "Success": True,
        "Status": "CONFIRMED",
        "PaymentId": int(order["payment_url"].rpartition("/")[2]),
        "ErrorCode": "0",
        "Amount": order["total"]["amount"],
        **change,
    }
    return news | {"Token": token(news, settings.tbank_password.get_secret_value())}


def newest_code(app: Flask, phone: str) -> str:
    """Ask for a code as the agent would, and read it as the SMS gateway would."""
    with app.app_context():
        with transaction():
            id = agents.request_code(phone, now=clock.now())
        text = agents.code_to_send(id, now=clock.now())
    assert text is not None
    return text.body.plain()[:6]


def signed_in(app: Flask, phone: str, name: str) -> Caller:
    code = newest_code(app, phone)
    session = Caller(app).post("/auth/sessions", {"phone": phone, "code": code, "name": name})
    assert session.status_code == 201, session.text
    return Caller(app, session.json["access_token"])


def move_clock(app: Flask, **delta: Any) -> None:
    """Let time pass on the mock clock."""
    with app.app_context(), transaction():
        clock.move(clock.now() + dt.timedelta(**delta), by=TESTS)
