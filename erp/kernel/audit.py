"""Who changed what and when: one append-only row in the same transaction as the change.

Tables declared `audited` in a migration refuse, by a deferred trigger, to commit a write that has no such row.
Details hold ids, codes and figures, never personal data.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm as so
import structlog

from erp.kernel.actor import Actor
from erp.kernel.db import Row, db, note_down, row, rows, scalar
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed
from erp.kernel.span import EVER, Span, within


class AuditEntry(db.Model):
    """One deed: `actor` did `action` to `subject`, in database transaction `xact`."""

    __tablename__ = "audit_entry"
    id: so.Mapped[int] = so.mapped_column(sa.Identity(always=True), primary_key=True)
    xact: so.Mapped[int] = so.mapped_column(index=True)
    action: so.Mapped[str]
    subject_type: so.Mapped[str]
    subject_id: so.Mapped[str]
    actor_kind: so.Mapped[str]
    actor_id: so.Mapped[str]
    at: so.Mapped[dt.datetime]
    request_id: so.Mapped[str | None]
    details: so.Mapped[dict[str, Any]] = so.mapped_column(server_default=sa.text("'{}'::jsonb"))
    __table_args__ = (sa.Index("audit_entry_subject_idx", "subject_type", "subject_id"),)


WRITE_DEEDS = """insert into audit_entry (xact, action, subject_type, subject_id, actor_kind, actor_id, at, request_id,
                                          details)
  select pg_current_xact_id()::text::bigint, d.*
  from jsonb_to_recordset(cast(:deeds as jsonb))
       as d(action text, subject_type text, subject_id text, actor_kind text, actor_id text, at timestamptz,
            request_id text, details jsonb)"""
WRITE_DEED = """insert into audit_entry (xact, action, subject_type, subject_id, actor_kind, actor_id, at, request_id,
                                         details)
  values (pg_current_xact_id()::text::bigint, :action, :subject_type, :subject_id, :actor_kind, :actor_id,
          cast(:at as timestamptz), :request_id, cast(:details as jsonb))"""
"""The same for one: to take JSON apart costs as much as to write the row."""


def record(
    action: str,
    subject_type: str,
    subject_id: UUID | str | int,
    *,
    by: Actor,
    at: dt.datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Write down that `by` did `action` ("booking.made") at `at`, as the last thing the open transaction does."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    note_down(
        "deeds",
        {
            "action": action,
            "subject_type": subject_type,
            "subject_id": str(subject_id),
            "actor_kind": by.kind,
            "actor_id": by.id,
            "at": at.isoformat(),
            "request_id": request_id,
            "details": details or {},
        },
    )


SORTS = {"newest": "id desc", "at": "id", "-at": "id desc"}
COLUMNS = "id, action, subject_type, subject_id, actor_kind, actor_id, at, request_id, details"


def search(
    *,
    q: str = "",
    actor_kind: str = "",
    span: Span = EVER,
    sort: str = "",
) -> Listed:
    """Audit entries, newest first. `q`: the beginning of an action, or the id of a subject, actor or request."""
    return Listed(
        f"""select {COLUMNS} from audit_entry
            where (:q = '' or starts_with(action, :q) or subject_id = :q or actor_id = :q or request_id = :q)
              and (:actor_kind = '' or actor_kind = :actor_kind)
              and {within("at")}""",
        SORTS,
        sort,
        {"q": q, "actor_kind": actor_kind, **span.params},
    )


def counts(span: Span) -> dict[str, int]:
    """How many deeds each kind of actor did in a span."""
    found = rows(
        f"select actor_kind, count(*) as number from audit_entry where {within('at')} group by actor_kind",
        **span.params,
    )
    return {counted.actor_kind: counted.number for counted in found}


def find(id: int) -> Row:
    """One deed with its details. Raises `NotFound`."""
    found = row(f"select {COLUMNS} from audit_entry where id = :id", id=id)
    if found is None:
        raise NotFound
    return found


def last(subject_type: str, subject_id: UUID | str | int) -> int:
    """The id of the newest deed on one subject; 0 when nothing was done to it."""
    newest: int = scalar(
        """select coalesce(max(id), 0) from audit_entry
           where subject_type = :subject_type and subject_id = :subject_id""",
        subject_type=subject_type,
        subject_id=str(subject_id),
    )
    return newest


def history(subject_type: str, subject_id: UUID | str | int, *, after: int = 0) -> list[Any]:
    """Everything that was done to one subject (since the deed with the id `after`), oldest first."""
    return list(
        rows(
            """select id, action, actor_kind, actor_id, at, details from audit_entry
               where subject_type = :subject_type and subject_id = :subject_id and id > :after
               order by id limit 500""",
            after=after,
            subject_type=subject_type,
            subject_id=str(subject_id),
        )
    )
