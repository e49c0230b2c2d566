"""What the entries of an agent's commissions say, in words: for whoever reads the ledger line by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.commissions import explain, queries
from erp.domain.commissions.earned import earned
from erp.domain.commissions.facts import lines_where
from erp.domain.commissions.words import CODES
from erp.kernel.db import rows
from erp.kernel.sentences import Sentence

OF_COMMISSION = {
    "maturity": Sentence("The hold of the commission for the payment %(source)s of %(when)s ended."),
    "freeze": Sentence("The commission for the payment %(source)s of %(when)s was frozen by hand: %(why)s."),
    "release": Sentence(
        "The commission for the payment %(source)s of %(when)s was let go; its hold goes on."
    ),
    "release_available": Sentence(
        "The commission for the payment %(source)s of %(when)s was let go; it is available again."
    ),
    "forfeiture": Sentence(
        "The commission for the payment %(source)s of %(when)s was forfeited: the agent's account is closed, and the"
        " terms say so."
    ),
    "forfeiture_due": Sentence(
        "The commission for the payment %(source)s of %(when)s was taken back: it was frozen, and nobody had decided in"
        " time."
    ),
}


def words_of_entries(agent_id: UUID, transaction_ids: Iterable[int]) -> dict[int, list[Sentence]]:
    """Why these transactions of an agent were booked, those that commissions made; by transaction."""
    found: dict[int, list[Sentence]] = defaultdict(list)
    for entry in _entries(agent_id, list(transaction_ids)):
        found[entry.transaction_id] += _words(entry)
    return dict(found)


def _entries(agent_id: UUID, ids: list[int]) -> Iterable[sa.Row[Any]]:
    """Lines and what happened to them, through the index of the agent's lines."""
    return rows(
        f"""with mine as materialized (
             select c.id, c.kind, c.accrual_id, c.transaction_id, e.source_id, c.occurred_at
             from ({lines_where("c.agent_id = :agent_id")}) c join event e on e.id = c.event_id
           )
           select kind, coalesce(accrual_id, id) as accrual_id, id, transaction_id, source_id, occurred_at,
                  cast(null as text) as code
           from mine where transaction_id = any(:ids)
           union all
           select 'maturity', c.id, c.id, m.transaction_id, c.source_id, c.occurred_at, null
           from mine c join maturity m on m.commission_id = c.id where m.transaction_id = any(:ids)
           union all
           select 'freeze', c.id, c.id, f.transaction_id, c.source_id, c.occurred_at, f.code
           from mine c join commission_freeze f on f.commission_id = c.id where f.transaction_id = any(:ids)
           union all
           select case when f.taken_from = 'pending' then 'release' else 'release_available' end, c.id, c.id,
                  r.transaction_id, c.source_id, c.occurred_at, null
           from mine c join release r on r.commission_id = c.id join commission_freeze f on f.id = r.freeze_id
           where r.transaction_id = any(:ids)
           union all
           select case when f.code is null then 'forfeiture' else 'forfeiture_due' end, c.id, c.id, f.transaction_id,
                  c.source_id, c.occurred_at, null
           from mine c join forfeiture f on f.commission_id = c.id where f.transaction_id = any(:ids)""",
        agent_id=agent_id,
        ids=ids,
    )


def _words(entry: sa.Row[Any]) -> list[Sentence]:
    if entry.kind == "accrual":
        return list(earned(queries.find(entry.accrual_id)))
    if entry.kind in OF_COMMISSION:
        why = {"why": CODES[entry.code]} if entry.code else {}
        return [OF_COMMISSION[entry.kind].about(source=entry.source_id, when=entry.occurred_at, **why)]
    (correction,) = [one for one in queries.corrections(entry.accrual_id) if one.id == entry.id]
    return [
        Sentence(
            "It corrects the commission for the payment %(source)s of %(when)s.",
            source=entry.source_id,
            when=entry.occurred_at,
        ),
        explain.corrected(correction),
    ]
