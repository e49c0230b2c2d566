"""Verbs: seal the periods that are over, sign their seals under a root, and write roots to files."""

from __future__ import annotations

import datetime as dt
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from erp import config
from erp.domain import ledger
from erp.domain.statements import queries, roots, rules
from erp.domain.statements.queries import Cut
from erp.domain.statements.rules import Document
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import Row, db, execute, row, rows
from erp.kernel.ids import reference, uuid7

SEALED_AT_ONCE = 100
OUR_CLOCKS_DIFFER_BY = dt.timedelta(minutes=1)
"""A period is sealed so much after its end, since entries are dated by the database's clock and not by ours."""
SEALING = "hashtextextended('statements are being sealed', 0)"


@contextmanager
def sealing() -> Iterator[None]:
    """One process seals at a time, from the first statement to the file of the root; others wait for it to end."""
    with db.engine.connect() as holder:
        holder.execute(sa.text(f"select pg_advisory_lock({SEALING})"))
        try:
            yield
        finally:
            holder.execute(sa.text(f"select pg_advisory_unlock({SEALING})"))


def seal(*, by: Actor, now: dt.datetime, limit: int = SEALED_AT_ONCE) -> int:
    """Seal the next period that is over of at most `limit` agents; how many. Call until it answers 0.

    Holds the agents' accounts, so that every entry of a period has been committed before its end is counted; the
    database refuses one that would come after it.
    """
    zone = ledger.ZONE.key
    boundary, _ = rules.month_of(now - OUR_CLOCKS_DIFFER_BY, zone)
    due = queries.due(boundary, limit)
    if not due:
        return 0
    _hold([found.agent_id for found in due])
    periods = {found.agent_id: _period(found, zone) for found in due}
    cuts = queries.cuts({agent_id: until for agent_id, (_, until) in periods.items()})
    stamp = queries.stamp()
    sealed = [
        (
            found.agent_id,
            cuts[found.agent_id],
            _sealed(found, periods[found.agent_id], zone, stamp, cuts, now),
        )
        for found in due
    ]
    _write(sealed, now)
    for agent_id, _, document in sealed:
        details = {"statement": document.statement, "lines": document.lines, "hash": document.hash}
        audit.record("statement.sealed", "agent", agent_id, by=by, at=now, details=details)
    return len(sealed)


def _hold(agents: Sequence[UUID]) -> None:
    held: dict[str, list[UUID]] = defaultdict(list)
    for agent_id in agents:
        for currency in ledger.currencies(agent_id):
            held[currency].append(agent_id)
    for currency in sorted(held):
        ledger.lock(held[currency], currency)


def _period(due: Row, zone: str) -> tuple[dt.datetime, dt.datetime]:
    since, until = rules.month_of(due.begins, zone)
    return max(since, due.last_until or since), until


def _sealed(
    due: Row,
    period: tuple[dt.datetime, dt.datetime],
    zone: str,
    stamp: tuple[str, str],
    cuts: dict[UUID, list[Cut]],
    now: dt.datetime,
) -> Document:
    instance, mode = stamp
    document = Document(
        instance=instance,
        mode=mode,
        statement=reference("STM"),
        agent=due.agent_reference,
        number=due.number,
        zone=zone,
        since=period[0],
        until=period[1],
        previous=due.previous_hash,
        accounts=queries.accounts_of(cuts[due.agent_id]),
        sealed_at=now,
    )
    return replace(document, hash=rules.seal(document))


