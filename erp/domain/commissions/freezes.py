"""Freezes: a line waits for a person, who has until a deadline; then the owner's choice decides.

A rule freezes by itself what accrues while a case is open or an agent is suspended or closed (a trigger of the
database writes that freeze); people freeze by hand, also what has matured.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from erp.domain import ledger, staff
from erp.domain.commissions import refusals
from erp.domain.commissions.rules import FREEZE_CODES, RELEASE_CODES
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import Row, execute, row, rows
from erp.kernel.errors import NEEDED, Invalid, NotFound
from erp.kernel.sentences import Sentence

AT_ONCE = 1000
DEADLINE = "deadline"
"""The coded reason of what happened because nobody had decided in time."""
NETS = """due as materialized (
  select c.id, c.agent_id, c.currency, c.in_credit, c.available_at, e.source_id, row_number() over (order by c.id)::integer as n,
         c.amount + coalesce((select sum(d.amount) from commission d where d.accrual_id = c.id), 0)::bigint as net
  from commission c join event e on e.id = c.event_id where c.id = any(:ids))"""
HELD = f"""{NETS}, held as materialized (
  select d.*, f.id as freeze_id, f.rule, f.taken_from
  from due d join hold h on h.commission_id = d.id join commission_freeze f on f.id = h.freeze_id)"""
LOCKED = """select h.commission_id, h.agent_id, c.currency, f.id as freeze_id, f.rule, f.role, f.outcome
  from hold h join commission_freeze f on f.id = h.freeze_id join commission c on c.id = h.commission_id"""


def freeze(
    code: str,
    note: str,
    *,
    commission_id: int | None = None,
    agent_id: UUID | None = None,
    referral_id: UUID | None = None,
    by: Actor,
    now: dt.datetime,
) -> int:
    """Freeze one line, or all lines of an agent or a referral of which something is left and nothing is paid out.

    `code` is one of `FREEZE_CODES`. How many lines. Raises `Invalid`, and for one line `AlreadyFrozen`, `NothingLeft`
    or `PaidOutAlready`; for many `NothingToFreeze`.
    """
    note = _reasoned(code, note, FREEZE_CODES)
    whose = {"commission_id": commission_id, "agent_id": agent_id, "referral_id": referral_id}
    found = _standing(whose)
    if commission_id is not None:
        _refuse_one(found)
    chosen = [line.id for line in found if line.may_freeze]
    if not chosen:
        raise refusals.NothingToFreeze
    execute(FREEZE, ids=chosen, code=code, note=note, now=now, actor=str(by))
    details = {"code": code, "note": note}
    for id in chosen:
        audit.record("commission.frozen", "commission", id, by=by, at=now, details=details)
    return len(chosen)


FREEZE = f"""
with {NETS}, standing as materialized (
  select d.*, case when h.commission_id is not null then 'pending' when d.in_credit then 'credit'
                   else 'available' end as taken_from
  from due d left join hold h on h.commission_id = d.id),
posted as materialized (
  select * from ledger_post((
    select array_agg(row(n, 'freeze', source_id, agent_id, taken_from, 'frozen', net, currency,
                         :now)::ledger_line order by n) from standing), :actor)),
frozen as (
  insert into commission_freeze (commission_id, agent_id, rule, evidence, role, due_at, outcome, code, note, taken_from, amount,
                      frozen_at, frozen_by, transaction_id)
  select s.id, s.agent_id, r.rule, jsonb_build_object('payment', s.source_id, 'amount', s.net, 'currency', s.currency),
         r.role, cast(:now as timestamptz) + make_interval(hours => 24 * r.days::integer), r.outcome, :code, :note,
         s.taken_from, s.net, :now, :actor, p.transaction_id
  from standing s join posted p on p.n = s.n join freeze_rule r on r.rule = 'by_hand'
  returning id, commission_id),
matured as (
  insert into hold (commission_id, agent_id, until, reason, freeze_id)
  select s.id, s.agent_id, s.available_at, 'by_hand', f.id
  from standing s join frozen f on f.commission_id = s.id where s.taken_from <> 'pending')
