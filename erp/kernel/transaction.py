"""The edge owns the transaction: a door opens one, domain verbs never commit, and news leaves after commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from erp.kernel import outbox
from erp.kernel.db import db

log = structlog.get_logger()


class TransactionOpen(RuntimeError):
    """Somebody was about to call the outside world, or open a transaction, inside an open one."""


@contextmanager
def transaction() -> Iterator[None]:
    """All or nothing: state, audit row and outbox rows commit together, then the jobs are handed to RQ.

    Reading before it is fine: the read-only transaction that a read began simply becomes this one.
    """
    session = db.session()
    if session.info.get("edge"):
        raise TransactionOpen("a transaction is already open; only a door opens one")
    session.info["edge"] = True
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        outbox.forget()
        raise
    finally:
        session.info.pop("edge", None)
    outbox.relay_committed()


def is_open() -> bool:
    """Whether the session holds a transaction (even a reading one) and so must not wait for anybody outside."""
    return db.session().in_transaction()


def release() -> None:
    """End a transaction that only read, before a call to the outside world."""
    if db.session().info.get("edge"):
        raise TransactionOpen("the open transaction has writes; it ends by leaving `with transaction()`")
    db.session.rollback()
