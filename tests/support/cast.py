"""People and places for domain tests, made by the same verbs as in life. Each call commits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import sqlalchemy as sa
from flask import Flask

from erp.domain import agents, catalogue, programmes, referrals
from erp.kernel.actor import Actor
from erp.kernel.db import db, scalar
from erp.kernel.transaction import release, transaction

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
"""The moment at which the tests of the domain happen, unless they say otherwise."""
SOMEBODY = Actor.system("tests")

Given = TypeVar("Given")


def phone(number: int) -> str:
    """The phone of the cast's `number`th member."""
    return f"+7901{number:07}"


def login_code(to: str, now: dt.datetime = NOW) -> str:
    """Ask for a code, and read it as the SMS gateway would."""
    with transaction():
        id = agents.request_code(to, now=now)
    text = agents.code_to_send(id, now=now)
    release()
    assert text is not None
    return text.body.plain()[:6]


def agent(number: int, *, name: str = "Alice Ivanova", state: str = "active", now: dt.datetime = NOW) -> UUID:
    """Somebody who has registered with the `number`th phone, in the state wanted."""
    code = login_code(phone(number), now)
    with transaction():
        id = agents.sign_in(phone(number), code, name=name, now=now).agent_id
        if state != "pending":
            agents.activate(id, by=SOMEBODY, now=now)
        if state == "suspended":
            agents.suspend(id, "a test", by=SOMEBODY, now=now)
        if state == "closed":
            agents.close(id, by=SOMEBODY, now=now)
    return id


def places(*names: str) -> list[sa.Row[Any]]:
    """Establishments of Helsinki, in the order of their names here."""
    given = [
        catalogue.Row(line, {"source_id": name, "name": name, "kind": "cafe", "city": "Helsinki"})
        for line, name in enumerate(names, 2)
    ]
    with transaction():
        catalogue.import_establishments(given, source="tests", by=SOMEBODY, now=NOW)
        return [catalogue.find_by_source("tests", name) for name in names]


def programme(key: str = "superapp", now: dt.datetime = NOW) -> UUID:
    """A programme whose terms came into force a year before; the id of the terms."""
    before = now - dt.timedelta(days=365)
    with transaction():
        made = programmes.create(key, key.title(), "RUB", "Europe/Moscow", by=SOMEBODY, now=before)
        tiers = [programmes.TierRow("Bronze", 0, 500), programmes.TierRow("Silver", 3, 700)]
        terms = programmes.draft(made, programmes.TermsDraft(tiers), by=SOMEBODY, now=before)
        programmes.activate(terms, by=SOMEBODY, now=before)
    return terms


def sign_up(external_id: str = "shop-1", *, now: dt.datetime = NOW, **given: Any) -> referrals.SignedUp:
    """The owner's product tells of a new customer."""
    known = {"kind": "establishment", **given}
    with transaction():
        return referrals.sign_up(
            referrals.SignUp(external_id=external_id, **known), by=Actor.product(UUID(int=1)), now=now
        )


def code_of(agent_id: UUID) -> str:
    return agents.profile(agent_id).code


def at_once(app: Flask, deed: Callable[[Given], Any], given: list[Given]) -> list[Any]:
    """Do `deed` for each given thing at the same moment, each in a thread, session and transaction of its own.

    Returns what each returned, or the exception it raised.
    """
    start = Barrier(min(len(given), 12))

    def one(place: int, thing: Given) -> Any:
        if place < start.parties:
            start.wait()
        with app.app_context(), transaction():
            return deed(thing)

    with ThreadPoolExecutor(start.parties) as threads:
        running = [threads.submit(one, place, thing) for place, thing in enumerate(given)]
    return [deed_done.exception() or deed_done.result() for deed_done in running]


def without_triggers(superuser: psycopg.Connection, sql: str, *values: object) -> None:
    """Damage the database as somebody could whom nothing stops."""
    superuser.execute("set session_replication_role = replica")
    superuser.execute(sql, values)
    superuser.execute("set session_replication_role = origin")


def live_in(zone: str, database: str, superuser: psycopg.Connection) -> None:
    """Have the database live in a zone, for whoever connects from now on."""
    superuser.execute(f"alter database {database} set timezone to '{zone}'")
    db.session.remove()
    db.engine.dispose()
    assert scalar("show timezone") == zone
    release()
