"""Somebody takes back a commission, or a part of it: a recorded decision that the engine keeps to."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from erp.domain import integrations
from erp.domain.commissions.actions import accrue
from erp.domain.commissions.refusals import NothingLeft, Undone
from erp.domain.integrations import NewEvent
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import Row, execute, row
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.sentences import Amount, Sentence


def take_back(commission_id: int, *, amount: int, reason: str, note: str, by: Actor, now: dt.datetime) -> int:
    """Take back `amount` minor units of an accrual for a coded `reason`; the id of the decision's event.

    The decision stands beside refunds and cancellations: what they ask for comes on top, and all together never take
    more than the commission, in whatever order they come. Raises `NotFound`, `NothingLeft`, and `Invalid` for more
    than what is left.
    """
    line = row(
        """select c.id, c.event_id, c.net, c.currency, e.customer_id
           from commission_state c join event e on e.id = c.event_id where c.id = :id""",
        id=commission_id,
    )
    if line is None:
        raise NotFound
    if line.net <= 0:
        raise NothingLeft
    if not 0 < amount <= line.net:
        too_much = Sentence("At most %(left)s is left of it.", left=Amount(line.net, line.currency))
        raise Invalid(too_much, fields={"amount": too_much})
    return _decide(line, amount, None, reason=reason, note=note, by=by, now=now)


def give_back(event_id: int, *, reason: str, note: str, by: Actor, now: dt.datetime) -> int:
    """Undo the decision with the event `event_id`, for a coded `reason`; the id of the counter-decision's event.

    What refunds and the rest ask for stays taken. Raises `NotFound`, `Undone`.
    """
    line = row(
        """select c.id, c.event_id, c.currency, e.customer_id, d.amount, d.undoes_event_id,
                  exists (select 1 from commission_decision x where x.undoes_event_id = d.event_id) as is_undone
           from commission_decision d join commission c on c.id = d.commission_id join event e on e.id = c.event_id
           where d.event_id = :id""",
        id=event_id,
    )
    if line is None:
        raise NotFound
    if line.is_undone or line.undoes_event_id is not None:
        raise Undone
    return _decide(line, -line.amount, event_id, reason=reason, note=note, by=by, now=now)


def _decide(
    line: Row, amount: int, undoes: int | None, *, reason: str, note: str, by: Actor, now: dt.datetime
) -> int:
    """Write the decision down with its event, and book what it makes."""
    if not reason.strip():
        raise Invalid(fields={"reason": Sentence("Say why.")})
    event_id = integrations.record_event(
        NewEvent(
            "ref", f"decision:{uuid4()}", "decision", line.customer_id, now, original_event_id=line.event_id
        )
    )
    assert event_id is not None, "the source id is new"
    execute(
        """insert into commission_decision (event_id, commission_id, amount, reason, note, decided_by, decided_at,
                                            undoes_event_id)
           values (:event_id, :id, :amount, :reason, :note, :by, :now, :undoes)""",
        event_id=event_id,
        id=line.id,
        amount=amount,
        reason=reason,
        note=note.strip(),
        undoes=undoes,
        by=str(by),
        now=now,
    )
    accrue([event_id], by=by, now=now)
    details = {"amount": abs(amount), "currency": line.currency, "reason": reason}
    deed = "commission.given_back" if undoes else "commission.taken_back"
    audit.record(deed, "commission", line.id, by=by, at=now, details=details)
    return event_id
