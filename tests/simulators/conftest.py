"""A bank and an SMS gateway for a module's tests, and fresh ones for tests that kill them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.simulators.running import Key, Merchant, SimulatedBank, Simulator, make_key


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return make_key(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module")
def merchant() -> Iterator[Merchant]:
    merchant = Merchant()
    yield merchant
    merchant.close()


@pytest.fixture(scope="module")
def running_bank(
    key: Key, merchant: Merchant, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimulatedBank]:
    journal = tmp_path_factory.mktemp("bank") / "journal.jsonl"
    addresses = ("--notification-url", merchant.url, "--payout-notification-url", merchant.url)
    bank = SimulatedBank(journal, key, *addresses, "--completing-seconds", 0.2)
    yield bank
    bank.stop()


@pytest.fixture
def bank(running_bank: SimulatedBank, merchant: Merchant) -> Iterator[SimulatedBank]:
    """The module's bank; what one test ordered to go wrong does not go wrong in the next."""
    yield running_bank
    running_bank.http.delete("/_control/misbehave")
    running_bank.http.post("/_control/barrier/release")
    merchant.answer = lambda body: (200, "OK")


@pytest.fixture
def start_bank(key: Key, tmp_path: Path) -> Iterator[Callable[..., SimulatedBank]]:
    """Starts a bank of the test's own; all of them share one journal file, one after another."""
    started: list[SimulatedBank] = []

    def start(*arguments: object) -> SimulatedBank:
        started.append(SimulatedBank(tmp_path / "bank.jsonl", key, *arguments))
        return started[-1]

    yield start
    for bank in started:
        if bank.process.poll() is None:
            bank.stop()


@pytest.fixture
def start_sms(tmp_path: Path) -> Iterator[Callable[[], Simulator]]:
    started: list[Simulator] = []

    def start() -> Simulator:
        started.append(
            Simulator("simulators.sms", "--journal", tmp_path / "sms.jsonl", "--token", "sms-token")
        )
        return started[-1]

    yield start
    for sms in started:
        if sms.process.poll() is None:
            sms.stop()


@pytest.fixture
def order_id() -> str:
    return f"PAY-{uuid.uuid4().hex[:12]}"
