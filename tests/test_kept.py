"""What a test leaves behind does not reach the next one, though the database is the same."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import kept
from tests.support.cluster import TEMPLATE

NEWS = "insert into outbox (job, subject) values ('job', 'subject') returning id"
LEFT_BEHIND = [
    "update mock_clock set clock_offset = clock_offset + interval '1 day'",
    "delete from mock_clock",
    "truncate mock_clock",
    "update mock_clock set clock_offset = clock_offset; delete from outbox",
]
ALTERED = [
    "alter table mock_clock disable trigger all",
    "create table left_behind ()",
    "drop table click cascade",
    "grant select on mock_clock to public",
    "begin; create table left_behind (); rollback",
    "set session_replication_role = replica; drop index booking_one_open_per_claim_group",
    "do $$ begin execute format('alter database %I set timezone to utc', current_database()); end $$",
]


def clock_of(superuser: psycopg.Connection) -> list[tuple[object, ...]]:
    return superuser.execute("select * from mock_clock").fetchall()


@pytest.mark.parametrize("deed", LEFT_BEHIND)
def test_rows_are_put_back(database: str, superuser: psycopg.Connection, deed: str) -> None:
    before = clock_of(superuser)
    assert before
    superuser.execute("set session_replication_role = replica")
    superuser.execute(deed)
    assert kept.put_back(database, TEMPLATE)
    assert clock_of(superuser) == before


def test_numbers_are_given_again(database: str, superuser: psycopg.Connection) -> None:
    first = superuser.execute(NEWS).fetchone()
    assert kept.put_back(database, TEMPLATE)
    assert superuser.execute("select count(*) from outbox").fetchone() == (0,)
    assert superuser.execute(NEWS).fetchone() == first


@pytest.mark.parametrize("deed", ALTERED)
def test_what_is_more_than_rows_is_not_put_back_but_copied(
    database: str, superuser: psycopg.Connection, deed: str
) -> None:
    superuser.execute(deed)
    assert not kept.put_back(database, TEMPLATE)


def test_tables_of_a_session_alter_nothing(database: str, superuser: psycopg.Connection) -> None:
    superuser.execute("create temp table scratch (id int); drop table scratch")
    assert kept.put_back(database, TEMPLATE)


def test_whoever_was_still_at_something_is_ended(database: str, superuser: psycopg.Connection) -> None:
    superuser.execute("begin; delete from mock_clock")
    assert kept.put_back(database, TEMPLATE)
    with pytest.raises(psycopg.OperationalError):
        superuser.execute("commit")
