"""The edge owns the transaction: a door opens one, domain verbs never commit, and news leaves after commit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from erp.kernel import audit, outbox
from erp.kernel.db import SNAPSHOT, begin_with_next, db, let_go, take_noted, together

log = structlog.get_logger()

WRITE_DOWN = f"""
with deeds as ({audit.WRITE_DEEDS}) {outbox.WRITE_NEWS}"""
"""All that the verbs of a transaction noted, in one statement: most write both, and every statement is a round trip."""
WRITE_DOWN_ONE = f"""
with deeds as ({audit.WRITE_DEED}) {outbox.WRITE_ONE}"""
"""The same for one of each, which is what comes most."""


class TransactionOpen(RuntimeError):
    """Somebody was about to call the outside world, or open a transaction, inside an open one."""


@contextmanager
def transaction() -> Iterator[None]:
    """All or nothing: state, audit row and outbox rows commit together, then the jobs are handed to RQ.

    Reading before it is fine. Outside of it the database refuses to write.
    """
    session = db.session()
    if session.info.get("edge"):
        raise TransactionOpen("a transaction is already open; only a door opens one")
    session.rollback()
    begin_with_next()
    session.info["edge"] = True
    try:
        yield
        news = _end()
    except BaseException:
        _undo()
        raise
    finally:
        session.info.pop("edge", None)
        let_go()
    if news:
        outbox.relay(news)


@contextmanager
def snapshot() -> Iterator[None]:
    """Several reads that see the books of one moment, and what is set for a transaction lasts for all of them."""
    release()
    session = db.session()
    session.connection(execution_options=SNAPSHOT)
    try:
        yield
    finally:
        session.commit()  # a rollback would make the driver forget the statements it prepared


@contextmanager
def rehearsal() -> Iterator[None]:
    """Everything inside happens as in a transaction, and then has never happened: to show what a deed would do."""
    release()
    session = db.session()
    begin_with_next()
    session.info["edge"] = True
    try:
        yield
    finally:
        _undo()
        session.info.pop("edge", None)
        let_go()


def _end() -> list[outbox.News]:
    """Write the audit and outbox rows and commit, in one round trip; the news among them."""
    session = db.session()
    session.flush()
    deeds, news = take_noted("deeds"), take_noted("news")
    written: list[outbox.News] = []
    if deeds or news:
        found, _ = together(_writing_down(deeds, news), ("commit", {}))
        written = [outbox.News(*one) for one in found]
    session.commit()
    return written


def _writing_down(deeds: list[dict[str, Any]], news: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The statement that writes them, and what it takes."""
    if len(deeds) == len(news) == 1 and len(news[0]["subjects"]) == 1:
        [deed], [told] = deeds, news
        one = {"job": told["job"], "subject": told["subjects"][0], "delay": told["delay"]}
        return WRITE_DOWN_ONE, {**deed, "details": json.dumps(deed["details"]), **one}
    return WRITE_DOWN, {"deeds": json.dumps(deeds), "news": json.dumps(news)}


def _undo() -> None:
    take_noted("deeds"), take_noted("news")
    db.session.rollback()


def is_open() -> bool:
    """Whether the session holds a transaction (even a reading one) and so must not wait for anybody outside."""
    return db.session().in_transaction()


def release() -> None:
    """End a transaction that only read, before a call to the outside world."""
    if db.session().info.get("edge"):
        raise TransactionOpen("the open transaction has writes; it ends by leaving `with transaction()`")
    db.session.rollback()
