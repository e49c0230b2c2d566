"""One deed for many rows: laid down with every row it is for, confirmed once, done row by row, each row its own decision.

A bulk deed names a verb of the domain and the rows that somebody chose. Until it is confirmed it changes nothing. Each
row is then done in a transaction of its own, so what one row is refused costs the others nothing; what became of each
is kept. It can be carried on by any process after a crash: a row that was done is never done again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so

from erp.kernel import audit, clock, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import Row, db, execute, row, rows
from erp.kernel.errors import DomainError, Forbidden, Invalid, NotFound
from erp.kernel.ids import uuid7
from erp.kernel.paging import Listed
from erp.kernel.sentences import Sentence, as_json
from erp.kernel.transaction import transaction

CARRY_ON = "erp.jobs.bulk.carry_on"
MOST = 10_000
"""Rows that one bulk deed may be for."""
AT_ONCE = 200
"""Rows that are done while the person waits; more go to a worker."""
PATIENCE = 30
"""Seconds after which a worker looks whether something was left undone."""
KEPT = dt.timedelta(days=30)


class BulkDeed(db.Model):
    """A verb, the values it needs, who asked for it, and how far it is."""

    __tablename__ = "bulk_deed"
    id: so.Mapped[UUID] = so.mapped_column(primary_key=True)
    list: so.Mapped[str]
    action: so.Mapped[str]
    verb: so.Mapped[str]
    details: so.Mapped[dict[str, Any]] = so.mapped_column(server_default=sa.text("'{}'::jsonb"))
    origin: so.Mapped[str]
    asked_by: so.Mapped[str]
    asked_at: so.Mapped[dt.datetime]
    confirmed_at: so.Mapped[dt.datetime | None]
    ended_at: so.Mapped[dt.datetime | None]


class BulkRow(db.Model):
    """One row that a bulk deed is for, and what became of it: `done`, `refused` with a reason, or nothing yet."""

    __tablename__ = "bulk_row"
    deed_id: so.Mapped[UUID] = so.mapped_column(
        sa.ForeignKey("bulk_deed.id", ondelete="CASCADE"), primary_key=True
    )
    position: so.Mapped[int] = so.mapped_column(primary_key=True)
    subject: so.Mapped[str]
    label: so.Mapped[str]
    outcome: so.Mapped[str | None]
    refusal: so.Mapped[dict[str, Any] | None]
    __table_args__ = (sa.CheckConstraint("outcome in ('done', 'refused')", name="outcome"),)


class NothingChosen(Invalid):
    code = "nothing_chosen"
    sentence = Sentence("Choose the rows first.")


class TooMany(Invalid):
    code = "too_many_rows"
    sentence = Sentence("At most %(most)s rows at once. Narrow the filters first.", most=MOST)


class NotTheirs(Forbidden):
    code = "bulk_of_somebody_else"
    sentence = Sentence("Only who chose the rows may confirm it. Choose them yourself.")


class Confirmed(DomainError):
    code = "bulk_confirmed"
    sentence = Sentence("This was confirmed before.")


def lay_down(
    list: str,
    action: str,
    verb: str,
    chosen: Iterable[tuple[str, str]],
    *,
    origin: str,
    by: Actor,
    now: dt.datetime,
) -> UUID:
    """Keep what somebody chose: (id as text, what people call it) of each row. Nothing is done yet.

    `verb` is the dotted name of a verb that takes an id; `origin` the address to go back to. Raises `NothingChosen`
    or `TooMany`.
    """
    id, subjects, labels = uuid7(), [], []
    for subject, label in chosen:
        subjects.append(subject)
        labels.append(label)
        if len(subjects) > MOST:
            raise TooMany
    if not subjects:
        raise NothingChosen
    execute(
        """insert into bulk_deed (id, list, action, verb, origin, asked_by, asked_at)
           values (:id, :list, :action, :verb, :origin, :by, :now)""",
        id=id,
        list=list,
        action=action,
        verb=verb,
        origin=origin,
        by=str(by),
        now=now,
    )
    execute(
        """insert into bulk_row (deed_id, position, subject, label)
           select :id, position, subject, label
           from unnest(cast(:subjects as text[]), cast(:labels as text[])) with ordinality as x(subject, label, position)""",
        id=id,
        subjects=subjects,
        labels=labels,
    )
    return id


DEED = """select d.id, d.list, d.action, d.verb, d.details, d.origin, d.asked_by, d.asked_at, d.confirmed_at, d.ended_at,
                 r.total, r.done, r.refused, r.total - r.done - r.refused as waiting
          from bulk_deed d cross join lateral (
            select count(*) as total, count(*) filter (where outcome = 'done') as done,
                   count(*) filter (where outcome = 'refused') as refused
            from bulk_row where deed_id = d.id) r"""


def find(id: UUID) -> Row:
    """A bulk deed with how far it is. Raises `NotFound`."""
    found = row(f"{DEED} where d.id = :id", id=id)
    if found is None:
        raise NotFound
    return found


def subjects(id: UUID, *, ended: bool) -> Listed:
    """The rows of a bulk deed in the order they were chosen; once it has `ended`, those that were refused first."""
    return Listed(
        "select position, subject, label, outcome, refusal from bulk_row where deed_id = :id",
        {"chosen": "position", "refused": "outcome is distinct from 'refused', position"},
        "refused" if ended else "chosen",
        {"id": id},
    )


def done_in(id: UUID) -> list[tuple[str, str]]:
    """(id, what people call it) of the rows that were done."""
    found = rows(
        "select subject, label from bulk_row where deed_id = :id and outcome = 'done' order by position",
        id=id,
    )
    return [(done.subject, done.label) for done in found]


def confirm(id: UUID, details: dict[str, str], *, by: Actor, now: dt.datetime) -> None:
    """Have it done, with the values that the verb needs. A worker does what is much, or what is left undone.

    Raises `NotFound`, `NotTheirs` when somebody else chose the rows, `Confirmed`.
    """
    deed = find(id)
    if deed.asked_by != str(by):
        raise NotTheirs
    confirmed = execute(
        """update bulk_deed set confirmed_at = :now, details = cast(:details as jsonb)
           where id = :id and confirmed_at is null""",
        id=id,
        details=json.dumps(details),
        now=now,
    )
    if not confirmed.rowcount:
        raise Confirmed
    said = {"verb": deed.verb, "rows": deed.total, **details}
    audit.record("bulk.confirmed", "bulk_deed", id, by=by, at=now, details=said)
    outbox.enqueue(CARRY_ON, id, delay=PATIENCE if deed.total <= AT_ONCE else 0)


def carry_on(id: UUID) -> None:
    """Do every row of a confirmed deed that nobody has done, each in a transaction of its own."""
    while _do_next(id, clock.now()):
        pass


def _do_next(id: UUID, now: dt.datetime) -> bool:
    """Do one row; whether there was one."""
    position = -1
    try:
        with transaction():
            deed = row(
                "select verb, details, asked_by from bulk_deed where id = :id and confirmed_at is not null",
                id=id,
            )
            chosen = deed and row(
                """select position, subject from bulk_row where deed_id = :id and outcome is null
                   order by position limit 1 for update skip locked""",
                id=id,
            )
            if deed is None or chosen is None:
                _end(id, now)
                return False
            position = chosen.position
            _do(deed.verb, chosen.subject, deed.details, _actor(deed.asked_by), now)
            _note(id, position, "done")
    except DomainError as refusal:
        with transaction():
            _note(id, position, "refused", refusal)
    return True


def rehearse(verb: str, subject: str, details: dict[str, str], *, by: Actor, now: dt.datetime) -> None:
    """Do it as it would be done, inside a `rehearsal`. Raises what the verb would refuse."""
    _do(verb, subject, details, by, now)


def _do(verb: str, subject: str, details: dict[str, str], by: Actor, now: dt.datetime) -> None:
    found: Callable[..., None] = outbox.resolve(verb)
    found(id_of(subject), **details, by=by, now=now)


def id_of(subject: str) -> UUID | int | str:
    """An id that was kept as text: a number, a UUID, or a reference."""
    if subject.isdecimal():
        return int(subject)
    try:
        return UUID(subject)
    except ValueError:
        return subject


def _actor(text: str) -> Actor:
    kind, _colon, id = text.partition(":")
    return Actor(kind, id)  # type: ignore[arg-type]


def _note(id: UUID, position: int, outcome: str, refusal: DomainError | None = None) -> None:
    execute(
        """update bulk_row set outcome = :outcome, refusal = cast(:refusal as jsonb)
           where deed_id = :id and position = :position and outcome is null""",
        id=id,
        position=position,
        outcome=outcome,
        refusal=refusal and json.dumps(as_json(refusal.said)),
    )


def _end(id: UUID, now: dt.datetime) -> None:
    """Note that nothing is left to do, unless another process is still at a row."""
    execute(
        """update bulk_deed set ended_at = :now
           where id = :id and confirmed_at is not null and ended_at is null
             and not exists (select 1 from bulk_row where deed_id = :id and outcome is null)""",
        id=id,
        now=now,
    )


def forget(*, now: dt.datetime) -> None:
    """Let go of what was laid down long ago; the audit log keeps what was done."""
    execute("delete from bulk_deed where asked_at < :before", before=now - KEPT)
