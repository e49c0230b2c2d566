"""The RQ side: one pool of workers, one scheduler, and the two functions every RQ job calls."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from typing import Any

import structlog
from flask import Flask
from redis.client import Pipeline
from rq import SimpleWorker, get_current_job, worker_registration
from rq.cron import CronScheduler
from rq.worker_pool import WorkerPool

from erp import config
from erp.jobs.schedule import SCHEDULE
from erp.kernel import log, outbox, schedule

QUEUES = ["periodic", outbox.QUEUE]
"""Periodic work first: it is short, and the sweep must not wait behind what it is to mend."""
APPLICATION = "erp.base"


@cache
def application() -> Flask:
    """The application of this worker process, made once. The scheduler, which enqueues jobs by name, never loads it."""
    made: Flask = import_module(APPLICATION).create_base()
    return made


def perform(job: str, ids: list[int]) -> int:
    """RQ calls this for news handed over by the outbox."""
    with application().app_context(), _named(job):
        return outbox.perform(job, ids)


def perform_periodic(job: str, seconds: int) -> bool:
    """RQ calls this for each slot of the schedule; only the first of several schedulers' copies does the work."""
    with application().app_context(), _named(job):
        if not schedule.take(job, seconds):
            return False
        outbox.resolve(job)()  # type: ignore[call-arg]  # periodic jobs take nothing
        return True


def _named(job: str) -> AbstractContextManager[Any]:
    """Every line logged meanwhile says which job it belongs to, by name and by RQ's id."""
    running = get_current_job()
    names = {"job": job, "job_id": running.id if running else None}
    return structlog.contextvars.bound_contextvars(**names)


class Worker(SimpleWorker):
    """Works without a fork per job: it keeps its database connections and does hundreds of jobs a second."""

    def work(self, *arguments: Any, **options: Any) -> bool:
        """As quiet when the pool starts it again as at first, and without RQ's own scheduler: we have nothing for it
        to do, and it would outlive a killed worker for ever."""
        return super().work(*arguments, **{**options, "with_scheduler": False, "logging_level": "WARNING"})

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Also tells again who is there, which a wipe of Redis made forgotten."""
        super().heartbeat(timeout, pipeline)
        worker_registration.register(self, pipeline)


def run_pool() -> None:
    settings = config.get()
    log.configure(settings.log_level)
    pool = WorkerPool(QUEUES, connection=outbox.courier(), num_workers=settings.workers, worker_class=Worker)
    pool.start(logging_level="WARNING")


def run_scheduler() -> None:
    log.configure(config.get().log_level)
    scheduler = CronScheduler(connection=outbox.courier(), logging_level="WARNING")
    for entry in SCHEDULE:
        scheduler.register(
            perform_periodic,
            queue_name="periodic",
            args=(entry.job, entry.seconds),
            interval=entry.seconds,
            result_ttl=0,
            ttl=max(60, 2 * entry.seconds),
            name=entry.job,
        )
    scheduler.start()
