"""News that leaves after commit. PostgreSQL holds it until it is done; Redis only carries it.

A row is a job's dotted name and one subject (an id). It is written in the transaction that made the news, handed
to RQ after commit in batches, locked while a worker performs it, and deleted when the job has succeeded. A sweep
hands over again whatever is due and nobody holds: rows that Redis lost, whose worker was killed, or whose job
failed (with growing delay, one by one). Delays run on real time, not on the mock clock.
"""

from __future__ import annotations

import datetime as dt
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import NamedTuple
from uuid import UUID

import redis
import rq
import sqlalchemy as sa
import sqlalchemy.orm as so
import structlog

from erp import config
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import Row, db, execute, note_down, row, rows, writing
from erp.kernel.errors import DomainError, NotFound
from erp.kernel.paging import Listed
from erp.kernel.sentences import Sentence

BATCH = 100
"""Subjects handed to one RQ job: one forked job costs as much as hundreds of set-based rows."""
LOST_AFTER = 15
"""Seconds after which a row that was handed over, and that nobody holds, counts as lost."""
MOST_ATTEMPTS = 12
"""Failures after which a row waits for a person."""
LONGEST_DELAY = 300
PERFORM = "erp.worker.perform"
QUEUE = "default"

log = structlog.get_logger()


class OutboxRow(db.Model):
    """One piece of news that is not done yet."""

    __tablename__ = "outbox"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    job: so.Mapped[str]
    subject: so.Mapped[str]
    written_at: so.Mapped[dt.datetime] = so.mapped_column(server_default=sa.text("clock_timestamp()"))
    due_at: so.Mapped[dt.datetime] = so.mapped_column(server_default=sa.text("clock_timestamp()"))
    relayed_at: so.Mapped[dt.datetime | None]
    attempts: so.Mapped[int] = so.mapped_column(server_default=sa.text("0"))
    last_error: so.Mapped[str | None]
    given_up_at: so.Mapped[dt.datetime | None]
    __table_args__ = (
        sa.Index("outbox_due_idx", "due_at", postgresql_where=sa.text("given_up_at is null")),
        sa.Index("outbox_given_up_idx", "given_up_at", postgresql_where=sa.text("given_up_at is not null")),
    )


def enqueue(job: str, subject: UUID | str | int, *, delay: float = 0) -> None:
    """Have `job` performed for `subject` after this transaction commits, not before `delay` seconds."""
    enqueue_many(job, [subject], delay=delay)


def enqueue_many(job: str, subjects: Iterable[UUID | str | int], *, delay: float = 0) -> None:
    """The same for many subjects."""
    note_down("news", {"job": job, "subjects": [str(subject) for subject in subjects], "delay": float(delay)})


WRITE_NEWS = """insert into outbox (job, subject, due_at, relayed_at)
  select n.job, s.subject, clock_timestamp() + make_interval(secs => n.delay),
         case when n.delay = 0 then clock_timestamp() end
  from jsonb_to_recordset(cast(:news as jsonb)) as n(job text, subjects jsonb, delay float8)
  cross join lateral jsonb_array_elements_text(n.subjects) as s(subject)
  returning id, job, subject, relayed_at is not null"""
WRITE_ONE = """insert into outbox (job, subject, due_at, relayed_at)
  values (:job, :subject, clock_timestamp() + make_interval(secs => cast(:delay as float8)),
          case when cast(:delay as float8) = 0 then clock_timestamp() end)
  returning id, job, subject, relayed_at is not null"""
"""The same for one job with one subject."""


class News(NamedTuple):
    """A row of the outbox that a transaction wrote; `at_once`: without a delay."""

    id: int
    job: str
    subject: str
    at_once: bool


@contextmanager
def kept() -> Iterator[list[News]]:
    """News that this session commits meanwhile gathers in the list and is handed to nobody, delayed or not: the
    caller does the work, and says so with `done`. What is left in the end, the sweep finds."""
    gathered: list[News] = []
    db.session().info["kept_news"] = gathered
    try:
        yield gathered
    finally:
        db.session().info.pop("kept_news")


def done(news: Iterable[News]) -> None:
    """This work was done in the open transaction; the news of it goes with the commit."""
    if ids := [one.id for one in news]:
        execute("delete from outbox where id = any(:ids)", ids=ids)


