"""Reads that stand alone, which go to the driver itself."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from erp.kernel.db import db, row, rows, scalar
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
