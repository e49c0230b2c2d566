"""What becomes of commissions that are frozen for an agent whose account is closed: what the terms say."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from erp.domain.commissions.freezes import release_lines, take_back_lines
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import rows
from erp.kernel.errors import DomainError, Invalid
from erp.kernel.sentences import Sentence

FORFEITED_AT_ONCE = 1000
FROZEN_FOR_GOOD = """
  select h.commission_id, h.agent_id, c.currency, h.reason as rule
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
    return take_back_lines(due, by=by, now=now)


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
    release_lines(kept, by=by, now=now)
    details = {"note": note, "lines": len(kept)}
    audit.record("agent.settled", "agent", agent_id, by=by, at=now, details=details)
    return len(kept)
