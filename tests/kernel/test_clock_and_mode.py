"""The mock clock moves forward only, and a database knows what it is."""

import datetime as dt

import psycopg
import pytest

from erp import config
from erp.config import WrongInstance
from erp.kernel import clock, mode
from erp.kernel.actor import Actor
from erp.kernel.db import db, rows
from erp.kernel.errors import Invalid
from erp.kernel.transaction import is_open, transaction

BY = Actor.system("test")


def test_moving_the_clock_moves_it_for_the_database_too(context: None) -> None:
    before = clock.now()
    with transaction():
        clock.move(before + dt.timedelta(days=14), by=BY)
    assert dt.timedelta(days=14) <= clock.now() - before < dt.timedelta(days=14, minutes=1)
    assert [action for (action,) in rows("select action from audit_entry")] == ["clock.moved"]


def test_asking_for_the_time_opens_no_transaction(context: None) -> None:
    clock.now()
    assert not is_open()


def test_the_clock_does_not_go_back(context: None, superuser: psycopg.Connection) -> None:
    with transaction():
        clock.move(clock.now() + dt.timedelta(days=1), by=BY)
    with pytest.raises(Invalid), transaction():
        clock.move(clock.now() - dt.timedelta(seconds=1), by=BY)
    with pytest.raises(psycopg.errors.RestrictViolation):
        superuser.execute("update mock_clock set clock_offset = clock_offset - interval '1 second'")


def test_a_life_may_begin_in_the_past_until_its_first_deed(context: None) -> None:
    long_ago = dt.datetime(2020, 5, 1, tzinfo=dt.UTC)
    with transaction():
        clock.start(long_ago, by=BY)
    assert dt.timedelta() <= clock.now() - long_ago < dt.timedelta(minutes=1)
    with pytest.raises(clock.ClockHasRun), transaction():
        clock.start(long_ago - dt.timedelta(days=1), by=BY)


@pytest.mark.parametrize(
    "sql", ["update instance set mode = 'live'", "delete from instance", "truncate instance"]
)
def test_nobody_changes_the_stamp(superuser: psycopg.Connection, sql: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation):
        superuser.execute(sql)


def test_a_live_database_has_no_movable_clock(superuser: psycopg.Connection) -> None:
    superuser.execute("set session_replication_role = replica")
    superuser.execute("update instance set mode = 'live'")
    superuser.execute("delete from mock_clock")
    superuser.execute("set session_replication_role = origin")
    with pytest.raises(psycopg.errors.RestrictViolation):
        superuser.execute("insert into mock_clock (clock_offset) values ('1 day')")


@pytest.mark.parametrize(
    "other",
    [{"lookup_key": "0" * 64}, {"tbank_terminal_key": "Another"}, {"master_key": "1" * 64}],
)
def test_a_process_with_other_keys_refuses_the_database(context: None, other: dict[str, str]) -> None:
    told = config.get().model_dump(by_alias=False) | other
    settings = config.Settings.model_construct(**{name: _secret(name, value) for name, value in told.items()})
    with db.engine.connect() as connection, pytest.raises(WrongInstance):
        mode.verify(connection, settings)


def _secret(name: str, value: object) -> object:
    field = config.Settings.model_fields[name]
    return (
        field.annotation(value) if isinstance(value, str) and "SecretStr" in str(field.annotation) else value
    )
