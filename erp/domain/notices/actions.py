"""Verbs that tell agents of terms."""

from __future__ import annotations

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

from erp.domain import agents
from erp.kernel import outbox
from erp.kernel.db import execute, row
from erp.kernel.sentences import Sentence

TELL = "erp.jobs.notices.tell"
WRITTEN = "(agent_id, programme_id, kind, terms_id, rerate_id, from_at, announced_at)"


def announce_terms(terms_id: UUID, *, now: dt.datetime) -> int:
    """Tell the agents who have customers in a programme of a version that follows another; how many were not told before.

    Nobody is told of a programme's first version, nor twice of the same version from the same day.
    """
    return _tell(
        f"""insert into notice {WRITTEN}
            select a.id, t.programme_id, 'terms', t.id, null, t.effective_from, :now
            from terms t join agent a on a.state <> 'closed' and exists (
              select 1 from referral_share s where s.agent_id = a.id and s.programme_id = t.programme_id)
            where t.id = :id and t.state in ('scheduled', 'active')
              and exists (select 1 from terms b where b.programme_id = t.programme_id and b.id <> t.id
                          and b.effective_from < t.effective_from)
            on conflict do nothing returning id""",
        terms_id,
        now,
    )


def call_off_terms(terms_id: UUID, *, now: dt.datetime) -> int:
    """Tell those who were told of a version that was scheduled that it does not come; how many."""
    return _tell(
        f"""insert into notice {WRITTEN}
            select n.agent_id, n.programme_id, 'terms_off', n.terms_id, null, n.from_at, :now
            from notice n join terms t on t.id = n.terms_id
            where n.terms_id = :id and n.kind = 'terms' and t.effective_from is distinct from n.from_at
              and n.from_at > :now
            on conflict do nothing returning id""",
        terms_id,
        now,
    )


def announce_rerate(rerate_id: UUID, *, now: dt.datetime) -> int:
    """Tell everybody who has a share of a referral that moves; how many."""
    return _tell(
        f"""insert into notice {WRITTEN}
            select s.agent_id, x.programme_id, 'rerate', x.terms_id, x.id, x.from_at, :now
            from rerate x cross join lateral (
              select distinct s.agent_id from rerate_referral r join referral_share s on s.referral_id = r.referral_id
              where r.rerate_id = x.id) s
            where x.id = :id on conflict do nothing returning id""",
        rerate_id,
        now,
    )


def call_off_rerate(rerate_id: UUID, *, now: dt.datetime) -> int:
    """Tell those who were told of a move that it does not come; how many."""
    return _tell(
        f"""insert into notice {WRITTEN}
            select n.agent_id, n.programme_id, 'rerate_off', n.terms_id, n.rerate_id, n.from_at, :now
            from notice n where n.rerate_id = :id and n.kind = 'rerate' on conflict do nothing returning id""",
        rerate_id,
        now,
    )


def _tell(sql: str, id: UUID, now: dt.datetime) -> int:
    told = execute(sql, id=id, now=now).all()
    outbox.enqueue_many(TELL, [notice_id for (notice_id,) in told])
    return len(told)


TOLD = {
    "terms": Sentence(
        "Ref: %(programme)s has new terms from %(day)s, for customers who sign up from then on. Those you have brought"
        " keep theirs. Read what changes in RefAPP."
    ),
    "terms_off": Sentence("Ref: the new terms of %(programme)s announced for %(day)s do not come."),
    "rerate": Sentence(
        "Ref: from %(day)s on, customers you have brought to %(programme)s earn by version %(version)s of the terms. What"
        " is earned before does not change. Read more in RefAPP."
    ),
    "rerate_off": Sentence(
        "Ref: the change of terms of %(programme)s announced for %(day)s does not come. Your customers keep their terms."
    ),
}


def text_to_send(id: int) -> agents.Text | None:
    """The text of a notice in the agent's language, or None when it was sent or nobody can be told any more."""
    found = row(
        """select n.kind, n.agent_id, n.from_at, p.name, p.zone, t.version
           from notice n join programme p on p.id = n.programme_id join terms t on t.id = n.terms_id
           where n.id = :id and n.told_at is null""",
        id=id,
    )
    if found is None:
        return None
    day = found.from_at.astimezone(ZoneInfo(found.zone)).date()
    body = TOLD[found.kind].about(programme=found.name, day=day, version=found.version)
    return agents.text_for(found.agent_id, body)


def record_told(id: int, *, now: dt.datetime) -> None:
    """The gateway took the text."""
    execute("update notice set told_at = :now where id = :id", id=id, now=now)
