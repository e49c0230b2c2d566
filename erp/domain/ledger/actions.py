"""The two verbs of the books: lock agents' accounts, and post lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from erp.kernel.actor import Actor
from erp.kernel.db import Row, execute, rows, violated
from erp.kernel.errors import DomainError
from erp.kernel.sentences import Sentence


class PeriodClosed(DomainError):
    code = "period_closed"
    sentence = Sentence("The month has just been closed. Try again: it is booked into the open one.")


@dataclass(frozen=True)
class Line:
    """`amount` minor units from account `debit` to account `credit`, both named by kind.

    The kinds are those of `AGENT_KINDS` and `OWNER_KINDS`. `agent_id` is the agent it is about, `HOUSE` when it is
    about none. `kind` says what happened ("accrual", "payout_paid"), `reference` which fact it follows from.
    """

    kind: str
    reference: str
    agent_id: UUID
    debit: str
    credit: str
    amount: int
    currency: str
    occurred_at: dt.datetime


def lock(agent_ids: Iterable[UUID], currency: str) -> None:
    """Hold these agents' accounts until the transaction ends. Read what guards a decision in a later statement."""
    execute(
        "select ledger_lock(cast(:agents as uuid[]), :currency)", agents=list(agent_ids), currency=currency
    )


def post(lines: Sequence[Line], *, by: Actor) -> list[int]:
    """Book each line as a transaction of its own; their ids in the same order."""
    return post_together([[line] for line in lines], by=by)


def post_together(groups: Sequence[Sequence[Line]], *, by: Actor) -> list[int]:
    """Book each group as one transaction; their ids in the same order.

    The database refuses what breaks the law of the books, such as an overdrawn pending account (`IntegrityError`).
    Raises `PeriodClosed` when the month was closed while this was being booked.
    """
    numbered = [(n, line) for n, group in enumerate(groups) for line in group]
    if not numbered:
        return []
    try:
        found = _post(numbered, by)
    except IntegrityError as refusal:
        if violated(refusal) != "entry_period":
            raise
        raise PeriodClosed from refusal
    return [transaction_id for _, transaction_id in sorted(tuple(found_row) for found_row in found)]


def _post(numbered: Sequence[tuple[int, Line]], by: Actor) -> Sequence[Row]:
    return rows(
        """select n, transaction_id from ledger_post((
             select array_agg(row(l.n, l.kind, l.reference, l.agent_id, l.debit, l.credit, l.amount, l.currency,
                                  l.occurred_at)::ledger_line order by l.at)
             from unnest(cast(:n as int[]), cast(:kind as text[]), cast(:reference as text[]),
                         cast(:agent as uuid[]), cast(:debit as text[]), cast(:credit as text[]),
                         cast(:amount as bigint[]), cast(:currency as text[]), cast(:occurred as timestamptz[]))
                  with ordinality
                  as l(n, kind, reference, agent_id, debit, credit, amount, currency, occurred_at, at)), :actor)""",
        n=[n for n, _ in numbered],
        kind=[line.kind for _, line in numbered],
        reference=[line.reference for _, line in numbered],
        agent=[line.agent_id for _, line in numbered],
        debit=[line.debit for _, line in numbered],
        credit=[line.credit for _, line in numbered],
        amount=[line.amount for _, line in numbered],
        currency=[line.currency for _, line in numbered],
        occurred=[line.occurred_at for _, line in numbered],
        actor=str(by),
    )
