"""Verbs of re-rates: proposed by one person, decided by another, withdrawn before they begin."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from erp.domain import notices, referrals
from erp.domain.referrals import MOVE_CODES, terms_at
from erp.domain.rerates import rules
from erp.domain.rerates.choice import CHOSEN, NOW, Choice
from erp.domain.rerates.preview import COUNT
from erp.kernel import audit, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import Row, execute, row, rows, scalar
from erp.kernel.errors import NEEDED, Invalid, NotFound, SamePerson
from erp.kernel.ids import reference, uuid7
from erp.kernel.sentences import Sentence


def propose(choice: Choice, day: dt.date, *, code: str, note: str, by: Actor, now: dt.datetime) -> str:
    """Ask to move referrals to the active terms of their programme from a day on; the reference. Nothing moves yet.

    A job counts what agents would win or lose. Raises `NotFound`, `TermsNotInForce`, `NothingToMove`, `Invalid`.
    """
    programme = _programme(choice.programme_id)
    note = _checked(programme, day, code, note, now)
    terms_id = _held_terms("programme_id", choice.programme_id)
    chosen = rows(CHOSEN, terms_id=terms_id, now=now, **choice.params)
    if not chosen:
        raise rules.NothingToMove
    id, ref = uuid7(), reference("RRT")
    execute(
        """insert into rerate (id, reference, programme_id, terms_id, from_at, code, note, proposed_by, proposed_at)
           values (:id, :reference, :programme_id, :terms_id, :from_at, :code, :note, :by, :now)""",
        id=id,
        reference=ref,
        programme_id=choice.programme_id,
        terms_id=terms_id,
        from_at=rules.begins(day, programme.zone),
        code=code,
        note=note,
        by=str(by),
        now=now,
    )
    execute(
        """insert into rerate_referral (rerate_id, referral_id, terms_id)
           select :id, x.id, x.terms_id from unnest(cast(:ids as uuid[]), cast(:terms as uuid[])) as x(id, terms_id)""",
        id=id,
        ids=[referral.id for referral in chosen],
        terms=[referral.terms_id for referral in chosen],
    )
    execute(
        """insert into rerate_agent (rerate_id, agent_id, referrals)
           select :id, s.agent_id, count(*) from rerate_referral x join referral_share s on s.referral_id = x.referral_id
           where x.rerate_id = :id group by s.agent_id""",
        id=id,
    )
    details = {"terms": str(terms_id), "from": day.isoformat(), "code": code, "referrals": len(chosen)}
    audit.record("rerate.proposed", "rerate", id, by=by, at=now, details=details)
    outbox.enqueue(COUNT, id)
    return ref


def _programme(id: UUID) -> Row:
    found = row("select id, zone, notice_days from programme where id = :id", id=id)
    if found is None:
        raise NotFound
    return found


def _checked(programme: Row, day: dt.date, code: str, note: str, now: dt.datetime) -> str:
    note, problems = " ".join(note.split()), {}
    first = rules.first_day(now, programme.notice_days, programme.zone)
    if day < first:
        problems["day"] = Sentence(
            "Agents are told %(days)s days ahead, so it cannot begin before %(first)s.",
            days=programme.notice_days,
            first=first,
        )
    if code not in MOVE_CODES:
        problems["code"] = Sentence("One of: %(kinds)s.", kinds=list(MOVE_CODES))
    if not note:
        problems["note"] = NEEDED
    if problems:
        raise Invalid(fields=problems)
    return note


def _held_terms(column: str, id: UUID) -> UUID:
    """Terms that are in force, and cannot be retired before this transaction ends. Raises `TermsNotInForce`."""
    found = scalar(f"select id from terms where {column} = :id and state = 'active' for share", id=id)
    if found is None:
        raise rules.TermsNotInForce
    return UUID(str(found))


def approve(rerate: str, *, by: Actor, now: dt.datetime) -> None:
    """A second person agrees: the referrals move when the day comes, and their agents are told now.

    Raises `NotFound`, `RerateEnded`, `SamePerson`, `NotCounted`, `TermsNotInForce`, `TooLateToTell`, `Overtaken`, and
    `Moving` when some of them wait for another move by now.
    """
    found = _proposed(rerate)
    if found.proposed_by == str(by):
        raise SamePerson
    if found.counted_at is None:
        raise rules.NotCounted
    _held_terms("id", found.terms_id)
    programme = _programme(found.programme_id)
    if found.from_at < now + dt.timedelta(days=programme.notice_days):
        first = rules.first_day(now, programme.notice_days, programme.zone)
        raise rules.TooLateToTell(rules.TooLateToTell.sentence.about(days=programme.notice_days, first=first))
    ids = referrals.held(
        [id for (id,) in rows("select referral_id from rerate_referral where rerate_id = :id", id=found.id)]
    )
    if _is_overtaken(found.id, now):
        raise rules.Overtaken
    referrals.move(ids, found.terms_id, found.from_at, rerate_id=found.id, code=found.code, by=by, now=now)
    _decide(found, "approved", None, by=by, now=now)
    notices.announce_rerate(found.id, now=now)


def _is_overtaken(id: UUID, now: dt.datetime) -> bool:
    """Whether what was counted is no longer what would happen."""
    return bool(
        scalar(
            f"""select exists (select 1 from rerate_referral x join referral r on r.id = x.referral_id
                where x.rerate_id = :id and x.terms_id <> {terms_at(NOW)})""",
            id=id,
            now=now,
        )
    )


def refuse(rerate: str, note: str, *, by: Actor, now: dt.datetime) -> None:
    """Somebody else says no, and why; nothing moves. Raises `NotFound`, `RerateEnded`, `SamePerson`, `Invalid`."""
    note = " ".join(note.split())
    if not note:
        raise Invalid(fields={"note": NEEDED})
    found = _proposed(rerate)
    if found.proposed_by == str(by):
        raise SamePerson
    _decide(found, "refused", note, by=by, now=now)


def _decide(found: Row, state: str, note: str | None, *, by: Actor, now: dt.datetime) -> None:
    execute(
        """update rerate set state = :state, decided_by = :by, decided_at = :now, decision_note = :note
           where id = :id""",
        id=found.id,
        state=state,
        by=str(by),
        now=now,
        note=note,
    )
    details = {"note": note} if note else {}
    audit.record(f"rerate.{state}", "rerate", found.id, by=by, at=now, details=details)


def withdraw(rerate: str, *, by: Actor, now: dt.datetime) -> None:
    """Nothing comes of it: before it is decided, or after, as long as it has not begun; then its agents are told so.

    Raises `NotFound`, `RerateEnded`, `TooSoonToMove` when it has all but begun.
    """
    found = _locked(rerate)
    if found.state not in ("proposed", "approved"):
        raise rules.RerateEnded
    if found.state == "approved":
        referrals.stay(found.id, by=by, now=now)
    execute(
        "update rerate set state = 'withdrawn', withdrawn_by = :by, withdrawn_at = :now where id = :id",
        id=found.id,
        by=str(by),
        now=now,
    )
    audit.record("rerate.withdrawn", "rerate", found.id, by=by, at=now)
    if found.state == "approved":
        notices.call_off_rerate(found.id, now=now)


def _proposed(rerate: str) -> Row:
    found = _locked(rerate)
    if found.state != "proposed":
        raise rules.RerateEnded
    return found


def _locked(rerate: str) -> Row:
    """Held until the transaction ends. Raises `NotFound`."""
    found = row(
        """select id, programme_id, terms_id, from_at, code, state, proposed_by, counted_at from rerate
           where reference = :reference for update""",
        reference=rerate.strip().upper(),
    )
    if found is None:
        raise NotFound
    return found
