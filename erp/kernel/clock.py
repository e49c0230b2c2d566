"""The moment, as this database sees it: real on live, movable forward on mock."""

from __future__ import annotations

import datetime as dt

from erp import config
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute
from erp.kernel.errors import DomainError, Invalid
from erp.kernel.sentences import Sentence


class ClockIsReal(DomainError):
    code = "clock_is_real"
    sentence = Sentence("A live instance runs on real time; only a mock clock can be moved.")


class ClockHasRun(DomainError):
    code = "clock_has_run"
    sentence = Sentence(
        "Something has happened in this database already, so that its clock can only be moved forward."
    )


def now() -> dt.datetime:
    """The present moment in UTC. On mock it is read from the database, on a connection of its own, so that
    asking for the time never opens the caller's transaction."""
    if config.get().mode == "live":
        return dt.datetime.now(dt.UTC)
    with db.engine.connect() as connection:
        moment: dt.datetime = connection.exec_driver_sql("select ref_now()").scalar_one()
    return moment.astimezone(dt.UTC)


def start(at: dt.datetime, *, by: Actor) -> None:
    """Let the life of a mock database begin at another moment, in the past as well: before its first deed only.

    Raises `ClockHasRun`, `ClockIsReal`.
    """
    if config.get().mode == "live":
        raise ClockIsReal
    started = execute(
        """update mock_clock set clock_offset = clock_offset + (:at - ref_now())
           where not exists (select 1 from audit_entry)""",
        at=at,
    ).rowcount
    if not started:
        raise ClockHasRun
    audit.record("clock.started", "clock", "mock", by=by, at=at)


def move(to: dt.datetime, *, by: Actor) -> None:
    """Let time pass on a mock instance: holds end, bookings expire. Forward only; audited."""
    if config.get().mode == "live":
        raise ClockIsReal
    present = now()
    if to <= present:
        raise Invalid(
            Sentence("The clock only moves forward: choose a moment in the future."),
            fields={"to": Sentence("This lies in the past.")},
        )
    execute("update mock_clock set clock_offset = clock_offset + (:to - ref_now())", to=to)
    audit.record("clock.moved", "clock", "mock", by=by, at=present, details={"to": to.isoformat()})
