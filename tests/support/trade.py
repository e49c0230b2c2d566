"""A bank that runs beside the tests, and a cast that trades: agents, customers, their payments and commissions."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from erp import config
from erp.domain import agents, commissions, integrations, ledger, programmes, referrals
from erp.domain.integrations import NewEvent
from erp.domain.referrals import SignUp
from erp.jobs import payments as payment_jobs
from erp.jobs import payouts as payout_jobs
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.db import db, scalar
from erp.kernel.transaction import transaction
from tests.simulators.running import SimulatedBank, Simulator

TESTS = Actor.system("tests")
FEDOR, FILIPP = Actor.staff(UUID(int=1)), Actor.staff(UUID(int=2))
"""Two people of finance: one prepares, the other approves."""
T_BANK = "100000000004"


class Bank(SimulatedBank):
    """The simulated bank with the secrets of the tests' own instance."""

    def __init__(self, journal: Path):
        Simulator.__init__(self, "simulators.tbank", "--journal", journal, "--completing-seconds", 0.2)

    def name(self, phone: str, short_name: str) -> None:
        """How the owner of a phone is called at his bank."""
        body = {"phone": phone, "short_name": short_name}
        assert self.http.post("/_control/recipient", json=body).status_code == 201

    def arm(self, operation: str) -> None:
        """Hold the next call of `operation` when its work is on the disk, before it is answered."""
        assert self.http.post("/_control/barrier", json={"operation": operation}).status_code == 201

    def waiting(self) -> list[dict[str, object]]:
        return self.http.get("/_control/barrier").json()["waiting"]


@pytest.fixture(scope="session")
def session_bank(database_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    bank = Bank(tmp_path_factory.mktemp("bank") / "journal.jsonl")
    yield bank
    bank.stop()


@pytest.fixture
def bank(session_bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    """The bank, and settings that lead to it; what one test ordered to go wrong does not go wrong in the next."""
    monkeypatch.setenv("REF_TBANK_URL", session_bank.url)
    _forget_settings()
    yield session_bank
    session_bank.http.delete("/_control/misbehave")
    session_bank.http.post("/_control/barrier/release")
    _forget_settings()


def _forget_settings() -> None:
    config.get.cache_clear()
    payment_jobs.edge.cache_clear()
    payout_jobs.edge.cache_clear()


@pytest.fixture
def terms(context: None) -> None:
    """SuperApp: 10 % of every payment, held for 14 days."""
    with transaction():
        now = clock.now()
        programme_id = programmes.create("superapp", "SuperApp", "RUB", "Europe/Moscow", by=TESTS, now=now)
        tiers = [programmes.TierRow("Bronze", 0, 1000)]
        terms_id = programmes.draft(programme_id, programmes.TermsDraft(tiers), by=TESTS, now=now)
        programmes.activate(terms_id, by=TESTS, now=now)


def customer(external_id: str = "customer-1", code: str | None = None) -> str:
    """A company that signs up with an agent's code, or without any."""
    with transaction():
        given = SignUp(external_id=external_id, kind="company", code=code)
        referrals.sign_up(given, by=TESTS, now=clock.now())
    return external_id


def agent(phone: str, name: str | None = "Иванов Иван Иванович", *, bank: bool = True) -> UUID:
    """An active agent who is called `name` and banks with T-Bank."""
    with transaction():
        id = agents.request_code(phone, now=clock.now())
        text = agents.code_to_send(id, now=clock.now())
    assert text is not None
    with transaction():
        agent_id = agents.sign_in(phone, text.body.plain()[:6], now=clock.now()).agent_id
        member = {"bank_member_id": T_BANK, "bank_name": "T-Bank"} if bank else {}
        agents.update_profile(agent_id, name=name, **member, by=TESTS, now=clock.now())
        if agents.profile(agent_id).state != "active":
            agents.activate(agent_id, by=TESTS, now=clock.now())
    return agent_id


def earn(agent_id: UUID, *payments: int) -> list[int]:
    """Have the agent bring a customer who pays these sums, and let the hold pass; 10 % of each is available."""
    code = scalar("select code from agent where id = :id", id=agent_id)
    customer_id = scalar(
        "select id from customer where external_id = :id", id=customer(f"customer-{uuid.uuid4()}", code)
    )
    events = []
    with transaction():
        now = clock.now()
        for amount in payments:
            events.append(
                integrations.record_event(
                    NewEvent(
                        "test",
                        str(uuid.uuid4()),
                        "payment",
                        customer_id,
                        now,
                        "bank_checked",
                        amount=amount,
                        currency="RUB",
                    )
                )
            )
        commissions.accrue(events, by=TESTS, now=now)
    with transaction():
        commissions.mature(by=TESTS, now=now + dt.timedelta(days=15))
    return events


def refund(event_id: int, total: int) -> None:
    """The customer got `total` of a payment back."""
    with transaction():
        original = scalar("select customer_id from event where id = :id", id=event_id)
        now = clock.now()
        event = NewEvent(
            "test",
            str(uuid.uuid4()),
            "refund",
            original,
            now,
            "bank_checked",
            amount=total,
            currency="RUB",
            original_event_id=event_id,
            refunded_total=total,
        )
        commissions.accrue([integrations.record_event(event)], by=TESTS, now=now)


def balance(agent_id: UUID) -> dict[str, int]:
    """What the books hold for an agent, by account; only what is not zero."""
    found = ledger.balances([agent_id], "RUB")[agent_id]
    db.session.rollback()
    return {account: amount for account, amount in found.items() if amount}
