"""What becomes of commissions that are frozen for an agent whose account is closed: what the terms say."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from erp.domain import ledger
from erp.domain.commissions.actions import NETS, release_lines
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import execute, rows
from erp.kernel.errors import DomainError, Invalid
from erp.kernel.sentences import Sentence

FORFEITED_AT_ONCE = 1000
FROZEN_FOR_GOOD = """
  select h.commission_id, h.agent_id, c.currency, h.reason
  from hold h join commission c on c.id = h.commission_id join agent a on a.id = h.agent_id
  join terms t on t.id = c.terms_id
  where h.reason in ('agent_closed', 'agent_suspended') and a.state = 'closed'"""
"""Lines that nobody will ever let go by activating their agent again."""


class NothingKept(DomainError):
    code = "nothing_kept"
    sentence = Sentence("Nothing is kept for a settlement with this agent.")


def forfeit_of_closed(*, by: Actor, now: dt.datetime, limit: int = FORFEITED_AT_ONCE) -> int:
    """Give back to the owner what is frozen for closed agents under terms that forfeit it; how many accruals."""
    due = rows(
        f"""{FROZEN_FOR_GOOD} and t.on_agent_closed = 'forfeit'
            order by h.commission_id limit :limit for update of h skip locked""",
        limit=limit,
    )
    for currency in sorted({found.currency for found in due}):
        ledger.lock({found.agent_id for found in due if found.currency == currency}, currency)
    execute(
        f"""with {NETS}, posted as materialized (
              select * from ledger_post((
                select array_agg(row(n, 'forfeiture', source_id, agent_id, 'frozen', 'expense', net, currency,
                                     :now)::ledger_line order by n) from due where net > 0), :actor)
              where exists (select 1 from due where net > 0)),
            forfeited as (
              insert into forfeiture (commission_id, reason, amount, forfeited_at, forfeited_by, transaction_id)
              select d.id, h.reason, d.net, :now, :actor, p.transaction_id
              from due d join hold h on h.commission_id = d.id left join posted p on p.n = d.n)
            delete from hold where commission_id in (select id from due)""",
        ids=[found.commission_id for found in due],
        now=now,
        actor=str(by),
    )
    for found in due:
        details = {"reason": found.reason}
        audit.record(
            "commission.forfeited", "commission", found.commission_id, by=by, at=now, details=details
        )
    return len(due)


def settle_with_closed(agent_id: UUID, note: str, *, by: Actor, now: dt.datetime) -> int:
    """All is settled with a closed agent, as `note` says: what was kept for that goes on to its ordinary hold, and is
    paid out when that is over. How many accruals; raises `NothingKept`, `Invalid`.
    """
    note = " ".join(note.split())
    if not note:
        raise Invalid(fields={"note": Sentence("Say what was settled, and how.")})
    kept = rows(
        f"""{FROZEN_FOR_GOOD} and t.on_agent_closed = 'release' and h.agent_id = :agent_id
            order by h.commission_id for update of h""",
        agent_id=agent_id,
    )
    if not kept:
        raise NothingKept
    for reason in sorted({line.reason for line in kept}):
        release_lines([line for line in kept if line.reason == reason], reason, by=by, now=now)
    details = {"note": note, "lines": len(kept)}
    audit.record("agent.settled", "agent", agent_id, by=by, at=now, details=details)
    return len(kept)
