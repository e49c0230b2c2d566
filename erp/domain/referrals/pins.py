"""Which terms a referral follows at a moment: those it was made under, or those it was moved to from a date on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.referrals.rules import CLOCK_SKEW, Moving, TooSoonToMove
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, row, rows


def terms_at(moment: str) -> str:
    """SQL: the terms that referral `r` follows at a moment. Those that were never moved pay nothing for it.

    Of the moves whose date has come, the one decided last holds: only one at a time waits for its date, and one that is
    called off is followed by another, for the same date, to what was there before.
    """
    return f"""case when r.is_rerated then coalesce((
      select m.terms_id from referral_terms m where m.referral_id = r.id and m.from_at <= {moment}
      order by m.id desc limit 1), r.terms_id) else r.terms_id end"""


TERMS_NOW = terms_at("ref_now()")
"""The terms that referral `r` follows today."""


def move(
    referral_ids: Sequence[UUID],
    terms_id: UUID,
    from_at: dt.datetime,
    *,
    rerate_id: UUID,
    code: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Have referrals follow other terms of their programme from a moment to come, for a coded reason; all or none.

    One change at a time: raises `Moving` when one of them already waits for another. Raises `TooSoonToMove`.
    """
    if from_at <= now + CLOCK_SKEW:
        raise TooSoonToMove
    ids = held(referral_ids)
    if waiting := [found.reference for found in coming(ids, now)]:
        raise Moving(Moving.sentence.about(first=waiting[0]))
    _write(ids, terms_id, from_at, rerate_id, code, now)
    execute("update referral set is_rerated = true where id = any(:ids) and not is_rerated", ids=ids)
    details = {"terms": str(terms_id), "from": from_at.isoformat(), "code": code, "referrals": len(ids)}
    audit.record("referrals.moved", "rerate", rerate_id, by=by, at=now, details=details)


def stay(rerate_id: UUID, *, by: Actor, now: dt.datetime) -> int:
    """Call a move off before its moment: its referrals go on as they do today; how many. Raises `TooSoonToMove`."""
    found = rows(
        f"""select r.id, m.from_at, m.code, {terms_at("cast(:now as timestamptz)")} as terms_id
            from referral_terms m join referral r on r.id = m.referral_id where m.rerate_id = :id order by r.id""",
        id=rerate_id,
        now=now,
    )
    held([moved.id for moved in found])
    if any(moved.from_at <= now + CLOCK_SKEW for moved in found):
        raise TooSoonToMove
    for terms_id in {moved.terms_id for moved in found}:
        ids = [moved.id for moved in found if moved.terms_id == terms_id]
        _write(ids, terms_id, found[0].from_at, rerate_id, found[0].code, now)
    details = {"referrals": len(found)}
    audit.record("referrals.stayed", "rerate", rerate_id, by=by, at=now, details=details)
    return len(found)


def held(ids: Sequence[UUID]) -> list[UUID]:
    """Keep referrals from being moved until the transaction ends, in the order of their ids: of two moves one waits."""
    return [
        id
        for (id,) in rows(
            "select id from referral where id = any(:ids) order by id for no key update", ids=list(ids)
        )
    ]


def _write(
    ids: Sequence[UUID], terms_id: UUID, from_at: dt.datetime, rerate_id: UUID, code: str, now: dt.datetime
) -> None:
    execute(
        """insert into referral_terms (referral_id, from_at, terms_id, rerate_id, code, decided_at)
           select id, :from_at, :terms_id, :rerate_id, :code, :now from unnest(cast(:ids as uuid[])) id""",
        ids=list(ids),
        from_at=from_at,
        terms_id=terms_id,
        rerate_id=rerate_id,
        code=code,
        now=now,
    )


def moved(referral_id: UUID, now: dt.datetime) -> sa.Row[Any] | None:
    """The move by which a referral follows its present terms: (from_at, code); none: it was made under them."""
    return row(
        """select m.from_at, m.code from referral_terms m join referral r on r.id = m.referral_id
           where r.id = :id and m.from_at <= :now and m.id = (
             select max(x.id) from referral_terms x where x.referral_id = r.id and x.from_at <= :now)
             and m.terms_id <> r.terms_id""",
        id=referral_id,
        now=now,
    )


def coming(ids: Sequence[UUID], now: dt.datetime) -> Sequence[sa.Row[Any]]:
    """Those of these referrals that wait for a move which is decided: (id, reference, from_at, terms_id, rerate_id,
    code)."""
    return rows(
        f"""select r.id, r.reference, m.from_at, m.terms_id, m.rerate_id, m.code
            from referral r
            cross join lateral (
              select m.from_at, m.terms_id, m.rerate_id, m.code from referral_terms m
              where m.referral_id = r.id order by m.id desc limit 1) m
            where r.id = any(:ids) and m.from_at > :now and m.terms_id <> {terms_at("cast(:now as timestamptz)")}
            order by r.reference""",
        ids=list(ids),
        now=now,
    )
