"""How a payout changes: its row, its state by the table of allowed moves, and the money that goes with it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain import ledger
from erp.domain.ledger import Line
from erp.domain.payouts import rules
from erp.domain.payouts.refusals import IllegalMove
from erp.domain.payouts.rules import State
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, row, rows
from erp.kernel.errors import NotFound


def locked(payout_id: UUID) -> sa.Row[Any]:
    """The payout, held until the transaction ends. Raises `NotFound`."""
    payout = row("select * from payout where id = :id for update", id=payout_id)
    if payout is None:
        raise NotFound
    return payout


def locked_by_reference(reference: str) -> sa.Row[Any]:
    payout = row("select * from payout where reference = :reference for update", reference=reference)
    if payout is None:
        raise NotFound
    return payout


def to(
    payout: sa.Row[Any], state: State, *, now: dt.datetime, code: str | None = None, note: str | None = None
) -> None:
    """Move a locked payout. Raises `IllegalMove` when the table does not allow it."""
    if not rules.may_move(payout.state, state):
        raise IllegalMove(state=payout.state)
    execute(
        """update payout set state = :state, state_at = :now, failure_code = :code, failure_note = :note,
                  paid_at = case when :state = 'paid' then :now when :state = 'returned' then paid_at end
           where id = :id""",
        id=payout.id,
        state=state.value,
        now=now,
        code=code,
        note=note,
    )


def line(kind: str, payout: sa.Row[Any], debit: str, credit: str, now: dt.datetime) -> Line:
    """The whole amount of a payout from one account to another."""
    return part(kind, payout, debit, credit, payout.amount, now)


def part(kind: str, payout: sa.Row[Any], debit: str, credit: str, amount: int, now: dt.datetime) -> Line:
    """A part of a payout from one account to another."""
    return Line(kind, payout.reference, payout.agent_id, debit, credit, amount, payout.currency, now)


def set_aside(payout: sa.Row[Any], now: dt.datetime) -> Line:
    return line("payout_approved", payout, "available", "in_payout", now)


def fail(payout: sa.Row[Any], code: str, note: str, *, by: Actor, now: dt.datetime) -> None:
    """The transfer did not happen, for certain: what was set aside is available again."""
    to(payout, State.FAILED, code=code, note=note, now=now)
    ledger.post([line("payout_failed", payout, "in_payout", "available", now)], by=by)
    audit.record("payout.failed", "payout", payout.id, by=by, at=now, details={"code": code})
    end_run(payout.run_id, by=by, now=now)


def pay(payout: sa.Row[Any], *, by: Actor, now: dt.datetime) -> None:
    """The bank says the money has arrived."""
    to(payout, State.PAID, now=now)
    paid = [part("payout_paid", payout, "in_payout", "bank", net(payout), now)]
    if payout.tax_withheld:
        paid.append(part("payout_paid", payout, "in_payout", "tax_withheld", payout.tax_withheld, now))
    owed = [part("contributions", payout, "contributions", "payable", payout.contributions, now)]
    ledger.post_together([paid, owed] if payout.contributions else [paid], by=by)
    audit.record("payout.paid", "payout", payout.id, by=by, at=now)
    end_run(payout.run_id, by=by, now=now)


def come_back(payout: sa.Row[Any], *, by: Actor, now: dt.datetime) -> None:
    """A paid transfer came back: the exact mirror of what was booked when it was paid."""
    back = [part("payout_returned", payout, "bank", "available", net(payout), now)]
    if payout.tax_withheld:
        back.append(part("payout_returned", payout, "tax_withheld", "available", payout.tax_withheld, now))
    owed = [part("contributions_returned", payout, "payable", "contributions", payout.contributions, now)]
    ledger.post_together([back, owed] if payout.contributions else [back], by=by)


def net(payout: sa.Row[Any]) -> int:
    """What the bank transfers."""
    amount: int = payout.amount - payout.tax_withheld
    return amount


def start_run(run_id: UUID) -> None:
    execute("update payout_run set state = 'executing' where id = :id and state = 'approved'", id=run_id)


def end_run(run_id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """The run is done when its last payout has ended. Its row is held first, then counted: two last ones both count."""
    execute("select 1 from payout_run where id = :id for update", id=run_id)
    states = {state for (state,) in rows("select distinct state from payout where run_id = :id", id=run_id)}
    if states <= rules.ENDED:
        execute("update payout_run set state = 'done', ended_at = :now where id = :id", id=run_id, now=now)
        audit.record("payout_run.done", "payout_run", run_id, by=by, at=now)