update hold h set reason = 'by_hand', freeze_id = f.id from frozen f where h.commission_id = f.commission_id"""


def _reasoned(code: str, note: str, codes: Sequence[str]) -> str:
    note = " ".join(note.split())
    problems = {"note": NEEDED} if not note else {}
    if code not in codes:
        problems["code"] = Sentence("One of: %(kinds)s.", kinds=list(codes))
    if problems:
        raise Invalid(Sentence("Choose a reason and say why."), fields=problems)
    return note


def _standing(whose: dict[str, int | UUID | None]) -> Sequence[Row]:
    """The lines, held until the transaction ends, each with what speaks against freezing it.

    Holds first and accounts next, as when lines mature; what is read after both is current.
    """
    chosen = """(cast(:agent_id as uuid) is null or c.agent_id = :agent_id)
      and (cast(:commission_id as bigint) is null or c.id = :commission_id)
      and (cast(:referral_id as uuid) is null or c.referral_id = :referral_id)"""
    rows(
        f"""select h.commission_id from hold h join commission c on c.id = h.commission_id
            where h.reason is null and {chosen} order by 1 for update of h""",
        **whose,
    )
    parties = rows(
        f"""select c.currency, array_agg(distinct c.agent_id) as agents from commission c
            where c.kind = 'accrual' and {chosen} group by c.currency order by 1""",
        **whose,
    )
    for currency, agents in parties:
        ledger.lock(agents, currency)
    return rows(
        f"""select x.*, not (is_frozen or is_empty or is_paid) as may_freeze from (
              select c.id, c.freeze_reason is not null as is_frozen, c.net <= 0 as is_empty,
                     exists (select 1 from open_payout_line l where l.commission_id = c.id) as is_paid
              from commission_state c where {chosen}) x order by id""",
        **whose,
    )


def _refuse_one(found: Sequence[Row]) -> None:
    if not found:
        raise NotFound
    (line,) = found
    if line.is_frozen:
        raise refusals.AlreadyFrozen
    if line.is_empty:
        raise refusals.NothingLeft
    if line.is_paid:
        raise refusals.PaidOutAlready


def release(freeze_id: int, note: str, code: str = "found_right", *, by: Actor, now: dt.datetime) -> None:
    """Let one frozen line go, with a coded reason (`RELEASE_CODES`) and a note.

    Raises `Invalid`, `NotFound`, `NotFrozen` when it has ended, `DecideTheCase`, `NotTheirDecision`.
    """
    note = _reasoned(code, note, RELEASE_CODES)
    found = row(f"{LOCKED} where h.freeze_id = :id for update of h", id=freeze_id)
    if found is None:
        known = row("select 1 from commission_freeze where id = :id", id=freeze_id)
        raise refusals.NotFrozen if known else NotFound
    _may_decide(found, by)
    release_lines([found], code=code, note=note, by=by, now=now)


def release_by_hand(
    code: str,
    note: str,
    *,
    agent_id: UUID | None = None,
    referral_id: UUID | None = None,
    by: Actor,
    now: dt.datetime,
) -> int:
    """Let go of all lines of an agent or a referral that somebody froze by hand; how many. Raises as `release`."""
    note = _reasoned(code, note, RELEASE_CODES)
    found = rows(
        f"""{LOCKED} where f.rule = 'by_hand' and (cast(:agent_id as uuid) is null or h.agent_id = :agent_id)
              and (cast(:referral_id as uuid) is null or c.referral_id = :referral_id)
            order by h.commission_id for update of h""",
        agent_id=agent_id,
        referral_id=referral_id,
    )
    if not found:
        raise refusals.NotFrozen
    for line in found:
        _may_decide(line, by)
    return release_lines(found, code=code, note=note, by=by, now=now)


def _may_decide(line: Row, by: Actor) -> None:
    """Whether this freeze is theirs to decide: the role that it names, or an administrator."""
    if line.rule == "attribution_case":
        raise refusals.DecideTheCase
    if by.kind != "staff":
        return
    person = staff.identity(UUID(by.id))
    if person is None or not {line.role, "admin"} & set(person.roles):
        raise refusals.NotTheirDecision


def carry_out_due(*, by: Actor, now: dt.datetime, limit: int = AT_ONCE) -> int:
    """Where nobody has decided by the deadline, do what the owner chose for it; how many lines that was."""
    due = rows(
        f"""{LOCKED} where f.due_at <= :now and f.outcome <> 'stay'
            order by h.commission_id limit :limit for update of h skip locked""",
        now=now,
        limit=limit,
    )
    release_lines([line for line in due if line.outcome == "release"], code=DEADLINE, by=by, now=now)
    take_back_lines([line for line in due if line.outcome == "take_back"], code=DEADLINE, by=by, now=now)
    return len(due)


def release_frozen(referral_id: UUID, *, by: Actor, now: dt.datetime) -> int:
    """Let go of a referral's frozen lines after its case was decided: their ordinary hold goes on.

    Lines that were booked while their agent was suspended or closed stay frozen for that. Answers how many were let go.
    """
    frozen = rows(
        f"""{LOCKED} where c.referral_id = :referral_id and f.rule = 'attribution_case'
            order by 1 for update of h""",
        referral_id=referral_id,
    )
    stays = _pass_on(frozen, by=by, now=now)
    return release_lines([line for line in frozen if line.commission_id not in stays], by=by, now=now)


def _pass_on(frozen: Sequence[Row], *, by: Actor, now: dt.datetime) -> set[int]:
    """Those of frozen lines that stay so for another rule, which begins a freeze of its own; no money moves."""
    stays = rows(
        """select c.id, h.freeze_id, f.rule, 'agent_' || a.state as passes_to
           from hold h join commission_freeze f on f.id = h.freeze_id join commission c on c.id = h.commission_id
           join agent a on a.id = h.agent_id
           where c.id = any(:ids) and a.state in ('suspended', 'closed')
             and c.booked_at >= coalesce(a.closed_at, a.suspended_at)""",
        ids=[line.commission_id for line in frozen],
    )
    for line in stays:
        execute(
            """insert into release (freeze_id, commission_id, reason, amount, released_at, released_by)
               values (:freeze_id, :id, :rule, 0, :now, :by)""",
            freeze_id=line.freeze_id,
            id=line.id,
            rule=line.rule,
            now=now,
            by=str(by),
        )
        execute(
            "update hold set reason = :rule, freeze_id = null where commission_id = :id",
            rule=line.passes_to,
            id=line.id,
        )
        details = {"reason": line.passes_to}
        audit.record("commission.frozen", "commission", line.id, by=by, at=now, details=details)
    return {line.id for line in stays}


def release_frozen_of_agent(agent_id: UUID, *, by: Actor, now: dt.datetime) -> int:
    """Let go of the lines that were frozen while an agent was suspended; how many."""
    frozen = rows(
        f"{LOCKED} where h.agent_id = :agent_id and f.rule = 'agent_suspended' order by 1 for update of h",
        agent_id=agent_id,
    )
    return release_lines(frozen, by=by, now=now)


def release_lines(
    frozen: Sequence[Row], *, code: str | None = None, note: str | None = None, by: Actor, now: dt.datetime
) -> int:
    """Let go of accruals (commission_id, agent_id, currency, rule) whose holds are locked and frozen: each goes back to
    where it was taken from; how many."""
    if not frozen:
        return 0
    _lock_accounts(frozen)
    execute(
        f"""with {HELD}, posted as materialized (
              select * from ledger_post((
                select array_agg(row(n, 'release', source_id, agent_id, 'frozen', taken_from, net, currency,
                                     :now)::ledger_line order by n) from held where net > 0), :actor)
              where exists (select 1 from held where net > 0)),
            released as (
              insert into release (freeze_id, commission_id, reason, amount, released_at, released_by, transaction_id,
                                   code, note)
              select h.freeze_id, h.id, h.rule, h.net, :now, :actor, p.transaction_id, :code, :note
              from held h left join posted p on p.n = h.n),
            matured as (
              delete from hold where commission_id in (select id from held where taken_from <> 'pending'))
            update hold set reason = null, freeze_id = null
            where commission_id in (select id from held where taken_from = 'pending')""",
        ids=[line.commission_id for line in frozen],
        now=now,
        actor=str(by),
        code=code,
        note=note,
    )
    _write_down("commission.released", frozen, code, note, by=by, now=now)
    return len(frozen)


def take_back_lines(frozen: Sequence[Row], *, code: str | None = None, by: Actor, now: dt.datetime) -> int:
    """Give accruals whose holds are locked and frozen back to the owner, for good; how many."""
    if not frozen:
        return 0
    _lock_accounts(frozen)
    execute(
        f"""with {HELD}, posted as materialized (
              select * from ledger_post((
                select array_agg(row(n, 'forfeiture', source_id, agent_id, 'frozen', 'expense', net, currency,
                                     :now)::ledger_line order by n) from held where net > 0), :actor)
              where exists (select 1 from held where net > 0)),
            forfeited as (
              insert into forfeiture (commission_id, freeze_id, reason, amount, forfeited_at, forfeited_by,
                                      transaction_id, code)
              select h.id, h.freeze_id, h.rule, h.net, :now, :actor, p.transaction_id, :code
              from held h left join posted p on p.n = h.n)
            delete from hold where commission_id in (select id from held)""",
        ids=[line.commission_id for line in frozen],
        now=now,
        actor=str(by),
        code=code,
    )
    _write_down("commission.forfeited", frozen, code, None, by=by, now=now)
    return len(frozen)


def _lock_accounts(frozen: Sequence[Row]) -> None:
    for currency in sorted({line.currency for line in frozen}):
        ledger.lock({line.agent_id for line in frozen if line.currency == currency}, currency)


def _write_down(
    deed: str, frozen: Sequence[Row], code: str | None, note: str | None, *, by: Actor, now: dt.datetime
) -> None:
    said = {"code": code, "note": note} if code else {}
    for line in frozen:
        details = {"reason": line.rule} | {name: value for name, value in said.items() if value}
        audit.record(deed, "commission", line.commission_id, by=by, at=now, details=details)
