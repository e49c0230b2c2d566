"""What facts and lines refer to is there, whoever writes them: neither is ever removed."""

import os
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from tests.support.earnings import customer_of, days, look, paid, refunded

NOBODYS = 999_999_999


@pytest.fixture
def event(alice: UUID) -> int:
    return paid(customer_of(alice, days(-30)), 100_000)


@pytest.fixture
def owner(event: int) -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection
        connection.rollback()


def copy(owner: psycopg.Connection, table: str, id: int, **changed: str) -> None:
    """Write a row of a table again, with some columns `changed`."""
    found = owner.execute(
        "select column_name from information_schema.columns where table_name = %s and column_name <> 'id'",
        [table],
    )
    columns = [name for (name,) in found]
    values = [changed.get(name, name) for name in columns]
    owner.execute(
        f"insert into {table} ({', '.join(columns)}) select {', '.join(values)} from {table} where id = {id}"
    )


def test_a_refund_of_nothing_is_refused(owner: psycopg.Connection, event: int) -> None:
    back = refunded(event, 40_000)
    copy(owner, "event", back, source_id="'known'")
    with pytest.raises(errors.ForeignKeyViolation) as refusal:
        copy(owner, "event", back, source_id="'unknown'", original_event_id=str(NOBODYS))
    assert refusal.value.diag.constraint_name == "event_has_its_original"


def test_a_fact_of_nobody_is_refused(owner: psycopg.Connection, event: int) -> None:
    copy(owner, "event", event, source_id="'known'")
    with pytest.raises(errors.ForeignKeyViolation) as refusal:
        copy(owner, "event", event, source_id="'unknown'", customer_id="gen_random_uuid()")
    assert refusal.value.diag.constraint_name == "event_has_its_customer"


def test_a_commission_for_nothing_is_refused(owner: psycopg.Connection, event: int) -> None:
    line = look("select id from commission where event_id = :event", event=event)
    copy(owner, "commission", line, rule_id="rule_id + 1")
    with pytest.raises(errors.ForeignKeyViolation) as refusal:
        copy(owner, "commission", line, event_id=str(NOBODYS))
    assert refusal.value.diag.constraint_name == "commission_has_its_event"


def test_a_commission_of_nobodys_customer_is_refused(owner: psycopg.Connection, event: int) -> None:
    line = look("select id from commission where event_id = :event", event=event)
    with pytest.raises(errors.ForeignKeyViolation) as refusal:
        copy(owner, "commission", line, rule_id="rule_id + 1", referral_id="gen_random_uuid()")
    assert refusal.value.diag.constraint_name == "commission_has_its_referral"


@pytest.mark.parametrize("table", ["referral", "customer"])
@pytest.mark.parametrize(
    "deed", ["delete from {}", "truncate {} cascade", "update {} set id = gen_random_uuid()"]
)
def test_customers_and_their_referrals_stay(owner: psycopg.Connection, table: str, deed: str) -> None:
    with pytest.raises(errors.RestrictViolation, match="is append-only"):
        owner.execute(deed.format(table))


@pytest.mark.parametrize(
    "deed", ["update referral_share set agent_id = gen_random_uuid()", "delete from referral_share"]
)
def test_a_referral_knows_that_an_agent_left_it_whoever_did_it(owner: psycopg.Connection, deed: str) -> None:
    known = "select bool_or(is_transferred) from referral"
    assert owner.execute(known).fetchone() == (False,)
    owner.execute("alter table referral_share drop constraint referral_share_agent_id_fkey")
    owner.execute(deed)
    assert owner.execute(known).fetchone() == (True,)
