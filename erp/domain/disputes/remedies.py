"""What mends a dispute that was upheld: the customer is attributed late, or goes to the agent, or a reversal is undone."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from erp.domain import commissions, referrals
from erp.domain.disputes import rules
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import Row, execute, row
from erp.kernel.errors import NotFound
from erp.kernel.ids import uuid7


def attribute_customer(id: UUID, *, by: Actor, now: dt.datetime) -> str:
    """Attribute the customer, whom nobody had brought, to the agent: what was paid so far earns as if it had been known
    at the sign-up. The referral's reference. Raises what `referrals.attribute_late` does."""
    dispute = _upheld(id)
    made = referrals.attribute_late(dispute.customer_id, dispute.agent_id, by=by, now=now)
    _keep(id, "attribution", made, by=by, now=now)
    return made


def transfer_customer(id: UUID, note: str, *, by: Actor, now: dt.datetime) -> str:
    """Give the customer to the agent, from whoever has it, with what was earned; the reference of the case that says
    so. Raises what `referrals.transfer` does."""
    dispute = _upheld(id)
    made = referrals.transfer(dispute.referral_id, dispute.agent_id, note, by=by, now=now)
    _keep(id, "transfer", made, by=by, now=now)
    return made


def undo_reversal(id: UUID, reversal: str, note: str, *, by: Actor, now: dt.datetime) -> commissions.Asked:
    """Undo a reversal by hand of the commission that it is about; above the limit a second person approves that too.

    Raises `NotFound` for a reversal of another commission, and what `commissions.ask_undo` does.
    """
    found = row("select state, commission_id from dispute where id = :id for update", id=id)
    if found is None:
        raise NotFound
    if found.state not in ("upheld", "partly"):
        raise rules.DisputeOpen
    if commissions.find_reversal(reversal).commission_id != found.commission_id:
        raise NotFound
    asked = commissions.ask_undo(reversal, code="mistaken_reversal", note=note, by=by, now=now)
    _keep(id, "correction", asked.reference, by=by, now=now)
    return asked


def _upheld(id: UUID) -> Row:
    """The dispute with the customer and referral it is about, whichever it names."""
    found = row(
        """select d.state, d.agent_id, x.customer_id, r.id as referral_id
           from dispute d
           left join payment y on y.id = d.payment_id left join customer_order o on o.id = y.order_id
           left join referral g on g.id = d.referral_id
           left join commission c on c.id = d.commission_id left join event e on e.id = c.event_id
           cross join lateral (select coalesce(d.customer_id, g.customer_id, o.customer_id, e.customer_id)
                                      as customer_id) x
           left join referral r on r.customer_id = x.customer_id
           where d.id = :id for update of d""",
        id=id,
    )
    if found is None:
        raise NotFound
    if found.state not in ("upheld", "partly"):
        raise rules.DisputeOpen
    if found.customer_id is None:
        raise rules.NothingToMend
    return found


def _keep(id: UUID, kind: str, subject: str, *, by: Actor, now: dt.datetime) -> None:
    execute(
        """insert into dispute_remedy (id, dispute_id, kind, subject, done_at, done_by)
           values (:id, :dispute_id, :kind, :subject, :now, :by)""",
        id=uuid7(),
        dispute_id=id,
        kind=kind,
        subject=subject,
        now=now,
        by=str(by),
    )
    audit.record("dispute.mended", "dispute", id, by=by, at=now, details={"kind": kind, "subject": subject})
