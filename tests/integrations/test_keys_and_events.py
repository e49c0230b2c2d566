"""Keys of the owner's product, and facts that are kept once."""

import datetime as dt
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from erp.domain import integrations
from erp.kernel.db import row, scalar
from erp.kernel.errors import Invalid
from erp.kernel.transaction import transaction
from tests.support import cast
from tests.support.cast import NOW, SOMEBODY


@pytest.fixture
def customer(context: None) -> UUID:
    cast.programme()
    return cast.sign_up(kind="consumer").customer_id


def payment(customer: UUID, source_id: str = "p-1", amount: int | None = 10_000) -> integrations.NewEvent:
    currency = "RUB" if amount else None
    return integrations.NewEvent(
        "tbank",
        source_id,
        "payment",
        customer,
        NOW,
        amount=amount,
        currency=currency,
        evidence="bank_checked",
    )


def record(*events: integrations.NewEvent) -> list[int | None]:
    with transaction():
        return integrations.record_events(events)


def test_a_key_opens_until_it_is_revoked(context: None) -> None:
    with transaction():
        id, secret = integrations.issue_key("SuperApp", by=SOMEBODY, now=NOW)
    assert secret.startswith("refk_")
    assert integrations.key_of(secret).id == id
    for _ in range(2):
        with transaction():
            integrations.revoke_key(id, by=SOMEBODY, now=NOW)
    with pytest.raises(integrations.UnknownKey):
        integrations.key_of(secret)


def test_the_secret_of_a_key_is_not_kept(context: None, superuser: psycopg.Connection) -> None:
    with transaction():
        _, secret = integrations.issue_key("SuperApp", by=SOMEBODY, now=NOW)
    kept = superuser.execute("select api_key::text from api_key").fetchone()
    assert kept is not None
    assert secret not in kept[0]
    assert secret.encode().hex() not in kept[0]


def test_a_key_needs_a_name(context: None) -> None:
    with pytest.raises(Invalid), transaction():
        integrations.issue_key("  ", by=SOMEBODY, now=NOW)


def test_a_fact_is_kept_once(customer: UUID) -> None:
    (first,) = record(payment(customer))
    assert first is not None
    assert record(payment(customer)) == [None]
    assert integrations.event_id("tbank", "p-1") == first


def test_a_batch_tells_which_facts_were_new_in_its_own_order(customer: UUID) -> None:
    record(payment(customer, "b"))
    new = record(
        payment(customer, "c"), payment(customer, "b"), payment(customer, "a"), payment(customer, "a")
    )
    assert [id is not None for id in new] == [True, False, True, False]
    assert new[0] == integrations.event_id("tbank", "c")
    assert new[2] == integrations.event_id("tbank", "a")


def test_both_clocks_stand_beside_a_fact(customer: UUID) -> None:
    record(payment(customer))
    kept = row("select occurred_at, recorded_at, ref_now() as now from event where source = 'tbank'")
    assert kept is not None
    assert kept.occurred_at == NOW
    assert dt.timedelta() <= kept.now - kept.recorded_at < dt.timedelta(minutes=1)


def test_money_without_an_amount_is_no_payment(customer: UUID) -> None:
    with pytest.raises(IntegrityError, match="event_amount_check"):
        record(payment(customer, amount=None))


def test_a_refund_names_what_it_refunds_and_the_total_so_far(customer: UUID) -> None:
    (original,) = record(payment(customer))
    refund = integrations.NewEvent("tbank", "r-1", "refund", customer, NOW, amount=3_000, currency="RUB")
    with pytest.raises(IntegrityError, match="event_refund_check"):
        record(refund)
    whole = integrations.NewEvent(
        "tbank", "r-1", "refund", customer, NOW, amount=3_000, currency="RUB",
        original_event_id=original, refunded_total=3_000,
    )  # fmt: skip
    assert record(whole) != [None]
    kinds = [event.kind for event in integrations.events_of(customer)]
    assert kinds == ["sign_up", "payment", "refund"]


@pytest.mark.parametrize(
    "change", ["update event set amount = 1", "delete from event", "truncate event cascade"]
)
def test_a_fact_is_never_changed_even_by_the_owner(
    customer: UUID, superuser: psycopg.Connection, change: str
) -> None:
    record(payment(customer))
    superuser.execute("set role ref_owner")
    with pytest.raises(psycopg.errors.RestrictViolation):
        superuser.execute(change)


def test_overlapping_batches_neither_deadlock_nor_double(app: Flask, customer: UUID) -> None:
    names = [f"p-{number}" for number in range(200)]
    orders = [names, names[::-1], names[100:] + names[:100], names[::2] + names[1::2]]

    def send(order: list[str]) -> list[int | None]:
        return integrations.record_events([payment(customer, name) for name in order])

    answers = cast.at_once(app, send, orders)
    new = [id for answer in answers for id in answer if id is not None]
    assert len(new) == len(set(new)) == 200
    assert scalar("select count(*) from event where kind = 'payment'") == 200
