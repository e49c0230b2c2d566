"""Periodic work: each slot of each entry runs once, however many schedulers there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel.db import Row, db, rows, writing


@dataclass(frozen=True)
class Periodic:
    """`job` (a dotted name) runs every `seconds` of real time."""

    job: str
    seconds: int


class ScheduleSlot(db.Model):
    """The last slot of a periodic job that some worker took."""

    __tablename__ = "schedule_slot"
    job: so.Mapped[str] = so.mapped_column(primary_key=True)
    slot: so.Mapped[int]
    taken_at: so.Mapped[dt.datetime] = so.mapped_column(server_default=sa.text("clock_timestamp()"))


def slots() -> Sequence[Row]:
    """When each periodic job last had its turn: (job, age), the age a span of real time."""
    return rows("select job, clock_timestamp() - taken_at as age from schedule_slot order by job")


REST = "hashtextextended('the schedule rests', 0)"


@contextmanager
def rest() -> Iterator[None]:
    """Nobody's periodic work begins meanwhile, whichever process asks: slots pass unused."""
    with db.engine.connect() as holder:
        holder.execute(sa.text(f"select pg_advisory_lock({REST})"))
        try:
            yield
        finally:
            holder.execute(sa.text(f"select pg_advisory_unlock({REST})"))


def take(job: str, seconds: int) -> bool:
    """Whether this process is the first to take the present slot of `job`; the database decides."""
    with writing() as connection, connection.begin():
        taken = connection.execute(
            sa.text(
                f"""insert into schedule_slot (job, slot)
                   select :job, floor(extract(epoch from clock_timestamp()) / :seconds)
                   where pg_try_advisory_xact_lock_shared({REST})
                   on conflict (job) do update set slot = excluded.slot, taken_at = clock_timestamp()
                   where schedule_slot.slot < excluded.slot returning 1"""
            ),
            {"job": job, "seconds": seconds},
        )
        return taken.one_or_none() is not None
