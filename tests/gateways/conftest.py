"""Gateways against the running simulators, inside an application whose session holds no transaction."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from erp.gateways.tbank import Acquiring, Payouts
from erp.gateways.tbank.signature import Signer
from erp.kernel.db import db
from tests.simulators.conftest import (  # noqa: F401  # the fixtures that start simulators
    bank,
    key,
    merchant,
    order_id,
    running_bank,
    start_sms,
)
from tests.simulators.running import PASSWORD, PAYOUT_TERMINAL, TERMINAL, Key, SimulatedBank, free_port

SIMULATED = {"mode": "mock", "environment": "simulator"}


@pytest.fixture(autouse=True)
def application_context() -> Iterator[None]:
    """The least that the session needs; no gateway test touches the database itself."""
    app = Flask("gateways")
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    db.init_app(app)
    with app.app_context():
        yield


@pytest.fixture
def nowhere() -> str:
    """An address on which nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def signer(key: Key) -> Signer:  # noqa: F811
    return Signer.from_file(key.key_file, key.serial)


@pytest.fixture
def acquiring(bank: SimulatedBank) -> Acquiring:  # noqa: F811
    return Acquiring(**SIMULATED, url=bank.url, terminal_key=TERMINAL, password=PASSWORD)


@pytest.fixture
def payouts(bank: SimulatedBank, signer: Signer) -> Payouts:  # noqa: F811
    return Payouts(**SIMULATED, url=bank.url, terminal_key=PAYOUT_TERMINAL, signer=signer)
