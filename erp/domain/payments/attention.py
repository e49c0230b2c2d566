"""Payments that a person must look at, and the end of that."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from erp.domain.payments.rules import Attention
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, scalar
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.sentences import Sentence


def flag(payment_id: UUID, attention: Attention, *, by: Actor, now: dt.datetime) -> None:
    """Have a person look at this payment."""
    execute("update payment set attention = :word where id = :id", id=payment_id, word=attention.value)
    details = {"attention": attention.value}
    audit.record("payment.needs_attention", "payment", payment_id, by=by, at=now, details=details)


def settle_attention(payment_reference: str, *, note: str, by: Actor, now: dt.datetime) -> None:
    """A person has looked into it; `note` says what they found. Raises `NotFound` when nothing was flagged."""
    if not note.strip():
        raise Invalid(fields={"note": Sentence("Say what you found.")})
    payment_id = scalar(
        """update payment set attention = null where reference = :reference and attention is not null
           returning id""",
        reference=payment_reference,
    )
    if payment_id is None:
        raise NotFound
    audit.record("payment.attention_settled", "payment", payment_id, by=by, at=now, details={"note": note})
