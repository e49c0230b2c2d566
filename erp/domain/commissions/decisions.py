"""Somebody takes back a commission, or a part of it: a recorded decision that the engine keeps to."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from erp.domain import integrations
from erp.domain.commissions.actions import accrue
from erp.domain.commissions.refusals import NothingLeft
from erp.domain.integrations import NewEvent
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, row
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
    if not reason.strip():
        raise Invalid(fields={"reason": Sentence("Say why.")})
    event_id = integrations.record_event(
        NewEvent(
            "ref", f"decision:{uuid4()}", "decision", line.customer_id, now, original_event_id=line.event_id
        )
    )
    assert event_id is not None, "the source id is new"
    execute(
        """insert into commission_decision (event_id, commission_id, amount, reason, note, decided_by, decided_at)
           values (:event_id, :id, :amount, :reason, :note, :by, :now)""",
        event_id=event_id,
        id=commission_id,
        amount=amount,
        reason=reason,
        note=note.strip(),
        by=str(by),
        now=now,
    )
    accrue([event_id], by=by, now=now)
    details = {"amount": amount, "reason": reason}
    audit.record("commission.taken_back", "commission", commission_id, by=by, at=now, details=details)
    return event_id