_waiting: deque[tuple[int, str]] = deque(maxlen=100_000)
"""(id, job) that is committed and not handed over yet. What is crowded out is found by the sweep."""
_hands = ThreadPoolExecutor(max_workers=1, thread_name_prefix="courier")
"""One thread a process, so that nobody waits for the courier."""
_called = threading.Event()
"""Somebody has called for the courier, who has not set out yet."""
_awaited = threading.Event()
"""Somebody waits for what he carries, and he sets out at once."""
GATHERING = 0.05
"""Seconds until he sets out by himself, so that a burst of commits becomes one hand-over and not a hundred, each of
which would take the interpreter from the one who commits."""


def relay(written: Iterable[News]) -> None:
    """Hand over what a transaction just committed and is due at once. If Redis is away, the sweep does it later."""
    kept: list[News] | None = db.session().info.get("kept_news")
    if kept is not None:
        kept.extend(sorted(written))
        return
    _waiting.extend((news.id, news.job) for news in written if news.at_once)
    if _waiting and not _called.is_set():
        _called.set()
        _hands.submit(_set_out)


def handed_over() -> None:
    """Wait until what was committed so far is with the courier, or he is known to be away."""
    _awaited.set()
    try:
        _hands.submit(_hand_over_waiting).result()
    finally:
        _awaited.clear()


def _set_out() -> None:
    _awaited.wait(GATHERING)
    _called.clear()  # before looking: who comes too late to be seen calls again
    _hand_over_waiting()


def _hand_over_waiting() -> None:
    by_job: dict[str, list[int]] = {}
    while _waiting:
        id, job = _waiting.popleft()
        by_job.setdefault(job, []).append(id)
    batches = [(job, ids[at : at + BATCH]) for job, ids in by_job.items() for at in range(0, len(ids), BATCH)]
    try:
        if batches:
            _hand_over(batches)
    except redis.RedisError as error:
        log.warning("outbox.courier_away", error=type(error).__name__, jobs=sorted(by_job))


def _hand_over(batches: Sequence[tuple[str, list[int]]]) -> None:
    queue = rq.Queue(QUEUE, connection=courier())
    queue.enqueue_many(
        [
            rq.Queue.prepare_data(PERFORM, (job, ids), result_ttl=0, failure_ttl=3600, timeout=600)
            for job, ids in batches
        ]
    )


@cache
def courier() -> redis.Redis:
    """The connection to Redis or Valkey of this process."""
    return redis.Redis.from_url(config.get().redis_url, socket_timeout=None, socket_connect_timeout=2)


def sweep(limit: int = 5000) -> int:
    """Hand over again every due row that was lost, whose worker died, or whose turn to retry has come."""
    with writing() as connection, connection.begin():
        found = connection.execute(
            sa.text(
                """update outbox set relayed_at = clock_timestamp()
                   where id = any(array(
                           select id from outbox
                           where given_up_at is null and due_at <= clock_timestamp()
                             and (relayed_at is null
                                  or relayed_at < clock_timestamp() - make_interval(secs => :lost))
                           order by due_at limit :limit for update skip locked))
                   returning id, job, attempts"""
            ),
            {"lost": LOST_AFTER, "limit": limit},
        ).all()
    fresh: dict[str, list[int]] = {}
    batches: list[tuple[str, list[int]]] = []
    for id, job, attempts in found:
        if attempts:  # alone, so that one poisoned subject cannot fail its neighbours again
            batches.append((job, [id]))
        else:
            fresh.setdefault(job, []).append(id)
    batches += [(job, ids[at : at + BATCH]) for job, ids in fresh.items() for at in range(0, len(ids), BATCH)]
    if batches:
        _hand_over(batches)
    return len(found)


def perform(job: str, ids: list[int]) -> int:
    """Do `job` for the rows among `ids` that are still waiting; how many were done.

    The rows stay locked on a connection of their own while the job runs: a second worker skips them, and when
    this process is killed the database frees them at once.
    """
    with writing() as holder:
        held = holder.execute(
            sa.text(
                "select id, subject from outbox where id = any(:ids) and given_up_at is null"
                " order by id for update skip locked"
            ),
            {"ids": ids},
        ).all()
        if not held:
            return 0
        numbers = [id for id, _ in held]
        try:
            resolve(job)([subject for _, subject in held])
        except Exception as error:  # every failure is written down, retried and shown; none is swallowed
            db.session.rollback()
            _count_failure(holder, numbers, error)
            log.error("job.failed", job=job, rows=len(numbers), error=_short(error), exc_info=True)
            return 0
        holder.execute(sa.text("delete from outbox where id = any(:ids)"), {"ids": numbers})
        holder.commit()
        return len(numbers)


