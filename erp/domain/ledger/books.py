"""The owner's books as an accountant reads them: the trial balance, the result, and the journal, cut in both times.

`occurred_at` is when it happened in the world, `booked_at` when it was written down. A cut takes what lies in a span of
one of the two, as far as it was known before a moment: what happened in May, as the books stood on 3 June.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from erp.domain.ledger.model import AGENT_KINDS, OWNER_KINDS
from erp.domain.ledger.periods import ZONE
from erp.kernel.db import rows
from erp.kernel.paging import Listed
from erp.kernel.span import EVER, Span

MOMENTS = {"booked": "e.booked_at", "occurred": "e.occurred_at"}
"""By which time a cut is made."""
KINDS = (*OWNER_KINDS, *AGENT_KINDS)
"""Every kind of account, in the order in which accountants read them."""
EARNED, SPENT = ("revenue",), ("expense", "fee", "contributions", "bad_debt")
"""Accounts whose turnover makes the result of a span."""


@dataclass(frozen=True)
class Cut:
    """Entries in `span` of the time `by`, booked before `known_before`; without it, all that is known now."""

    span: Span = EVER
    by: str = "booked"
    known_before: dt.datetime | None = None

    @property
    def moment(self) -> str:
        return MOMENTS.get(self.by, MOMENTS["booked"])

    @property
    def params(self) -> dict[str, Any]:
        return {**self.span.params, "known_before": self.known_before}

    @property
    def known(self) -> str:
        """SQL: whether an entry lies before the end of the span and was known."""
        return f"""(cast(:known_before as timestamptz) is null or e.booked_at < :known_before)
            and (cast(:before as timestamptz) is null or {self.moment} < :before)"""

    @property
    def within(self) -> str:
        """SQL: whether it lies in the span itself."""
        return f"(cast(:since as timestamptz) is null or {self.moment} >= :since)"


ALL = Cut()


def trial_balance(cut: Cut = ALL) -> Sequence[sa.Row[Any]]:
    """Per kind of account and currency, summed from entries: what stood before the span (`opening`), its debits and
    credits, and what stands at its end (`balance`), credits less debits."""
    return rows(
        f"""select a.kind, a.currency, sum(s.opening)::bigint as opening, sum(s.debit)::bigint as debit,
                   sum(s.credit)::bigint as credit,
                   (sum(s.opening) + sum(s.credit) - sum(s.debit))::bigint as balance
            from (
              select side.account_id, coalesce(sum(side.credit - side.debit) filter (where not {cut.within}), 0) as opening,
                     coalesce(sum(side.debit) filter (where {cut.within}), 0) as debit,
                     coalesce(sum(side.credit) filter (where {cut.within}), 0) as credit
              from entry e
              cross join lateral (values (e.debit_account_id, e.amount, 0::bigint), (e.credit_account_id, 0, e.amount))
                    as side(account_id, debit, credit)
              where {cut.known} group by side.account_id) s
            join account a on a.id = s.account_id
            group by a.kind, a.currency order by a.currency, array_position(cast(:kinds as text[]), a.kind)""",
        kinds=list(KINDS),
        **cut.params,
    )


class Result(NamedTuple):
    """What a span brought in one currency: income above zero, costs below, account by account, and their sum."""

    currency: str
    parts: dict[str, int]
    vat: int

    @property
    def total(self) -> int:
        return sum(self.parts.values())


def results(balance: Sequence[sa.Row[Any]]) -> list[Result]:
    """The result per currency of a trial balance's span; the VAT of the span is owed, and no part of it."""
    found = []
    for currency in dict.fromkeys(line.currency for line in balance):
        moved = {line.kind: line.credit - line.debit for line in balance if line.currency == currency}
        parts = {kind: moved.get(kind, 0) for kind in (*EARNED, *SPENT)}
        found.append(Result(currency, parts, moved.get("vat", 0)))
    return found


JOURNAL_SORTS = {
    "newest": "transaction_id desc, line",
    "booked_at": "transaction_id, line",
    "-booked_at": "transaction_id desc, line",
    "occurred_at": "occurred_at, transaction_id, line",
    "-occurred_at": "occurred_at desc, transaction_id desc, line",
    "amount": "amount, transaction_id, line",
    "-amount": "amount desc, transaction_id desc, line",
}


def journal(
    cut: Cut = ALL, *, account: str = "", side: str = "", kind: str = "", text: str = "", sort: str = ""
) -> Listed:
    """Entries with the names of both accounts, newest first, each in the month it was booked in.

    `account` is a kind of account, and `side` (debit or credit) on which of the two it must stand; `kind` is a kind of
    transaction, `text` the beginning of a reference or the number of a transaction.
    """
    return Listed(
        f"""select e.transaction_id, e.line, e.kind, e.reference, e.agent_id, d.kind as debit, c.kind as credit,
                   e.amount, e.currency, e.occurred_at, e.booked_at, e.actor,
                   to_char(e.booked_at at time zone '{ZONE.key}', 'YYYY-MM') as period,
                   e.booked_at < (select max(p.ends_at) from period p) as is_closed
            from entry e join account d on d.id = e.debit_account_id join account c on c.id = e.credit_account_id
            where {cut.known} and {cut.within}
              and (:account = '' or :side <> 'credit' and d.kind = :account or :side <> 'debit' and c.kind = :account)
              and (:kind = '' or e.kind = :kind)
              and (:text = '' or starts_with(e.reference, :text) or e.transaction_id::text = :text)""",
        JOURNAL_SORTS,
        sort,
        {"account": account, "side": side, "kind": kind, "text": text.strip(), **cut.params},
    )


def kinds_booked() -> list[str]:
    """The kinds of transaction there are in the books."""
    return [kind for (kind,) in rows("select distinct kind from entry order by kind")]
