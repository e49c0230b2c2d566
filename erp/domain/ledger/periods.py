"""Months of the owner's books and their closing: one person proposes it, another approves it, and it is for good.

Two people, not one who signs in again: what is closed stays closed, and a stolen session must not be enough for that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain.ledger.model import AGENT_KINDS, OWNER_KINDS
from erp.kernel import audit, ids
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, rows, scalar, violated
from erp.kernel.errors import DomainError, Invalid, NotFound, SamePerson
from erp.kernel.sentences import Sentence

ZONE = ZoneInfo("Europe/Moscow")
"""Whose calendar the months of the books follow: that of the owner's taxes."""


class PeriodNotOver(DomainError):
    code = "period_not_over"
    sentence = Sentence("This month is not over. It can be closed from %(ends_at)s on.")


class PeriodNotNext(DomainError):
    code = "period_not_next"
    sentence = Sentence("Months are closed one after another. The next one is %(month)s.")


class NothingToClose(DomainError):
    code = "nothing_to_close"
    sentence = Sentence("Nothing has been booked, so that there is no month to close.")


class ClosingStands(DomainError):
    code = "closing_proposed"
    sentence = Sentence("Somebody has proposed to close this month, or it is closed. Look again.")


class ClosingEnded(DomainError):
    code = "closing_ended"
    sentence = Sentence("This proposal was withdrawn, or the month is closed. Look again.")