def resolve(job: str) -> Callable[[list[str]], None]:
    """The function behind a dotted job name."""
    module, _, name = job.rpartition(".")
    found: Callable[[list[str]], None] = getattr(import_module(module), name)
    return found


def _count_failure(holder: sa.Connection, ids: list[int], error: Exception) -> None:
    holder.execute(
        sa.text(
            """update outbox set attempts = attempts + 1, last_error = :error, relayed_at = null,
                      due_at = clock_timestamp()
                               + make_interval(secs => least(:longest, power(2, attempts)) * (0.5 + random())),
                      given_up_at = case when attempts + 1 >= :most then clock_timestamp() end
               where id = any(:ids)"""
        ),
        {"ids": ids, "error": _short(error), "longest": LONGEST_DELAY, "most": MOST_ATTEMPTS},
    )
    holder.commit()


def _short(error: Exception) -> str:
    """What failed and where, without values: an exception's text may hold personal data."""
    if isinstance(error, DomainError):
        return f"{error.code}: {error}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {place.name}, line {place.lineno}"


LISTED = """select * from (
  select id, job, subject, written_at, due_at, attempts, last_error, given_up_at,
         case when given_up_at is not null then 'given_up' when attempts > 0 then 'retrying' else 'waiting' end as state
  from outbox) listed"""
SORTS = {
    "urgent": "given_up_at nulls last, due_at, id",
    "job": "job, id",
    "-job": "job desc, id",
    "attempts": "attempts, id",
    "-attempts": "attempts desc, id",
    "due_at": "due_at, id",
    "-due_at": "due_at desc, id",
}


def search(*, q: str = "", state: str = "", sort: str = "") -> Listed:
    """News that is not done yet: `given_up`, `retrying`, `waiting` or everything. `q`: part of a job, or a subject."""
    return Listed(
        f"""{LISTED} where (:state = '' or state = :state)
                and (:q = '' or subject = :q or strpos(job, lower(:q)) > 0)""",
        SORTS,
        sort,
        {"q": q, "state": state},
    )


def counts() -> dict[str, int]:
    """How much news is `waiting`, `retrying` and `given_up`."""
    found = dict.fromkeys(("waiting", "retrying", "given_up"), 0)
    for state, number in rows(f"select state, count(*) from ({LISTED}) counted group by state"):
        found[state] = number
    return found


def find(id: int) -> Row:
    """One piece of news. Raises `NotFound`, also when it is done by now."""
    found = row(f"{LISTED} where id = :id", id=id)
    if found is None:
        raise NotFound(Sentence("This job is done by now, or there never was one with this number."))
    return found


GIVEN_UP = """left join lateral (
  select o.id, o.attempts, o.last_error, o.given_up_at from outbox o
  where o.given_up_at is not null and o.job = '{job}' and o.subject = {subject} order by o.id limit 1) {name} on true"""
"""For lists of what a job does in the background: joins the news of it that waits for a person."""


def workers() -> int:
    """How many workers there are to do it; 0 also when Redis is away."""
    try:
        return rq.Worker.count(connection=courier())
    except redis.RedisError:
        return 0


def let_go(job: str, subject: UUID) -> None:
    """Nobody wants it any more: news of it that waits for a person waits no longer."""
    execute(
        "delete from outbox where job = :job and subject = :subject and given_up_at is not null",
        job=job,
        subject=str(subject),
    )


class HasNotFailed(DomainError):
    code = "job_has_not_failed"
    sentence = Sentence("It is done already, or has not failed.")


def retry(id: int, *, by: Actor, now: dt.datetime) -> None:
    """Give a row that failed a fresh start. Raises `HasNotFailed`."""
    again = execute(
        """update outbox set given_up_at = null, attempts = 0, due_at = clock_timestamp(), relayed_at = null
           where id = :id and attempts > 0""",
        id=id,
    )
    if not again.rowcount:
        raise HasNotFailed
    audit.record("job.retried", "job", id, by=by, at=now)