def _write(sealed: Sequence[tuple[UUID, list[Cut], Document]], now: dt.datetime) -> None:
    ids = [uuid7() for _ in sealed]
    documents = [document for _, _, document in sealed]
    execute(
        """insert into statement (id, reference, agent_id, number, zone, since, until, lines, previous_hash, hash,
                                  sealed_at)
           select *, :now from unnest(cast(:ids as uuid[]), cast(:references as text[]), cast(:agents as uuid[]),
             cast(:numbers as bigint[]), cast(:zones as text[]), cast(:since as timestamptz[]),
             cast(:until as timestamptz[]), cast(:lines as bigint[]), cast(:previous as text[]),
             cast(:hashes as text[]))""",
        ids=ids,
        references=[document.statement for document in documents],
        agents=[agent_id for agent_id, _, _ in sealed],
        numbers=[document.number for document in documents],
        zones=[document.zone for document in documents],
        since=[document.since for document in documents],
        until=[document.until for document in documents],
        lines=[document.lines for document in documents],
        previous=[document.previous for document in documents],
        hashes=[document.hash for document in documents],
        now=now,
    )
    parts = [(id, cut) for id, (_, cuts, _) in zip(ids, sealed, strict=True) for cut in cuts]
    execute(
        """insert into statement_account (statement_id, account_id, after_seq, to_seq, opening, closing)
           select * from unnest(cast(:ids as uuid[]), cast(:accounts as bigint[]), cast(:after as bigint[]),
             cast(:upto as bigint[]), cast(:opening as bigint[]), cast(:closing as bigint[]))""",
        ids=[id for id, _ in parts],
        accounts=[cut.account_id for _, cut in parts],
        after=[cut.after for _, cut in parts],
        upto=[cut.upto for _, cut in parts],
        opening=[cut.opening for _, cut in parts],
        closing=[cut.closing for _, cut in parts],
    )


def sign_root(*, by: Actor, now: dt.datetime) -> int | None:
    """Sign all seals that no root holds yet; the root's number, None when there are none.

    Needs the key of `REF_SEAL_KEY`; raises `roots.Unreadable` without it.
    """
    waiting = rows(
        """select s.id, s.reference, s.hash from statement s
           where not exists (select 1 from root_seal r where r.statement_id = s.id) order by s.reference"""
    )
    if not waiting:
        return None
    settings = config.get()
    key = roots.load_private_key(settings.seal_key)
    last = row("select id, hash from seal_root order by id desc limit 1")
    number, previous = (last.id + 1, last.hash) if last else (1, None)
    day, key_id = now.astimezone(ledger.ZONE).date(), roots.key_id(key.public_key())
    seals = {found.reference: found.hash for found in waiting}
    hash, signature = roots.sign(
        roots.signed_text(*queries.stamp(), number, day, previous, key_id, seals), key
    )
    execute(
        """insert into seal_root (id, day, seals, previous_hash, hash, key_id, signature, signed_at)
           values (:number, :day, :seals, :previous, :hash, :key_id, :signature, :now)""",
        number=number,
        day=day,
        seals=len(seals),
        previous=previous,
        hash=hash,
        key_id=key_id,
        signature=signature,
        now=now,
    )
    execute(
        "insert into root_seal (statement_id, root_id) select id, :number from unnest(cast(:ids as uuid[])) id",
        ids=[found.id for found in waiting],
        number=number,
    )
    audit.record(
        "seal_root.signed",
        "seal_root",
        number,
        by=by,
        at=now,
        details={"seals": len(seals), "hash": hash, "key": key_id},
    )
    return number


def export_roots(folder: Path) -> int:
    """Write the roots that have no file yet, with the public key beside them; how many. A file is never overwritten."""
    known = {root.id for root in rows("select id from seal_root")}
    missing = [number for number in sorted(known) if not (folder / roots.file_name(number)).exists()]
    if not missing:
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / roots.PUBLIC_KEY).exists():
        key = roots.load_private_key(config.get().seal_key).public_key()
        _keep(folder / roots.PUBLIC_KEY, roots.public_pem(key))
    for number in missing:
        _keep(folder / roots.file_name(number), roots.written(queries.root_file(number)).encode())
    return len(missing)


def _keep(file: Path, content: bytes) -> None:
    """Whole or not at all, and there to stay."""
    partial = file.with_suffix(".new")
    with partial.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    partial.rename(file)
    file.chmod(0o444)
