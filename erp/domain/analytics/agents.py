"""Agents who have something in common that no single context knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from erp.domain import ledger
from erp.domain.analytics.queries import FROZEN
from erp.domain.analytics.rules import CURRENCY, SILENT_AFTER
from erp.kernel.db import rows


def agents_in(group: str, now: dt.datetime) -> Collection[UUID]:
    """The agents of a group, a key of `AGENT_GROUPS`, as it is now."""
    return AGENT_GROUPS[group](now)


def _silent(now: dt.datetime) -> list[UUID]:
    """Active, at work before, and nothing booked or brought for `SILENT_AFTER`."""
    return _ids(
        """select a.id from agent a
           cross join lateral (
             select greatest((select max(b.booked_at) from booking b where b.agent_id = a.id),
                             (select max(r.registered_at) from referral_share s join referral r on r.id = s.referral_id
                              where s.agent_id = a.id)) as at) last
           where a.state = 'active' and last.at <= :since""",
        since=now - SILENT_AFTER,
    )


def _with_frozen_lines(_now: dt.datetime) -> list[UUID]:
    return _ids(f"select distinct agent_id from ({FROZEN}) frozen")


def _with_failed_payout(_now: dt.datetime) -> list[UUID]:
    return _ids("select distinct agent_id from payout where state = 'failed'")


def _not_payable(_now: dt.datetime) -> list[UUID]:
    """Active, with money available, but without the name or the bank that a transfer takes."""
    return _ids(
        """select id from agent where id = any(:ids) and state = 'active'
             and (bank_member_id is null or name_cipher is null)""",
        ids=ledger.holders("available", CURRENCY),
    )


def _to_be_paid(_now: dt.datetime) -> list[UUID]:
    return ledger.holders("available", CURRENCY)


def _in_debt(_now: dt.datetime) -> list[UUID]:
    return ledger.holders("available", CURRENCY, debts=True)


def _ids(sql: str, **params: Any) -> list[UUID]:
    return [id for (id,) in rows(sql, **params)]


AGENT_GROUPS: dict[str, Callable[[dt.datetime], Collection[UUID]]] = {
    "silent": _silent,
    "frozen_lines": _with_frozen_lines,
    "failed_payout": _with_failed_payout,
    "not_payable": _not_payable,
    "money_available": _to_be_paid,
    "in_debt": _in_debt,
}
