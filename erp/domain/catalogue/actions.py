"""The catalogue is filled from outside, and a place in it becomes a customer once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import islice
from uuid import UUID

from erp.domain.catalogue import rules
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, row
from erp.kernel.errors import NotFound
from erp.kernel.ids import reference, uuid7

BATCH = 500


def import_establishments(
    given: Iterable[rules.Row], *, source: str, by: Actor, now: dt.datetime, seen: set[str] | None = None
) -> rules.Imported:
    """Add the rows of a list that are new to `source`, bring changed ones up to date, leave the rest alone.

    Two imports of one source wait for each other: their batches may meet in any order, and would deadlock.
    `seen` carries the ids met so far from one call to the next, when a file comes in several transactions.
    """
    execute("select pg_advisory_xact_lock(hashtextextended('import ' || :source, 0))", source=source)
    seen = set() if seen is None else seen
    rows, total = iter(given), rules.Imported()
    while batch := list(islice(rows, BATCH)):
        total += _import_batch(batch, source, seen, by, now)
    return total


def _import_batch(
    batch: Sequence[rules.Row], source: str, seen: set[str], by: Actor, now: dt.datetime
) -> rules.Imported:
    records, problems = [], []
    for given in batch:
        record, notes = rules.clean(given)
        if record is None:
            problems += notes
        elif record.source_id in seen:
            problems.append(_repeated(given.line, record.source_id))
        else:
            seen.add(record.source_id)
            records.append(record)
            problems += notes
    added, changed = _write(records, source, now)
    done = rules.Imported(added, changed, len(records) - added - changed, problems)
    if added or changed:
        lines = {"first_line": batch[0].line, "last_line": batch[-1].line}
        figures = {"added": added, "changed": changed, "unchanged": done.unchanged, "refused": done.refused}
        audit.record("establishments.imported", "import", source, by=by, at=now, details=lines | figures)
    return done


def _repeated(line: int, source_id: str) -> rules.Problem:
    return rules.Problem(line, f"{source_id} is in the file already: the first row counts", refused=True)


def _write(records: Sequence[rules.Record], source: str, now: dt.datetime) -> tuple[int, int]:
    """How many records were added and how many changed, in one statement; each new one is a place of its own.

    `xmax` is zero for a row that this statement inserted. Rows go in by id, so that two imports cannot deadlock.
    """
    counted = row(
        """with given as (
             select * from jsonb_to_recordset(cast(:records as jsonb)) as given(
               id uuid, reference text, claim_group_id uuid, name text, kind text, cuisine text, street text,
               house text, postcode text, city text, country text, lat double precision, lon double precision,
               phone text, email text, website text, opening_hours text, source_id text, row_hash text,
               search_text text)),
           written as (
             insert into establishment as e
               (id, reference, claim_group_id, name, kind, cuisine, street, house, postcode, city, country, lat,
                lon, phone, email, website, opening_hours, source, source_id, row_hash, search_text, created_at,
                updated_at)
             select id, reference, claim_group_id, name, kind, cuisine, street, house, postcode, city, country,
                    lat, lon, phone, email, website, opening_hours, :source, source_id, decode(row_hash, 'hex'),
                    search_text, :now, :now
             from given order by source_id
             on conflict (source, source_id) do update set
               name = excluded.name, kind = excluded.kind, cuisine = excluded.cuisine,
               street = excluded.street, house = excluded.house, postcode = excluded.postcode,
               city = excluded.city, country = excluded.country, lat = excluded.lat, lon = excluded.lon,
               phone = excluded.phone, email = excluded.email, website = excluded.website,
               opening_hours = excluded.opening_hours, row_hash = excluded.row_hash,
               search_text = excluded.search_text, updated_at = excluded.updated_at
             where e.row_hash <> excluded.row_hash
             returning claim_group_id, xmax = 0 as added),
           places as (insert into claim_group (id) select claim_group_id from written where added)
           select count(*) filter (where added) as added, count(*) filter (where not added) as changed
           from written""",
        records=json.dumps([_as_json(record) for record in records]),
        source=source,
        now=now,
    )
    assert counted is not None
    return counted.added, counted.changed


def _as_json(record: rules.Record) -> dict[str, object]:
    return asdict(record) | {
        "id": str(uuid7()),
        "reference": reference("EST"),
        "claim_group_id": str(uuid7()),
        "row_hash": record.row_hash.hex(),
        "search_text": record.search_text,
    }


def hold_place(claim_group_id: UUID, *, alone: bool = False) -> dt.datetime | None:
    """Keep anybody else from connecting this place until commit; the moment it was connected, if it was.

    `alone` also waits for those who are booking it. Locks are taken in the order place, agents, bookings.
    """
    strength = "update" if alone else "share"
    found = row(f"select connected_at from claim_group where id = :id for {strength}", id=claim_group_id)
    if found is None:
        raise NotFound
    connected_at: dt.datetime | None = found.connected_at
    return connected_at


def mark_connected(claim_group_id: UUID, *, at: dt.datetime) -> None:
    """The place has signed up: it is nobody's to book any more."""
    execute(
        "update claim_group set connected_at = :at where id = :id and connected_at is null",
        id=claim_group_id,
        at=at,
    )
