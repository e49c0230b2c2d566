"""What the payer's bank takes back is taken back from the agent, and what it gives again is given again."""

from __future__ import annotations

import itertools
from uuid import UUID

import pytest

from erp.domain import integrations
from erp.domain.integrations import NewEvent
from erp.kernel.transaction import transaction
from tests.support.earnings import (
    accrue,
    agent,
    balance,
    broken,
    customer_of,
    days,
    lines,
    look,
    net,
    paid,
    payment,
    programme,
    refund,
    refunded,
)

NUMBERS = itertools.count()


@pytest.fixture
def alice(context: None) -> UUID:
    """Earns 10 % of everything."""
    programme((0, 1_000))
    return agent()


def told(event_id: int, kind: str, total: int, at: int) -> int:
    """The fact that so much of a payment was charged back, or given again, in all."""
    customer_id = look("select customer_id from event where id = :id", id=event_id)
    event = NewEvent(
        "tests",
        f"registry-{next(NUMBERS)}",
        kind,
        customer_id,
        days(at),
        amount=total,
        currency="RUB",
        original_event_id=event_id,
        refunded_total=total,
    )
    with transaction():
        recorded = integrations.record_event(event)
    assert recorded is not None
    return recorded


def test_it_is_reversed_and_restored(alice: UUID) -> None:
    event = paid(customer_of(alice), 100_000, days(1))
    accrue(told(event, "chargeback", 60_000, 2))
    assert lines(event) == [("accrual", 10_000), ("reversal", -6_000)]
    accrue(told(event, "chargeback_reversal", 60_000, 3))
    assert lines(event) == [("accrual", 10_000), ("reversal", -6_000), ("reversal", 6_000)]
    assert balance(alice) == {"pending": 10_000}
    assert broken() == []


def test_a_refund_beside_it_counts_on_its_own(alice: UUID) -> None:
    event = paid(customer_of(alice), 100_000, days(1))
    refunded(event, 30_000, days(2))
    accrue(told(event, "chargeback", 70_000, 3))
    assert net(event) == 0
    accrue(told(event, "chargeback_reversal", 20_000, 4))
    assert net(event) == 2_000
    assert broken() == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_in_any_order_it_comes_to_the_same(alice: UUID, order: tuple[int, ...]) -> None:
    event = payment(customer_of(alice), 99_999, days(1))
    facts = [
        event,
        refund(event, 11_111, days(2)),
        told(event, "chargeback", 50_000, 3),
        told(event, "chargeback_reversal", 12_345, 4),
    ]
    for number in order:
        accrue(facts[number])
    accrue(*facts)
    assert net(event) == 10_000 - 4_877
    assert broken() == []