def bounds(month: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """When the month that `month` lies in begins and ends, by the owner's calendar."""
    first = month.replace(day=1)
    following = (first + dt.timedelta(days=31)).replace(day=1)
    begins, ends = (dt.datetime(day.year, day.month, 1, tzinfo=ZONE) for day in (first, following))
    return begins.astimezone(dt.UTC), ends.astimezone(dt.UTC)


def ends_of(month: dt.date) -> dt.datetime:
    """When the month that begins on `month` ends."""
    return bounds(month)[1]


def month_of(moment: dt.datetime) -> dt.date:
    """The first day of the month that a moment lies in, by the owner's calendar."""
    return moment.astimezone(ZONE).date().replace(day=1)


def open_since() -> dt.datetime | None:
    """From when on the books are open; None when nothing was ever closed."""
    found: dt.datetime | None = scalar("select max(ends_at) from period")
    return found


def first_month() -> dt.date | None:
    """The month of the first entry; None when nothing was ever booked."""
    since = scalar("select booked_at from entry order by transaction_id limit 1")
    return None if since is None else month_of(since)


def next_month() -> dt.date | None:
    """The month that is to be closed next: after the last closed one, or that of the first entry."""
    since = open_since()
    return first_month() if since is None else month_of(since)


def propose_closing(month: dt.date, *, note: str = "", by: Actor, now: dt.datetime) -> UUID:
    """Propose to close the month that begins on `month`; nothing is closed until a second person approves.

    Raises `NothingToClose`, `PeriodNotNext`, `PeriodNotOver`, and `ClosingStands` when it was proposed already.
    """
    _may_be_closed(month, now)
    closing_id = ids.uuid7()
    try:
        with db.session.begin_nested():
            execute(
                """insert into period_closing (id, month, note, proposed_by, proposed_at)
                   values (:id, :month, :note, :by, :now)""",
                id=closing_id,
                month=month,
                note=" ".join(note.split()),
                by=str(by),
                now=now,
            )
    except IntegrityError as clash:
        if violated(clash) != "one_standing_closing_per_month":
            raise
        raise ClosingStands from clash
    details = {"month": f"{month:%Y-%m}"}
    audit.record("period.closing_proposed", "period_closing", closing_id, by=by, at=now, details=details)
    return closing_id


def _may_be_closed(month: dt.date, now: dt.datetime) -> None:
    following = next_month()
    if following is None:
        raise NothingToClose
    if month != following:
        raise PeriodNotNext(PeriodNotNext.sentence.about(month=f"{following:%Y-%m}"))
    _begins, ends = bounds(month)
    if now < ends:
        raise PeriodNotOver(PeriodNotOver.sentence.about(ends_at=ends))


def withdraw_closing(closing_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Take a proposal back, or refuse it. Raises `NotFound`, `ClosingEnded`."""
    _find(closing_id)
    withdrawn = execute(
        """update period_closing set withdrawn_by = :by, withdrawn_at = :now
           where id = :id and approved_at is null and withdrawn_at is null""",
        id=closing_id,
        by=str(by),
        now=now,
    ).rowcount
    if not withdrawn:
        raise ClosingEnded
    audit.record("period.closing_withdrawn", "period_closing", closing_id, by=by, at=now)


def approve_closing(closing_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Close the month: from now on nobody books into it, and its trial balance is kept.

    It waits for those who are booking now. Raises `NotFound`, `SamePerson`, `ClosingEnded`, `PeriodNotNext`.
    """
    closing = _find(closing_id)
    if closing.proposed_by == str(by):
        raise SamePerson(Sentence("You proposed to close this month. A different person must approve it."))
    approved = execute(
        """update period_closing set approved_by = :by, approved_at = :now
           where id = :id and approved_at is null and withdrawn_at is null""",
        id=closing_id,
        by=str(by),
        now=now,
    ).rowcount
    if not approved:
        raise ClosingEnded
    _may_be_closed(closing.month, now)
    begins, ends = bounds(closing.month)
    execute(
        """insert into period (month, starts_at, ends_at, closing_id, closed_at)
           values (:month, :begins, :ends, :closing_id, :now)""",
        month=closing.month,
        begins=begins,
        ends=ends,
        closing_id=closing_id,
        now=now,
    )
    details = {"month": f"{closing.month:%Y-%m}"}
    audit.record("period.closed", "period_closing", closing_id, by=by, at=now, details=details)


def _find(closing_id: UUID) -> sa.Row[Any]:
    closing = row("select * from period_closing where id = :id", id=closing_id)
    if closing is None:
        raise NotFound
    return closing


def closed_periods() -> Sequence[sa.Row[Any]]:
    """Every closed month with who proposed and who approved it, newest first."""
    return rows(
        """select p.month, p.starts_at, p.ends_at, p.closed_at, c.id as closing_id, c.note, c.proposed_by,
                  c.proposed_at, c.approved_by
           from period p join period_closing c on c.id = p.closing_id order by p.month desc"""
    )


def find_period(month: dt.date) -> sa.Row[Any]:
    """A closed month. Raises `NotFound`."""
    found = [period for period in closed_periods() if period.month == month]
    if not found:
        raise NotFound
    return found[0]


def standing_closing(month: dt.date) -> sa.Row[Any] | None:
    """The proposal to close a month that waits for a second person."""
    return row(
        "select * from period_closing where month = :month and withdrawn_at is null and approved_at is null",
        month=month,
    )


def closings_of(month: dt.date) -> Sequence[sa.Row[Any]]:
    """All that was ever proposed for a month, newest first: its history."""
    return rows(
        "select * from period_closing where month = :month order by proposed_at desc, id desc", month=month
    )


def closing_balances(month: dt.date) -> Sequence[sa.Row[Any]]:
    """The trial balance that was kept when a month was closed."""
    return rows(
        """select kind, currency, opening, debit, credit, closing as balance from period_balance where month = :month
           order by currency, array_position(cast(:kinds as text[]), kind)""",
        month=month,
        kinds=[*OWNER_KINDS, *AGENT_KINDS],
    )


def parse_month(text: str) -> dt.date:
    """The first day of a month written as 2026-10. Raises `Invalid`."""
    try:
        return dt.datetime.strptime(f"{text}-01", "%Y-%m-%d").date()
    except ValueError:
        raise Invalid(fields={"month": Sentence("Write a month as 2026-10.")}) from None
