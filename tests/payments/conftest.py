"""A customer with an order, and the bank."""

from __future__ import annotations

import pytest

from erp.domain import payments
from erp.domain.payments import Edge
from erp.jobs import payments as jobs
from erp.kernel import clock
from erp.kernel.transaction import transaction
from tests.support.trade import TESTS, Bank, bank, customer, session_bank, terms  # noqa: F401  # fixtures

AMOUNT = 150_000


@pytest.fixture
def order(terms: None) -> str:  # noqa: F811
    """The reference of an order of 1,500 RUB."""
    return place_order(customer())


def place_order(customer_id: str, external_id: str = "order-1", amount: int = AMOUNT) -> str:
    with transaction():
        return payments.place_order(
            customer_id,
            amount=amount,
            currency="RUB",
            description="A year of SuperApp",
            external_id=external_id,
            by=TESTS,
            now=clock.now(),
        )


@pytest.fixture
def edge(bank: Bank) -> Edge:  # noqa: F811
    return jobs.edge()
