"""What the books keep, through their front door; and what a superuser damages is named."""

import datetime as dt
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from erp.domain import ledger
from erp.domain.ledger import Line, invariants
from erp.kernel.actor import Actor
from erp.kernel.db import rows
from erp.kernel.transaction import transaction

BY = Actor.system("test")
AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def agent(context: None) -> UUID:
    """An agent with 150.00 pending, 100.00 of it made available."""
    agent_id = uuid4()
    with transaction():
        ledger.lock([agent_id], "RUB")
        ledger.post(
            [
                Line("accrual", "one", agent_id, "expense", "pending", 15000, "RUB", AT),
                Line("maturity", "one", agent_id, "pending", "available", 10000, "RUB", AT),
            ],
            by=BY,
        )
    return agent_id


def test_balances_and_counts_follow_the_entries(agent: UUID) -> None:
    assert ledger.balances([agent], "RUB")[agent] == {
        "pending": 5000,
        "available": 10000,
        "frozen": 0,
        "in_payout": 0,
        "credit": 0,
    }
    seen = [(line.account, line.seq, line.balance) for line in ledger.of_agent(agent).page().rows]
    assert sorted(seen) == [("available", 1, 10000), ("pending", 1, 15000), ("pending", 2, 5000)]


def test_pending_money_is_not_overdrawn_but_available_may_become_a_debt(agent: UUID) -> None:
    with pytest.raises(IntegrityError), transaction():
        ledger.post([Line("maturity", "two", agent, "pending", "available", 5001, "RUB", AT)], by=BY)
    with transaction():
        ledger.post([Line("reversal", "one", agent, "available", "expense", 12000, "RUB", AT)], by=BY)
    assert ledger.balances([agent], "RUB")[agent]["available"] == -2000


def test_a_group_of_lines_is_one_transaction(agent: UUID) -> None:
    with transaction():
        (id,) = ledger.post_together(
            [
                [
                    Line("payout_paid", "PO-1", agent, "available", "in_payout", 6000, "RUB", AT),
                    Line("payout_paid", "PO-1", agent, "in_payout", "bank", 6000, "RUB", AT),
                ]
            ],
            by=BY,
        )
    assert rows("select line, amount from entry where transaction_id = :id order by line", id=id) == [
        (1, 6000),
        (2, 6000),
    ]


def test_a_transaction_is_about_one_thing(agent: UUID) -> None:
    with pytest.raises(IntegrityError), transaction():
        ledger.post_together(
            [
                [
                    Line("payout_paid", "PO-1", agent, "available", "in_payout", 1, "RUB", AT),
                    Line("payout_failed", "PO-1", agent, "in_payout", "available", 1, "RUB", AT),
                ]
            ],
            by=BY,
        )


@pytest.mark.parametrize("amount", [0, -5])
def test_an_amount_is_positive(agent: UUID, amount: int) -> None:
    with pytest.raises(IntegrityError), transaction():
        ledger.post([Line("accrual", "x", agent, "expense", "pending", amount, "RUB", AT)], by=BY)


def test_the_trial_balance_is_even(agent: UUID) -> None:
    accounts = ledger.trial_balance()
    assert sum(account.balance for account in accounts) == 0
    assert {account.kind: account.balance for account in accounts}["expense"] == -15000


@pytest.mark.parametrize(
    ("damage", "prove", "named"),
    [
        (
            "update entry set currency = 'USD' where kind = 'accrual'",
            invariants.transactions_balance,
            "transaction",
        ),
        (
            "update entry set line = 2 where kind = 'accrual'",
            invariants.transactions_balance,
            "lines are missing",
        ),
        (
            "update account set balance = balance + 1 where kind = 'pending'",
            invariants.balances_are_sums,
            "account",
        ),
        (
            "update entry set amount = amount + 1 where kind = 'accrual'",
            invariants.balances_are_sums,
            "account",
        ),
        (
            "update entry set credit_balance = 1 where kind = 'accrual'",
            invariants.balances_are_sums,
            "running",
        ),
    ],
)
def test_damage_by_a_superuser_is_named(
    agent: UUID, superuser: psycopg.Connection, damage: str, prove: object, named: str
) -> None:
    assert not prove().bad
    assert prove().examined
    superuser.execute("set session_replication_role = replica")
    assert superuser.execute(damage).rowcount == 1
    assert any(named in row for row in prove().bad)
