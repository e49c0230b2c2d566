"""Reads of notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.kernel.db import row, rows
from erp.kernel.paging import Listed


def of_agent(agent_id: UUID) -> Listed:
    """What an agent was told of terms, the latest first; `called_off_at`: that it does not come after all."""
    return Listed(
        """select n.id, n.kind, n.from_at, n.announced_at, n.terms_id, t.version, p.reference as programme_reference,
                  p.name as programme_name, p.currency, x.id as rerate_id, x.reference as rerate_reference, x.code,
                  o.announced_at as called_off_at,
                  (select b.id from terms b where b.programme_id = n.programme_id and b.effective_from < n.from_at
                     and b.id <> n.terms_id order by b.effective_from desc limit 1) as before_id
           from notice n join terms t on t.id = n.terms_id join programme p on p.id = n.programme_id
           left join rerate x on x.id = n.rerate_id
           left join notice o on o.agent_id = n.agent_id and o.kind = n.kind || '_off' and o.terms_id = n.terms_id
                             and o.from_at = n.from_at and o.rerate_id is not distinct from n.rerate_id
           where n.agent_id = :id and n.kind in ('terms', 'rerate')""",
        {"newest": "announced_at desc, id desc"},
        "newest",
        {"id": agent_id},
    )


def moved_by(rerate_id: UUID, agent_id: UUID) -> Sequence[sa.Row[Any]]:
    """Which terms an agent's referrals leave by a re-rate: (terms_id, version, referrals)."""
    return rows(
        """select t.id as terms_id, t.version, count(*) as referrals
           from rerate_referral r join terms t on t.id = r.terms_id
           join referral_share s on s.referral_id = r.referral_id and s.agent_id = :agent_id
           where r.rerate_id = :id group by t.id order by t.version""",
        id=rerate_id,
        agent_id=agent_id,
    )


def told_of(terms_id: UUID) -> sa.Row[Any]:
    """How many agents a version was announced to, how many of them a text has reached, and when the last of it went."""
    found = row(
        """select count(*) as announced, count(told_at) as told, max(told_at) as last_told_at,
                  min(announced_at) as announced_at
           from notice where terms_id = :id and kind = 'terms'""",
        id=terms_id,
    )
    assert found is not None
    return found
