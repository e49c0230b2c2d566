"""Reads that stand alone, which go to the driver itself."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from erp.kernel import reading, round_trip
from erp.kernel.db import db, row, rows, scalar
from erp.kernel.paging import Listed
from erp.kernel.transaction import is_open, transaction


def test_a_row_unpacks_like_a_tuple_and_answers_by_name_in_a_transaction_and_out_of_it(context: None) -> None:
    sql = "select cast(:one as int) as one, 'x' as other, 7 as count, null as nothing"
    with transaction():
        within = row(sql, one=1)
    alone = row(sql, one=1)
    for found in (within, alone):
        assert found is not None
        one, other, *_rest = found
        assert (one, other, found.one, found.other, found.nothing) == (1, "x", 1, "x", None)
        assert found._asdict() == {"one": 1, "other": "x", "count": 7, "nothing": None}
        assert found[2] == 7
    assert alone.count == 7
    assert not is_open()


def test_more_than_one_row_or_none(context: None) -> None:
    with pytest.raises(sa.exc.MultipleResultsFound):
        row("select generate_series(1, 2)")
    assert row("select 1 where false") is None
    assert scalar("select 1 where false") is None
    assert scalar("select '50%' where 'a' like 'a%'") == "50%"


def test_a_refusal_names_itself_as_in_a_transaction_and_the_next_read_goes_on(context: None) -> None:
    for _again in range(20):  # more than the pool holds
        with pytest.raises(sa.exc.DBAPIError, match="division by zero"):
            rows("select 1 / cast(:by as int)", by=0)
    assert scalar("select 1") == 1


def test_a_read_alone_writes_nothing(context: None) -> None:
    with pytest.raises(sa.exc.InternalError, match="read-only"):
        row("insert into mock_clock (clock_offset) values ('1 day') returning 1 as one")


def test_a_transaction_reads_what_it_wrote(context: None) -> None:
    with transaction():
        before = scalar("select count(*) from outbox")
        rows("insert into outbox (job, subject) values ('none', 'none') returning id")
        assert scalar("select count(*) from outbox") == before + 1
        rows("delete from outbox where job = 'none' returning id")


def test_a_connection_that_the_server_ended_is_replaced(context: None) -> None:
    with db.engine.connect() as another:
        ended = scalar("select pg_backend_pid()")
        another.execute(sa.text("select pg_terminate_backend(:pid, 5000)"), {"pid": ended})
        assert scalar("select pg_backend_pid()") != ended


def at_once(number: int, sql: str) -> list[Any]:
    """What so many readers are answered who ask at the same time."""
    with ThreadPoolExecutor(number) as readers:
        asked = [readers.submit(copy_context().run, scalar, sql) for _ in range(number)]
    return [answer.result() for answer in asked]


def at_hand() -> list[Any]:
    pool = db.engine.pool
    assert isinstance(pool, reading.Pool)
    return pool.at_hand


def test_every_connection_at_hand_that_the_server_ended_is_replaced(
    context: None, superuser: psycopg.Connection
) -> None:
    backends = "select pg_backend_pid() from (select pg_sleep(0.3)) as slow"
    ended = set(at_once(3, backends))
    assert len(ended) == 3
    for pid in ended:
        superuser.execute("select pg_terminate_backend(%s, 5000)", [pid])
    assert ended.isdisjoint(at_once(3, backends))


def test_no_more_connections_stay_at_hand_than_are_meant_to(context: None) -> None:
    many = reading.AT_HAND + 4
    assert sum(at_once(many, "select 1 from (select pg_sleep(0.5)) as slow")) == many
    assert len(at_hand()) == reading.AT_HAND
    db.engine.dispose()
    assert not at_hand()
    assert scalar("select 1") == 1


def test_what_comes_often_is_prepared_and_what_is_not_asked_any_more_is_let_go(
    context: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = "select count(*) from pg_prepared_statements"
    monkeypatch.setattr(round_trip, "MOST", 3)
    db.engine.dispose()
    assert scalar(prepared) == 0
    for number in range(6):
        for _again in range(round_trip.OFTEN):
            assert scalar(f"select {number}") == number
    assert scalar(prepared) == 3


def test_what_was_prepared_before_its_table_changed_is_prepared_anew(
    context: None, superuser: psycopg.Connection
) -> None:
    superuser.autocommit = True
    superuser.execute("create table changing as select 1 as one")
    superuser.execute("grant select on changing to ref_app")
    try:
        for _again in range(round_trip.OFTEN):
            assert scalar("select * from changing") == 1
        superuser.execute("alter table changing alter one type text")
        with pytest.raises(sa.exc.DBAPIError, match="cached plan"):
            scalar("select * from changing")
        assert scalar("select * from changing") == "1"
    finally:
        superuser.execute("drop table changing")


PLACES = """select * from (values (1, 'a', date '2026-01-01'), (2, 'b', null)) as place (id, city, day)
            where (:city = '' or city = :city) and (cast(:day as date) is null or day = :day)"""


@pytest.mark.parametrize(
    ("city", "day", "ids", "tests"),
    [
        ("", None, [1, 2], ["(true or", "(true or"]),
        ("a", None, [1], ["(false or", "(true or"]),
        ("b", dt.date(2026, 1, 1), [], ["(false or", "(false or"]),
        (None, None, [], ["(:city = '' or", "(true or"]),
    ],
)
def test_a_list_is_planned_for_the_filters_that_somebody_asks_for(
    context: None, city: str | None, day: dt.date | None, ids: list[int], tests: list[str]
) -> None:
    listed = Listed(PLACES, {"id": "id"}, params={"city": city, "day": day})
    page = listed.page(1, 10)
    assert ([place.id for place in page.rows], page.total, listed.count()) == (ids, len(ids), len(ids))
    assert [place.id for place in listed.only([2]).page().rows] == [id for id in ids if id == 2]
    assert re.findall(r"\((?:true|false|:city = '') or", listed._select) == tests
    with transaction():
        assert [place.id for batch in listed.batches() for place in batch] == ids


def test_values_of_every_kind_come_and_go_over_the_same_connection(context: None) -> None:
    id, now = uuid.uuid4(), dt.datetime.now(dt.UTC)
    values = {
        "bigint": (7, 2**40, None),
        "text": ("x", "", None),
        "boolean": (True, False),
        "float8": (1.5,),
        "uuid": (id, str(id)),
        "timestamptz": (now,),
        "date": (now.date(), None),
        "bigint[]": ([1, 2], []),
        "text[]": (["a"], []),
        "uuid[]": ([id],),
        "bytea": (b"\0\1",),
    }
    for kind, of_kind in values.items():
        for given in of_kind:
            assert str(scalar(f"select cast(:given as {kind})", given=given)) == str(given)
